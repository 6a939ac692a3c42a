"""`Panel`: the base class that gives every panel its header, options bar, band and card."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import ClassVar

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from heatdesk.frames import DataState, KeyState, StreamStatus, Subscription
from heatdesk.views.target import Target
from ui.commands.catalogue import PanelCommand
from ui.panel.card import Stage
from ui.panel.context import PanelContext
from ui.panel.header import (
    SLOW_PERIOD_S,
    DemoBand,
    NoteLine,
    PanelHeader,
    ProgressLine,
    missing_tip,
    state_text,
)
from ui.panel.linking import PanelLink
from ui.panel.options_row import OptionsRow, OptionsStrip
from ui.panel.starring import add_star

log = logging.getLogger(__name__)

DEMO_PROVIDER = "demo"

OptionValue = str | int | float | bool | list[str]
Options = dict[str, OptionValue]
"""What a panel keeps in the layout file: plain JSON values."""


class Panel(QWidget):
    """One view of the market.

    A subclass sets the class variables, adds its widgets to ``body`` and its controls to
    ``options_bar``, and overrides `needs`, `primary`, `refresh` and what else it can offer.
    It emits ``needs_changed`` when its subscriptions change (the base then forgets what was
    drawn) and ``state_changed`` when an option worth keeping changes.

    Attributes
    ----------
    commands : tuple of PanelCommand
        What `perform` can be asked for.
    linkable : bool
        Whether a link to other panels makes sense.
    opens_beside : bool
        It opens at the right of the others, not below them.
    room_px : int
        So wide, or below so high, it opens at least; 0 leaves it to the window.
    panel_id, title, provider_id : str
        Kind of panel, its name on screen, and who it asks when it is not a demo.
    body : QVBoxLayout
        Where the main widget goes.
    options_bar : OptionsRow
        The row of compact controls; it stays hidden while nothing is in it.
    extra_actions : list of QAction
        What the window adds to the panel's menu.
    """

    commands: ClassVar[tuple[PanelCommand, ...]] = ()
    linkable: ClassVar[bool] = True
    opens_beside: ClassVar[bool] = False
    room_px: ClassVar[int] = 0
    panel_id: ClassVar[str] = ""
    title: ClassVar[str] = ""
    provider_id: ClassVar[str] = ""

    needs_changed = Signal()
    state_changed = Signal()

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.extra_actions: list[QAction] = []
        self._demo = False
        self._dirty = True
        self._failure = ""
        self._painted = False
        self._own_note = ""
        self._needs: frozenset[Subscription] | None = None
        self._seen: object = None
        self._seen_status = -1
        self._build()
        self.link = PanelLink(self, context.workspace.links)
        self.needs_changed.connect(self._forget)
        context.workspace.zone_changed.connect(self.invalidate)

    # -- what a panel overrides

    def needs(self) -> frozenset[Subscription]:
        """Return every subscription this panel draws from."""
        primary = self.primary()
        return frozenset() if primary is None else frozenset({primary})

    def primary(self) -> Subscription | None:
        """Return the subscription whose state the header shows; None: the panel has none."""
        return None

    def revision(self) -> object:
        """Return what `refresh` depends on; a change of it draws again."""
        if self._needs is None:
            self._needs = self.needs()
        return {sub: self.context.store.revision(sub) for sub in self._needs}

    def refresh(self) -> None:
        """Pull from the store and draw.

        Called only while the panel can be seen and a revision moved, or after `invalidate`;
        the store may still be empty for a new subscription: then what was drawn is cleared.
        """
        raise NotImplementedError

    def subtitle(self) -> str:
        """What is shown, after the title (``BTCUSDT · Binance Perp · 1m``)."""
        return ""

    def save_options(self) -> Options:
        """Return the options worth keeping."""
        return {}

    def options_for_new(self) -> Options:
        """Return the options that a new panel of this kind takes over from this one."""
        return {}

    def load_options(self, options: Mapping[str, object]) -> None:
        """Take options over; an unknown or bad value leaves that option as it is."""

    def context_menu(self, menu: QMenu, pos: QPoint) -> None:
        """Add the entries for the thing at a position of this widget."""

    def csv(self) -> str | None:
        """Return what is shown as CSV text, None when there is nothing."""
        return None

    def perform(self, command: str) -> None:
        """Do what one of ``commands`` says."""

    def target(self) -> Target | None:
        """What this panel shows, as linked panels understand it; None: nothing to hand on."""
        return None

    def show_target(self, target: Target, *, whole: bool) -> None:
        """Show a linked instrument: the very one, or with ``whole`` unset its coin only."""

    def waiting_text(self) -> str:
        """Return the quiet line shown before the first data."""
        return "Waiting for the first data"

    def header_detail(self, status: StreamStatus, now_ms: int) -> tuple[str, str]:
        """Return the small print beside the state, and what its tooltip explains."""
        next_ms = status.next_ms
        if next_ms is None or next_ms <= now_ms or status.period_s < SLOW_PERIOD_S:
            return "", ""
        return f"next update {self.context.workspace.clock_text(next_ms)}", ""

    @property
    def ready(self) -> bool:
        """Whether data of the present options was painted."""
        return self._painted

    # -- what a panel uses

    @property
    def demo(self) -> bool:
        """Whether this panel shows the invented market."""
        return self._demo

    @demo.setter
    def demo(self, demo: bool) -> None:
        if demo != self._demo:
            self._demo = demo
            self.band.setVisible(demo)
            self.needs_changed.emit()
            self.state_changed.emit()

    @property
    def real_source(self) -> str:
        """Provider this panel asks when it is not a demo."""
        return self.provider_id

    @property
    def moves(self) -> bool:
        """Whether what it shows moves several times a second: it is then asked at every frame."""
        return False

    @property
    def keyless(self) -> bool:
        """Whether this panel shows something real that needs no key."""
        return False

    @property
    def source(self) -> str:
        """Provider id for this panel's subscriptions."""
        return DEMO_PROVIDER if self._demo else self.real_source

    def invalidate(self) -> None:
        """Ask for a `refresh` at the next tick although no data moved."""
        self._dirty = True

    def set_note(self, text: str) -> None:
        """Show one more fact under the header (a refused cost, a count of hidden dots)."""
        self._own_note = text
        self.show_header()

    def copy_text(self, text: str) -> None:
        """Put a text on the clipboard."""
        QGuiApplication.clipboard().setText(text)

    # -- what the window calls

    def key_works(self, provider: str) -> None:
        """A provider's key was accepted: a demo that it can replace becomes real."""
        if provider == self.provider_id:
            self.demo = False

    def open_live(self, venue: str = "") -> None:
        """Show what is real without a key; a panel that has nothing such says what it needs.

        Parameters
        ----------
        venue : str
            Where books are to come from, by id; empty leaves it to the panel.
        """
        del venue
        self.demo = False

    def pull(self) -> bool:
        """Draw if anything moved since the last call; return whether it did.

        A panel that fails says so in its own place, is logged once for each kind of failure,
        and is tried again when its data moves on.
        """
        primary, revision = self.primary(), self.revision()
        status = 0 if primary is None else self.context.store.status_revision(primary)
        if status != self._seen_status:
            self._seen_status = status
            self.show_header()
        if revision == self._seen and not self._dirty:
            return False
        self._seen, self._dirty = revision, False
        try:
            self.refresh()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other panels live on
            self._fail(error)
        else:
            self._failure = ""
            self._painted = primary is None or self.context.store.revision(primary) > 0
        self.show_header()
        return True

    def show_header(self) -> None:
        """Bring title row, band, note and card up to date with the clock and the status."""
        primary = self.primary()
        status = StreamStatus() if primary is None else self.context.store.status(primary)
        now_ms = self.context.clock.now_ms()
        state = status.state(now_ms)
        shown = state
        if self._failure:
            shown = state = DataState.PROBLEM
        elif status.needs_key and self._lacks_key:
            shown = DataState.KEY_NEEDED  # nothing went wrong: something is still to be done
        header = self.header
        header.subtitle.set_text(self.subtitle())
        zone = self.context.workspace.zone
        plain = shown is not state or bool(self._failure)
        text = shown.value if plain else state_text(status, now_ms, zone)
        header.pill.show_state(shown, text, "" if self._failure else missing_tip(status))
        header.pill.setHidden(primary is None and not self._failure)
        header.show_detail(*self.header_detail(status, now_ms))
        self.progress.set_progress(status.progress)
        self._show_note(status, state)
        self._show_over_body(status, state)
        strip_used = self.options_bar.count() > 0
        if self._options.isHidden() == strip_used:
            self._options.setVisible(strip_used)

    def open_menu(self, at: QPoint, pos: QPoint | None = None) -> None:
        """Open the panel's menu.

        Parameters
        ----------
        at : QPoint
            Where on the screen.
        pos : QPoint or None
            The thing under the cursor, in this widget's pixels; None from the header.
        """
        menu = self.build_menu(pos)
        menu.exec(at)
        menu.deleteLater()

    def build_menu(self, pos: QPoint | None = None) -> QMenu:
        """Return the menu: the thing under the cursor, then the panel, then the window."""
        menu = QMenu(self)
        self.context_menu(menu, pos if pos is not None else QPoint(-1, -1))
        if not menu.isEmpty():
            menu.addSeparator()
        target = self.target()
        if target is not None:
            add_star(menu, self.context.favourites, target, keys="Ctrl+D")
        copy = menu.addAction("Copy as CSV")
        copy.triggered.connect(self._copy_csv)
        if self.provider_id:
            demo = menu.addAction("Show real data" if self._demo else "Show demo")
            demo.triggered.connect(lambda: setattr(self, "demo", not self._demo))
        if self.extra_actions:
            menu.addSeparator()
            menu.addActions(self.extra_actions)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the thing under the cursor."""
        self.open_menu(event.globalPos(), event.pos())
        event.accept()

    # -- inside

    def _build(self) -> None:
        self.header = PanelHeader(self.title)
        self.header.menu_button.clicked.connect(self._menu_from_header)
        self.progress = ProgressLine()
        self._options = OptionsStrip()
        self._options.hide()
        self.options_bar: OptionsRow = self._options.row
        self.band, self.note = DemoBand(), NoteLine()
        self.stage = Stage()
        self.stage.card.key_wanted.connect(lambda: self.context.open_keys(self.real_source))
        self.stage.card.demo_wanted.connect(lambda: setattr(self, "demo", True))
        self.body: QVBoxLayout = self.stage.body
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.header, self.band, self.progress, self._options, self.note):
            column.addWidget(widget)
        column.addWidget(self.stage, 1)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def _forget(self) -> None:
        self._needs = None
        self._seen = None
        self._seen_status = -1
        self._painted = False
        self._failure = ""
        self._dirty = True

    def _fail(self, error: Exception) -> None:
        told = f"{type(error).__name__}: {error}"
        if told != self._failure:
            log.error("panel %s could not be drawn", self.panel_id, exc_info=error)
        self._failure = told

    def _show_note(self, status: StreamStatus, state: DataState) -> None:
        parts = [status.note, self._own_note]
        if state is not DataState.PROBLEM:
            parts.insert(0, status.problem)
        text = " · ".join(part for part in parts if part)
        passing = text if self.moves and state is not DataState.WAITING else ""
        self.stage.show_note(passing)
        if self.moves:
            text = ""  # what comes and goes within a second must not move a chart
        self.note.set_text(text)
        if self.note.isHidden() == bool(text):
            self.note.setVisible(bool(text))

    def _show_over_body(self, status: StreamStatus, state: DataState) -> None:
        if self._failure:
            sentence = "This panel could not be drawn; the log says why. The others run on."
            self.stage.show_problem(sentence)
            self.stage.show_waiting("")
            return
        problem = state is DataState.PROBLEM
        self.stage.show_problem(
            status.problem if problem else "",
            key=status.needs_key or self._lacks_key,
            demo=not self._demo and bool(self.provider_id),
        )
        waiting = state is DataState.WAITING and self.primary() is not None
        self.stage.show_waiting(self.waiting_text() if waiting else "")

    @property
    def _lacks_key(self) -> bool:
        return self.context.key_state(self.real_source) is KeyState.MISSING

    def _copy_csv(self) -> None:
        text = self.csv()
        if text is not None:
            self.copy_text(text)

    def _menu_from_header(self) -> None:
        button = self.header.menu_button
        self.open_menu(button.mapToGlobal(QPoint(0, button.height())))
