"""The OpenGL path in real windows: the same picture as the processor's, wherever the window goes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.processes import wait_until

if TYPE_CHECKING:
    from tests.desktop import Desktop, Screen

ROOT = Path(__file__).resolve().parents[3]
SCENES, WINDOWS = "tests.ui.heatmap.gl_scenes", "tests.ui.heatmap.gl_windows"
MIB = 1 << 20

pytestmark = pytest.mark.desktop


@pytest.fixture
def play(screen: Screen) -> Any:
    """Play a scene in a program of its own and return what it saw."""

    def run(module: str, name: str, **env: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-m", module, name],
            env={**screen.env, **env},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "QOpenGL" not in done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.mark.parametrize("scale", ["1", "1.5"])
def test_opengl_processor_and_reference_paint_the_same_picture(play: Any, scale: str) -> None:
    facts = play(SCENES, "pictures", QT_SCALE_FACTOR=scale)
    assert facts.pop("said") == []
    assert facts.pop("live") == 0
    assert facts.pop("version")
    assert len(facts) == 2 * (7 + 7 + 2)
    for name, seen in facts.items():
        assert seen["by"] == "GlPainter", name
        assert seen["note"] == "", name
        assert seen["size"] == [round(120 * float(scale)), round(160 * float(scale))], name
        assert seen["sure"] > 0.95, name
        assert seen["card_to_reference"] == 0, name
        assert seen["card_to_processor"] == 0, name
    assert facts["plain, one to one, tiles of 64"]["colours"] > 300


@pytest.mark.parametrize(
    ("version", "env"),
    [
        ("4.5 (Core Profile)", {"CORE": "1", "QT_SCALE_FACTOR": "1.25"}),
        ("3.1", {"MESA_GL_VERSION_OVERRIDE": "3.1", "QT_SCALE_FACTOR": "2"}),
    ],
)
def test_views_at_the_end_of_what_there_is_look_the_same_in_every_version(
    play: Any, version: str, env: dict[str, str]
) -> None:
    facts = play(SCENES, "extremes", **env)
    assert facts["said"] == []
    assert facts["version"].startswith(version)
    looks = {name: seen for name, seen in facts.items() if isinstance(seen, dict)}
    assert len(looks) == 7
    for name, seen in looks.items():
        assert seen["note"] == "", name
        assert (seen["differs"], seen["after"]) == (0, 0), name
    assert looks["a cell"]["colours"] == 1
    assert looks["a million levels"]["colours"] >= 2


def test_only_what_changed_is_sent_to_the_card(play: Any) -> None:
    facts = play(SCENES, "work")
    assert facts["said"] == []
    for name, uploads, patches, tables in (
        ("nothing", 0, 0, 0),
        ("contrast", 0, 0, 1),
        ("scale", 0, 0, 1),
        ("palette", 0, 0, 1),
        ("small pan", 0, 0, 0),
        ("the way back", 0, 0, 0),
        ("sides apart", 0, 0, 1),
        ("sides swapped", 0, 0, 1),
        ("sides together again", 0, 0, 1),
        ("sides apart again", 0, 0, 1),
    ):
        work = facts[name]
        seen = (work["uploads"], work["patches"], work["tables"])
        assert seen == (uploads, patches, tables), name
    for name in ("append", "late correction"):
        assert facts[name]["uploads"] == facts[name]["tables"] == 0, name
        assert 0 < facts[name]["patches"] <= 10, name  # five tiles of each side
    assert facts["far pan"]["uploads"] > 0
    assert all(facts[name]["differs"] == 0 for name in facts if isinstance(facts[name], dict))
    assert facts["bytes"] <= 8 * MIB


def test_every_planted_wall_is_seen_at_every_zoom(play: Any) -> None:
    facts = play(SCENES, "walls")
    assert facts["by"] == "GlPainter"
    assert [facts[zoom] for zoom in ("1/1", "1/2", "1/4", "1/8")] == [48] * 4


def test_float_redock_tab_hide_and_another_window_keep_the_picture(play: Any) -> None:
    facts = play(WINDOWS, "windows", ROUNDS="10")
    assert facts["wrong"] == []
    assert facts["said"] == []
    assert facts["notes"] == ["", "", ""]
    assert facts["rebuilt"] == 0, "sharing keeps the context through every move"
    warm = slice(3, None)
    assert len(set(facts["gl_names"][warm])) == 1
    assert set(facts["contexts_held"]) == {3}
    assert max(facts["resident"][warm]) - facts["resident"][3] < 16 * MIB


def test_a_new_context_at_every_move_is_filled_anew_and_the_old_one_left_empty(play: Any) -> None:
    facts = play(WINDOWS, "windows", ROUNDS="2", UNSHARED="1")
    assert facts["wrong"] == []
    assert facts["said"] == []
    assert facts["rebuilt"] > 4
    assert set(facts["contexts_held"]) == {3}
    assert len(set(facts["gl_names"])) == 1


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        ("broken_shader", "the graphics driver refused a shader"),
        ("driver_error", "the graphics driver reported an error"),
        ("lost_context", "the graphics driver lost its context"),
    ],
)
def test_a_failing_driver_leaves_the_picture_one_log_line_and_a_note(
    play: Any, scene: str, reason: str
) -> None:
    facts = play(WINDOWS, scene)
    assert facts["pictures"] == [0] * 8
    assert facts["by"] == ["CpuPainter"] * 2
    assert facts["problems"] == ["", ""]
    assert facts["notes"] == [f"Drawn by the processor: {reason}."] * 2
    assert len(facts["said"]) == 1
    assert reason in facts["said"][0]
    assert facts["live"] == 0


def test_a_grabbed_view_and_a_grabbed_window_show_the_heatmap(play: Any) -> None:
    facts = play(WINDOWS, "taking_pictures")
    assert facts["colours"] > 100
    assert (facts["view"], facts["window"]) == (0, 0)
    assert facts["still_right"]
    assert facts["after"] == "GlPainter"
    assert facts["said"] == []


def test_the_first_chart_does_not_make_an_open_window_flicker(play: Any) -> None:
    facts = play(WINDOWS, "late_chart")
    assert facts["right"]
    assert facts["frames"] > 0
    assert facts["seen"] == []
    assert facts["said"] == []


def test_crosshair_card_and_pill_lie_above_the_picture(play: Any) -> None:
    facts = play(WINDOWS, "overlays")
    assert facts["by"] == "GlPainter"
    assert facts["on_row"] > 100
    assert facts["on_column"] > 100
    assert facts["card"] > 0.9
    assert facts["pill_shown"]
    assert facts["pill"] > 200
    assert facts["elsewhere"] == 0
    assert facts["said"] == []


def test_the_desk_paints_by_opengl_when_it_is_told_to(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    program = desktop.launch("--demo", env={"HEATDESK_VIEW__RENDER_PATH": "gpu"})
    window = desktop.window("^HeatDesk - DEMO$", pid=program.pid)
    desktop.activate(window)

    def shades() -> int:
        """Colours in a piece of the order book's plot, well inside."""
        piece = desktop.picture(window).copy(100, 200, 300, 200)
        return len({piece.pixel(x, y) for x in range(0, 300, 3) for y in range(200)})

    wait_until(lambda: shades() > 100, "the heatmap")
    desktop.key("ctrl+q")
    assert program.wait() == 0, program.output()
    assert "Traceback" not in program.output()
    log = (heatdesk_home / "logs" / "heatdesk.log").read_text()
    assert log.count("OpenGL paints on") == 1
    assert "as the settings say" in log
    assert "Heatmaps are drawn by the processor" not in log
