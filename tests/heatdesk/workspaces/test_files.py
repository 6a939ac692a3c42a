"""Files of workspaces: whole round trips, and version 1 with its window in Qt's own words."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import pytest

from heatdesk.files import write_whole
from heatdesk.workspaces import files, version_1
from heatdesk.workspaces.model import (
    KEPT_SCREEN_SETS,
    Arrangement,
    Mode,
    PanelRecord,
    Place,
    Screen,
    State,
    WindowPlace,
    Workspace,
    find_screen,
)
from heatdesk.workspaces.shipped import SHIPPED

LEFT = Screen("DP-1", "A1", "Dell", "U27", (0, 0, 1920, 1080))
RIGHT = Screen("DP-2", "B2", "Dell", "U27", (1920, 0, 2560, 1440))


def arrangement(*screens: Screen, docks: str = "AAAA") -> Arrangement:
    place = Place(screens[-1], (10, 20, 800, 600), Mode.MAXIMISED)
    return Arrangement(screens, {"main": WindowPlace(place, docks)}, {"dots": place})


def test_a_workspace_round_trips(tmp_path: Path) -> None:
    record = PanelRecord(
        "order-book-2",
        "order-book",
        None,
        {"list": ["x"], "n": 3, "s": 0.5},
        "window-2",
        {"colour": "red", "role": "lead", "time": True},
    )
    state = State((record,), (arrangement(LEFT), arrangement(LEFT, RIGHT)))
    workspace = Workspace("mine", "Mine · 漢", state, State((record,)))
    path = tmp_path / "mine.json"
    write_whole(path, files.text_of(workspace).encode())
    assert files.read(path, "mine") == (workspace, "")


def test_one_arrangement_is_kept_for_each_set_of_screens_and_the_oldest_goes() -> None:
    state = State()
    for number in range(KEPT_SCREEN_SETS + 3):
        screen = Screen("DP-1", area=(0, 0, 1000 + number, 800))
        state = state.arranged(arrangement(screen, docks="first"))
        state = state.arranged(arrangement(screen, docks=str(number)))
    kept = [one.windows["main"].docks for one in state.arrangements]
    assert kept == [str(number) for number in range(3, KEPT_SCREEN_SETS + 3)]


def test_the_arrangement_of_the_present_screens_is_preferred() -> None:
    other_place = Screen("HDMI-1", "C3", area=(0, 0, 1920, 1080))
    moved = Screen("DP-1", "A1", "Dell", "U27", (0, 0, 1919, 1079))
    alone, both = arrangement(LEFT, docks="alone"), arrangement(LEFT, RIGHT, docks="both")
    state = State((), (alone, both))
    assert state.arrangement((LEFT,)) is alone
    assert state.arrangement((RIGHT, LEFT)) is both
    assert state.arrangement((other_place,)) is alone, "another monitor in the same place"
    assert state.arrangement((moved,)) is alone, "the same monitor with a pixel less"
    assert state.arrangement((RIGHT,)) is both, "none fits: the latest"
    assert State().arrangement((LEFT,)) is None


def test_a_monitor_is_known_by_its_serial_then_by_its_connector() -> None:
    swapped = Screen("DP-2", "A1", "Dell", "U27", (1920, 0, 1920, 1080))
    stranger = Screen("DP-1", "Z9", "Dell", "U27", (0, 0, 1920, 1080))
    silent = Screen("DP-1", area=(0, 0, 1920, 1080))
    assert find_screen(LEFT, (stranger, swapped)) is swapped
    assert find_screen(LEFT, (stranger,)) is None
    assert find_screen(LEFT, (silent,)) is silent
    assert find_screen(silent, (LEFT,)) is LEFT
    assert find_screen(Screen(area=LEFT.area), (RIGHT, LEFT)) is LEFT


def geometry(normal: tuple[int, int, int, int], *, maximised: bool = False) -> str:
    """What `QWidget.saveGeometry` writes of a window, as base64."""
    left, top, width, height = normal
    rect = (left, top, left + width - 1, top + height - 1)
    blob = struct.pack(
        ">IHH4i4iiBBi4i", 0x1D9D0CB, 3, 0, *rect, *rect, 0, maximised, False, 1920, *rect
    )
    return base64.b64encode(blob).decode()


def test_the_window_of_version_1_keeps_its_place_on_its_screen() -> None:
    screens = "1920x1080+0+0 2560x1440+1920+0"
    one = {"geometry": geometry((2000, 100, 1200, 800), maximised=True), "state": "c3RhdGU="}
    table = version_1.migrated(
        {"version": 1, "panels": [{"id": "a", "kind": "a"}], "arrangements": {screens: one}}
    )
    (found,) = table["present"]["arrangements"]
    assert found["windows"]["main"] == {
        "screen": {"area": (1920, 0, 2560, 1440)},
        "rect": (80, 100, 1200, 800),
        "mode": "maximised",
        "docks": "c3RhdGU=",
    }
    assert table["present"]["panels"] == [{"id": "a", "kind": "a", "demo": False}]


@pytest.mark.parametrize("text", ["", "AAAA", base64.b64encode(bytes(80)).decode()])
def test_a_window_that_cannot_be_read_takes_the_usual_place(text: str) -> None:
    table = version_1.migrated(
        {"panels": [], "arrangements": {"800x800+0+0": {"geometry": text, "state": ""}}}
    )
    (found,) = table["present"]["arrangements"]
    assert found["windows"]["main"]["mode"] == "normal"


@pytest.mark.parametrize("one", SHIPPED, ids=lambda one: one.slug)
def test_a_shipped_workspace_shows_panels_it_has_and_shares_that_add_up(one) -> None:
    ids = [record.id for record in one.state.panels]
    assert len(ids) == len(set(ids))
    assert set(one.plan.names) <= set(ids)
    assert sum(row.share for row in one.plan.rows) == pytest.approx(1)
    for row in one.plan.rows:
        assert sum(cell.share for cell in row.cells) == pytest.approx(1)
