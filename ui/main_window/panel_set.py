"""`PanelSet`: every panel of the desk: added, doubled, moved to another window, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QObject, Qt, Signal

from ui.main_window.attention import Attention
from ui.main_window.desk_window import DeskWindow
from ui.main_window.dock import PanelDock
from ui.main_window.making import PanelMaker, add_actions
from ui.main_window.places import dock_beside
from ui.panel import Panel


class PanelSet(QObject):
    """The panels by name, in whatever window they are.

    Parameters
    ----------
    maker : PanelMaker
    first : callable
        The window that a panel without a place belongs to.

    Attributes
    ----------
    docks : dict
        By name (``order-book``, ``order-book-2``).

    Signals
    -------
    changed : panels, their options, or what is shown of them.
    reshaped : one has another size or place; comes often while a hand drags.
    added : there is one more; carries its dock.
    """

    changed = Signal()
    reshaped = Signal()
    added = Signal(object)

    def __init__(self, maker: PanelMaker, first: Callable[[], DeskWindow], parent: QObject) -> None:
        super().__init__(parent)
        self.docks: dict[str, PanelDock] = {}
        self.maker = maker
        self.attention = Attention(self.docks.values, self)
        self._first = first

    def add(
        self,
        kind: str,
        *,
        name: str = "",
        demo: bool | None = None,
        options: Mapping[str, object] | None = None,
    ) -> PanelDock:
        """Create a panel in a dock of its own; it has no place yet."""
        name = name or self._free_name(kind)
        dock = self.maker.make(kind, name, self._first(), demo=demo, options=options)
        add_actions(dock, lambda: self.duplicate(dock), lambda: self.remove(dock))
        dock.panel.needs_changed.connect(self.changed)
        dock.panel.state_changed.connect(self.changed)
        dock.moved.connect(self.changed)
        dock.reshaped.connect(self.reshaped)
        dock.show_title()
        self.docks[name] = dock
        self.added.emit(dock)
        return dock

    def open(self, kind: str, options: Mapping[str, object] | None = None) -> PanelDock:
        """Add a panel beside the first of its kind, and show it."""
        peers = [dock for dock in self.docks.values() if dock.panel.panel_id == kind and dock.open]
        demo = peers[0].panel.demo if peers else None
        if options is None and peers:
            options = peers[0].panel.options_for_new()
        dock = self.add(kind, demo=demo, options=options)
        anchors = [one for one in (*peers, *self.docks.values()) if one.open and not one.floats]
        anchor = next((one for one in anchors if one is not dock), None)
        self._dock(dock, anchor)
        return dock

    def duplicate(self, dock: PanelDock) -> PanelDock:
        """Open a second panel with the same options."""
        return self.open(dock.panel.panel_id, dock.panel.save_options())

    def remove(self, dock: PanelDock) -> None:
        """Take an added panel off the desk for good."""
        self.docks.pop(dock.objectName(), None)
        self.let_go(dock)
        self.changed.emit()

    def move(
        self,
        dock: PanelDock,
        window: DeskWindow,
        side: Qt.DockWidgetArea = Qt.DockWidgetArea.RightDockWidgetArea,
        peer: PanelDock | None = None,
    ) -> None:
        """Dock a panel in a window, at a side of it or of another panel there."""
        dock.leave()
        dock_beside(window, dock, side, peer)
        dock.show()
        dock.raise_()
        self.changed.emit()

    def let_go(self, dock: PanelDock) -> None:
        """Let go of a dock that is not in `docks` any more."""
        dock.leave()
        self.attention.forget(dock)
        dock.setObjectName("")
        dock.deleteLater()

    def all(self) -> Iterable[Panel]:
        """Every panel of the desk, open or not."""
        return [dock.panel for dock in self.docks.values()]

    def focus(self, way: int) -> None:
        """Give the keyboard to the next panel that can be seen (1), or to the one before (-1)."""
        seen = [dock for dock in self.docks.values() if dock.on_screen]
        if not seen:
            return
        now = self.attention.dock()
        at = next((number for number, dock in enumerate(seen) if dock is now), -way)
        dock = seen[(at + way) % len(seen)]
        dock.activateWindow()
        dock.panel.setFocus()

    # -- inside

    def _dock(self, dock: PanelDock, anchor: PanelDock | None) -> None:
        """Show a new panel behind the tab of another one, or where there is none alone."""
        window = self._first() if anchor is None else anchor.owner
        assert isinstance(window, DeskWindow)
        dock_beside(window, dock, Qt.DockWidgetArea.NoDockWidgetArea, anchor)
        dock.show()
        dock.raise_()
        self.changed.emit()

    def _free_name(self, kind: str) -> str:
        number = 2
        while f"{kind}-{number}" in self.docks:
            number += 1
        return f"{kind}-{number}"
