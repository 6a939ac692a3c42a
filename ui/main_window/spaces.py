"""`Spaces`: what of a desk is kept in its workspace, and a workspace put onto the desk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from heatdesk.workspaces.library import Library
from heatdesk.workspaces.model import (
    MAIN,
    Arrangement,
    PanelRecord,
    Plan,
    State,
    WindowPlace,
    Workspace,
)
from heatdesk.workspaces.shipped import FIRST, shipped
from ui.main_window import screens
from ui.main_window.dock import PanelDock
from ui.main_window.places import docks_text, place_plan, wait_closed

if TYPE_CHECKING:
    from ui.main_window.desk import Desk

NOT_RESTORED = "The saved arrangement could not be restored; this is the default one."


class Spaces:
    """Reads and writes the desk of a library.

    Attributes
    ----------
    due : Plan or None
        A plan whose shares are still to be given, once its window is shown.
    busy : bool
        A workspace is being put on: what is seen now is neither.
    """

    def __init__(self, desk: Desk, library: Library) -> None:
        self._desk = desk
        self.library = library
        self.due: Plan | None = None
        self.busy = False

    @property
    def plan(self) -> Plan:
        """Where panels go that nobody has moved."""
        came_with = shipped(self.library.open.slug)
        return (came_with or FIRST).plan

    # -- keeping

    def captured(self) -> State:
        """Return the desk as it is at this moment."""
        desk = self._desk
        arrangement = Arrangement(
            screens.present(),
            {
                one.window_id: WindowPlace(screens.place_of(one), docks_text(one))
                for one in desk.windows
            },
            {
                name: screens.place_of(dock.window())
                for name, dock in desk.docks.items()
                if dock.floats
            },
        )
        panels = tuple(_record(desk, name, dock) for name, dock in desk.docks.items())
        before = self.library.open.present or State()
        # another version of the program may know what to make of them
        unknown = tuple(one for one in before.panels if one.kind not in desk.maker.kinds)
        return State((*panels, *unknown), before.arrangements).arranged(arrangement)

    def keep(self) -> None:
        """Remember the desk as it is; nothing while it is not yet, or no longer, as it should be."""
        if self._desk.placed and not self._desk.watch.settling:
            self.library.keep(self.captured())

    # -- the list

    def switch(self, name: str) -> None:
        """Keep the present workspace as it is and open another, by name or slug."""
        wanted = self.library.named(name)
        if wanted.slug != self.library.open.slug:
            self.keep()
            self.put_on(self.library.go_to(wanted.slug))

    def save(self) -> None:
        """Take the present state as the one that *Revert* goes back to."""
        self.library.save(self.captured())
        self._desk.bar.show_workspace(self.library.open.name, "saved")
        self._desk.tell()

    def save_as(self, name: str) -> None:
        """Keep the desk under a new name and go on with that one."""
        self.keep()
        self.library.go_to(self.library.add(name, self.captured()).slug)
        self._desk.list_changed()

    def duplicate(self) -> None:
        """Keep a copy of the desk beside it."""
        copy = self.library.add(self.library.open.name, self.captured())
        self._desk.list_changed()
        self._desk.bar.show_workspace(self.library.open.name, f"copied to {copy.name}")

    def rename(self, name: str) -> None:
        """Give the open workspace another name."""
        self.library.rename(self.library.open.slug, name)
        self._desk.list_changed()

    def delete(self) -> None:
        """Remove the open workspace for good and open its neighbour."""
        slugs = [one.slug for one in self.library.all()]
        if len(slugs) < 2:
            return
        at = slugs.index(self.library.open.slug)
        self.put_on(self.library.go_to(slugs[at - 1] if at else slugs[1]))
        self.library.delete(slugs[at])
        self._desk.list_changed()

    def revert(self) -> None:
        """Go back to the workspace as it was saved last, or as it came."""
        self.library.revert()
        self.put_on(self.library.open)

    def restore_shipped(self) -> None:
        """Bring shipped workspaces back that were deleted."""
        self.library.bring_back_shipped()
        self._desk.list_changed()

    # -- putting back

    def put_on(self, workspace: Workspace) -> None:
        """Let the desk show a workspace; nothing is painted or kept until it stands."""
        desk = self._desk
        self.busy = True
        for window in desk.windows:
            window.setUpdatesEnabled(False)
        shown = [panel for panel in desk.panels() if panel.provider_id]
        if shown:
            desk.maker.opens_live = any(not panel.demo for panel in shown)
        elif workspace.present is not None:
            # a kind it does not know yet is as real as what it stands beside
            desk.maker.opens_live &= any(not one.demo for one in workspace.present.panels)
        desk.window_set.forget_closed()
        desk.context.workspace.links.forget()
        try:
            self._put_state(workspace)
        finally:
            self.busy = False
            for window in desk.windows:
                window.setUpdatesEnabled(True)
        desk.settle_now()

    def _put_state(self, workspace: Workspace) -> None:
        came_with = shipped(workspace.slug)
        usual = came_with.state if came_with is not None else State()
        state = workspace.present or usual
        arrangement = state.arrangement(screens.present())
        self._put_windows(arrangement)
        self._put_panels(state.panels)
        taken = arrangement is not None and self._put_docks(arrangement)
        if not taken:
            self.lay_out()
        if arrangement is not None and not taken:
            self._desk.say(NOT_RESTORED)

    def lay_out(self) -> None:
        """Put every panel where the plan wants it, in the first window."""
        for window in self._desk.windows[1:]:
            self._desk.window_set.drop(window)
        place_plan(self._desk.first, self._desk.docks, self.plan)
        self.due = self.plan

    def follow_screens(self) -> None:
        """Move windows and floating panels to where they belong on the screens there are now."""
        before = self.library.open.present
        arrangement = None if before is None else before.arrangement(screens.present())
        if arrangement is not None:
            for number, window in enumerate(self._desk.windows):
                if window.window_id in arrangement.windows:
                    place = arrangement.windows[window.window_id].place
                    screens.put(window, place, number)
            self._put_floats(arrangement)
        self.bring_home()

    def bring_home(self) -> None:
        """Make sure that everything can be reached."""
        for window in self._desk.windows:
            screens.bring_home(window)
        for dock in self._desk.docks.values():
            dock.bring_onto_screens()

    def _put_windows(self, arrangement: Arrangement | None) -> None:
        """Make, drop and place windows."""
        desk = self._desk
        if arrangement is None:
            return  # the window stays where it is
        for window in [one for one in desk.windows if one.window_id not in arrangement.windows]:
            if not window.first:
                desk.window_set.drop(window)
        for number, (window_id, kept) in enumerate(arrangement.windows.items()):
            window = desk.window_set.named(window_id) or desk.window_set.make(window_id)
            screens.put(window, kept.place, number)

    def _put_panels(self, records: Iterable[PanelRecord]) -> None:
        """Have exactly these panels, and closed ones of the kinds they do not speak of."""
        desk, spare = self._desk, dict(self._desk.docks)
        desk.docks.clear()
        for record in records:
            if record.kind not in desk.maker.kinds:
                continue
            window = desk.window_set.named(record.window) or desk.first
            twin = _twin(record, spare)
            if twin is not None:
                dock = spare.pop(twin)
                dock.leave()
                dock.setObjectName(record.id)
                desk.docks[record.id] = dock
            else:
                dock = desk.add_panel(
                    record.kind, name=record.id, demo=record.demo, options=record.options
                )
                dock.panel.link.load(record.link)
            wait_closed(window, dock)
        for kind in desk.maker.kinds:
            if kind not in desk.docks:
                wait_closed(desk.first, desk.add_panel(kind, name=kind))
        for dock in spare.values():
            desk.panel_set.let_go(dock)

    def _put_docks(self, arrangement: Arrangement) -> bool:
        taken, fitting = True, self._desk.window_set.fitting
        for window in self._desk.windows:
            kept = arrangement.windows.get(window.window_id)
            taken &= kept is not None and fitting.put(window, kept.docks)
        if not taken:
            fitting.forget()
        self._put_floats(arrangement)
        self.bring_home()
        self.due = None
        return taken

    def _put_floats(self, arrangement: Arrangement) -> None:
        for name, place in arrangement.floats.items():
            dock = self._desk.docks.get(name)
            if dock is not None and dock.floats:
                screens.put(dock.window(), place)


def _record(desk: Desk, name: str, dock: PanelDock) -> PanelRecord:
    panel = dock.panel
    owner = dock.owner
    window = MAIN if owner is None else owner.objectName()
    return PanelRecord(
        name, panel.panel_id, panel.demo, panel.save_options(), window, panel.link.save()
    )


def _twin(record: PanelRecord, spare: dict[str, PanelDock]) -> str | None:
    """Name of a panel that shows exactly what a record says, the same name first."""
    names = [record.id, *spare] if record.id in spare else [*spare]
    for name in names:
        panel = spare[name].panel
        if panel.panel_id != record.kind or record.demo not in (panel.demo, None):
            continue
        link = panel.link.save()
        linked = link == record.link if record.link else not link["colour"]
        if linked and panel.save_options() == record.options:
            return name
    return None
