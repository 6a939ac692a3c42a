"""The library: what is open, in which order, what becomes of files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heatdesk.files import Told, put_at_once
from heatdesk.workspaces.library import Library
from heatdesk.workspaces.model import PanelRecord, State
from heatdesk.workspaces.shipped import SHIPPED

STATE = State((PanelRecord("order-book", "order-book", False, {"symbol": "ETHUSDT"}),))
OTHER = State((PanelRecord("dots", "dots", True, {"mode": "coins"}),))

WITH_DOCKS = (
    '{"version": 2, "name": "Mine", "present": {"panels": [], "arrangements": [{"screens": [],'
    ' "windows": {"main": {"screen": {"area": [0, 0, 9, 9]}, "rect": [0, 0, 9, 9],'
    ' "docks": "DOCKS"}}}]}}'
)


def names(library: Library) -> list[str]:
    return [one.name for one in library.all()]


def test_a_new_home_has_the_shipped_workspaces_and_opens_all_four(tmp_path: Path) -> None:
    library = Library(tmp_path)
    assert library.new
    assert names(library) == ["Order flow", "Liquidations", "Market", "Positioning", "All four"]
    assert library.open.name == "All four"
    assert not list(tmp_path.rglob("*.json")), "there is nothing to keep yet"


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.keep(STATE)
    library.write()
    again = Library(tmp_path)
    assert not again.new
    assert again.open.slug == "all-four"
    assert again.open.present == STATE
    assert again.open.saved is None


def test_a_workspace_saved_under_a_name_is_there_after_a_restart_in_its_place(
    tmp_path: Path,
) -> None:
    library = Library(tmp_path)
    mine = library.add("Scalping  BTC", STATE)
    library.go_to(mine.slug)
    library.write()
    again = Library(tmp_path)
    assert names(again)[-1] == "Scalping BTC"
    assert again.open.saved == STATE
    assert (tmp_path / "workspaces" / "scalping-btc.json").exists()


def test_two_workspaces_never_share_a_name_or_a_file(tmp_path: Path) -> None:
    library = Library(tmp_path)
    made = [library.add(name, STATE) for name in ("Mine", "mine", "Order flow", "漢字", "仮名")]
    assert [one.name for one in made] == ["Mine", "mine 2", "Order flow 2", "漢字", "仮名"]
    assert len({one.slug for one in made}) == len(made)
    assert len(list((tmp_path / "workspaces").iterdir())) == len(made)


@pytest.mark.parametrize("name", ["../../evil", "a/b\\c", "\n\t", "." * 300, "con:aux|*?"])
def test_any_name_ends_in_a_file_inside_the_folder(tmp_path: Path, name: str) -> None:
    library = Library(tmp_path)
    made = library.add(name, STATE)
    assert made.name.strip()
    (written,) = (tmp_path / "workspaces").iterdir()
    assert written.parent == tmp_path / "workspaces"
    assert made.name in names(Library(tmp_path))


def test_revert_goes_back_to_the_saved_state_and_a_shipped_one_to_its_plan(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.keep(STATE)
    assert library.revert() is None
    assert library.open.present is None
    library.save(STATE)
    library.keep(OTHER)
    assert library.revert() == STATE
    assert library.open.present == STATE


def test_a_renamed_workspace_keeps_its_file(tmp_path: Path) -> None:
    library = Library(tmp_path)
    mine = library.add("Mine", STATE)
    library.rename(mine.slug, "Yours")
    again = Library(tmp_path)
    assert again.named("Yours").slug == "mine"
    with pytest.raises(KeyError):
        again.named("Mine")


def test_deleting_removes_the_file_but_never_the_open_one(tmp_path: Path) -> None:
    library = Library(tmp_path)
    mine = library.add("Mine", STATE)
    library.delete(mine.slug)
    library.delete(library.open.slug)
    assert names(Library(tmp_path)) == [one.name for one in SHIPPED]
    assert not (tmp_path / "workspaces" / "mine.json").exists()


def test_a_deleted_shipped_workspace_stays_away_until_it_is_wanted_again(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.delete("market")
    again = Library(tmp_path)
    assert "Market" not in names(again)
    assert again.lacks_shipped
    again.bring_back_shipped()
    assert "Market" in names(Library(tmp_path))


@pytest.mark.parametrize(
    ("content", "aside"),
    [
        ('{"version": 2, "name": "Mine", "pre', "mine.json.damaged"),
        ('{"version": 2, "name": "", "present": null}', "mine.json.damaged"),
        ('{"version": 2, "name": "Mine", "present": {"panels": [3]}}', "mine.json.damaged"),
        ('{"version": 0, "name": "Mine"}', "mine.json.v0"),
        ('{"version": 3, "name": "Mine", "desks": {}}', "mine.json.v3"),
        ("", "mine.json.damaged"),
        ("[" * 100_000, "mine.json.damaged"),
        ('{"version": Infinity, "name": "Mine"}', "mine.json.damaged"),
        (WITH_DOCKS.replace("DOCKS", "\\ud800"), "mine.json.damaged"),
    ],
)
def test_a_workspace_that_cannot_be_used_is_set_aside_and_named(
    tmp_path: Path, content: str, aside: str
) -> None:
    library = Library(tmp_path)
    library.add("Mine", STATE)
    library.go_to("mine")
    library.write()
    path = tmp_path / "workspaces" / "mine.json"
    path.write_text(content)
    again = Library(tmp_path)
    (sentence,) = again.take_sentences()
    assert "mine.json" in sentence
    assert aside in sentence
    assert (path.parent / aside).read_text() == content
    assert "Mine" not in names(again)
    assert again.open.name == "All four"
    again.keep(OTHER)
    again.write()
    assert (path.parent / aside).read_text() == content, "it was written over"
    assert not Library(tmp_path).take_sentences(), "it is told once"


def test_where_the_only_workspace_left_cannot_be_used_the_first_shipped_one_is_back(
    tmp_path: Path,
) -> None:
    library = Library(tmp_path)
    library.go_to(library.add("Mine", STATE).slug)
    for one in SHIPPED:
        library.delete(one.slug)
    assert names(library) == ["Mine"]
    (tmp_path / "workspaces" / "mine.json").write_text('{"version": 2, "na')
    again = Library(tmp_path)
    assert names(again) == ["All four"]
    assert again.open.name == "All four"
    assert again.lacks_shipped


def test_a_workspace_that_cannot_be_read_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path)
    library.save(STATE)
    paths = [tmp_path / "desk.json", tmp_path / "workspaces" / "all-four.json"]
    before = [path.read_bytes() for path in paths]

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", refuse)
        again = Library(tmp_path)
    assert len(again.take_sentences()) == 2
    again.keep(OTHER)
    again.write()
    assert "not replaced" in again.take_sentences()[0]
    assert [path.read_bytes() for path in paths] == before
    assert Library(tmp_path).open.present == STATE


def test_docks_that_qt_may_have_told_are_taken_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "workspaces").mkdir()
    text = WITH_DOCKS.replace("DOCKS", "AAAA/w==")
    (tmp_path / "workspaces" / "mine.json").write_text(text)
    present = Library(tmp_path).named("Mine").present
    assert present is not None
    assert present.arrangements[0].windows["main"].docks == "AAAA/w=="


@pytest.mark.parametrize("content", ['{"version": 2, "open"', '{"version": Infinity}'])
def test_a_lost_index_costs_the_order_but_no_workspace(tmp_path: Path, content: str) -> None:
    library = Library(tmp_path)
    library.add("Mine", STATE)
    (tmp_path / "desk.json").write_text(content)
    again = Library(tmp_path)
    assert again.named("Mine").saved == STATE
    assert "desk.json.damaged" in again.take_sentences()[0]


def test_a_folder_that_cannot_be_written_is_told_once_and_again_after_it_could(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path)
    library.keep(STATE)
    library.write()
    before = (tmp_path / "workspaces" / "all-four.json").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        for state in (OTHER, STATE, OTHER):
            library.keep(state)
            library.write()
        (sentence,) = library.take_sentences()
        assert "the disk is full" in sentence
        assert (tmp_path / "workspaces" / "all-four.json").read_bytes() == before
        assert [one.name for one in (tmp_path / "workspaces").iterdir()] == ["all-four.json"]
    library.write()
    assert Library(tmp_path).open.present == OTHER, "what could not be written is tried again"


def test_a_workspace_deleted_before_its_write_failed_hides_no_later_failure(tmp_path: Path) -> None:
    waiting: list[tuple[Path, bytes | None, Told]] = []
    library = Library(tmp_path, put=lambda *one: waiting.append(one))

    def told(failing: str = "") -> list[str]:
        while waiting:
            path, content, tell = waiting.pop(0)
            if path.name == failing and content is not None:
                tell(f"{path} cannot be written.")
            else:
                put_at_once(path, content, tell)
        return library.take_sentences()

    slug = library.add("Mine", State()).slug
    assert told() == []
    library.rename(slug, "Yours")
    library.delete(slug)
    assert len(told(failing=f"{slug}.json")) == 1
    library.keep(State((PanelRecord("dots", "dots"),)))
    library.write()
    assert len(told(failing=f"{library.open.slug}.json")) == 1


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.keep(STATE)
    library.write()
    path = tmp_path / "workspaces" / "all-four.json"
    path.unlink()
    library.keep(STATE)
    library.write()
    assert not path.exists()


def test_a_library_in_memory_keeps_for_as_long_as_it_lives() -> None:
    library = Library()
    library.keep(STATE)
    library.go_to("market")
    library.go_to("all-four")
    assert library.open.present == STATE


def test_the_desk_without_a_name_becomes_my_desk_and_its_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "layout.json"
    panels = [{"id": "dots", "kind": "dots", "demo": True, "options": {"mode": "coins"}}]
    path.write_text(json.dumps({"version": 1, "panels": panels, "arrangements": {}}))
    before = path.read_bytes()
    library = Library(tmp_path, path)
    assert not library.new
    assert library.open.name == "My desk"
    assert library.open.present == OTHER
    library.keep(STATE)
    library.write()
    assert path.read_bytes() == before
    again = Library(tmp_path, path)
    assert again.open.present == STATE, "it is taken over once only"
    assert names(again).count("My desk") == 1
