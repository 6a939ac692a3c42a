"""`CommandTable`: every command of the desk, the keys it has, and one action for each."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

from heatdesk.files import PutFile, is_there, put_at_once
from ui.commands import bindings
from ui.commands.catalogue import spoken_keys
from ui.commands.command import Command, Scope

log = logging.getLogger(__name__)


class CommandTable(QObject):
    """Commands by id, in the order they came.

    Menus of all windows share the one `QAction` of a command, so that a key means it once.

    Parameters
    ----------
    path : Path or None
        Where other than usual keys are kept; None: nowhere.
    put : callable
        Writes that file.

    Signals
    -------
    changed : commands came or went, or keys were bound otherwise.
    said : one sentence for the user.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(
        self,
        path: Path | None = None,
        put: PutFile = put_at_once,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._path, self._put = path, put
        self._commands: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}
        self._windows: list[QWidget] = []
        self._recent: list[str] = []
        self._bound, self.sentence = bindings.load(path)
        if self.sentence and path is not None and is_there(path):
            self._path = None  # what could not be read is not written over

    # -- commands

    def add(self, *commands: Command) -> None:
        """Add commands; one that is there already is replaced."""
        for command in commands:
            self._commands[command.id] = command
            action = self._actions.get(command.id)
            if action is None:
                action = QAction(self)
                action.setShortcutVisibleInContextMenu(True)
                action.triggered.connect(partial(self.run, command.id))
                self._actions[command.id] = action
                for window in self._windows:
                    window.addAction(action)
            action.setText(command.title)
            action.setObjectName(command.id)
            action.setCheckable(command.checked is not None)
            self._show_keys(command)
        self.changed.emit()

    def remove(self, *ids: str) -> None:
        """Take commands out; their keys are remembered for when they come back."""
        for id_ in ids:
            if self._commands.pop(id_, None) is not None:
                action = self._actions.pop(id_)
                action.setParent(None)
                action.deleteLater()
        self.changed.emit()

    def all(self) -> list[Command]:
        """Every command, in the order they came."""
        return list(self._commands.values())

    def __contains__(self, id_: str) -> bool:
        """Whether there is a command of this id."""
        return id_ in self._commands

    def command(self, id_: str) -> Command:
        """The command of an id; KeyError where there is none."""
        return self._commands[id_]

    def action(self, id_: str) -> QAction:
        """The one action of a command, for any number of menus."""
        return self._actions[id_]

    def attach(self, window: QWidget) -> None:
        """Let keys count in a window."""
        self._windows.append(window)
        window.addActions(list(self._actions.values()))
        window.destroyed.connect(partial(self._forget_window, id(window)))

    def refresh(self, ids: Iterable[str] | None = None) -> None:
        """Bring what can be done and what is on up to date; called before a menu shows."""
        for id_ in self._commands if ids is None else ids:
            command, action = self._commands[id_], self._actions[id_]
            action.setEnabled(command.can_run)
            if command.checked is not None:
                action.setChecked(command.checked())

    def release(self) -> None:
        """A menu is gone: let every key count again.

        The keys of an action that is switched off are dead, and what cannot be done now may be
        possible by the time one is pressed; `run` looks at it then.
        """
        for action in self._actions.values():
            action.setEnabled(True)

    def run(self, id_: str, *_: object) -> None:
        """Do it, where it can be done; the palette offers what was done last first."""
        command = self._commands.get(id_)
        if command is None or not command.can_run:
            return
        if command.listed:
            self._recent = [id_, *(one for one in self._recent if one != id_)][:12]
        command.run()
        if command.checked is not None and id_ in self._actions:
            self._actions[id_].setChecked(command.checked())

    def recent(self) -> list[str]:
        """Ids of what was run last, newest first."""
        return [one for one in self._recent if one in self._commands]

    # -- keys

    def keys(self, id_: str) -> tuple[str, ...]:
        """Keys of a command in Qt's portable text."""
        command = self._commands[id_]
        return self._bound.get(id_, command.keys)

    def key_text(self, id_: str) -> str:
        """The first key of a command as this system writes it; empty where it has none."""
        keys = self.keys(id_)
        if not keys:
            return ""
        return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText)

    def is_usual(self, id_: str) -> bool:
        """Whether a command has its usual keys."""
        return self.keys(id_) == self._commands[id_].keys

    def bind(self, id_: str, keys: tuple[str, ...]) -> None:
        """Give a command other keys; keys another command has are reported by `conflicts`."""
        texts = tuple(_portable(key) for key in keys)
        if texts == tuple(_portable(key) for key in self._commands[id_].keys):
            self._bound.pop(id_, None)
        else:
            self._bound[id_] = texts
        self._show_keys(self._commands[id_])
        self._keep()

    def reset(self, *ids: str) -> None:
        """Give commands their usual keys again; none named: all of them."""
        for id_ in ids or tuple(self._bound):
            self._bound.pop(id_, None)
            if id_ in self._commands:
                self._show_keys(self._commands[id_])
        self._keep()

    def conflicts(self, key: str, but: str = "") -> list[Command]:
        """Commands with a key that `clash`es with one, other than one command."""
        return [
            command
            for command in self._commands.values()
            if command.id != but and any(clash(one, key) for one in self.keys(command.id))
        ]

    def all_conflicts(self) -> list[tuple[str, list[Command]]]:
        """Keys that more than one command has, or that others begin with, with the commands."""
        first: dict[str, list[tuple[str, Command]]] = {}
        for command in self._commands.values():
            for key in self.keys(command.id):
                first.setdefault(strokes(key)[0], []).append((key, command))
        found: dict[str, list[Command]] = {}
        for held in first.values():
            for key, command in held:
                clashing = [one for other, one in held if clash(key, other)]
                if len(clashing) > 1 and command in clashing:
                    found.setdefault(_portable(key), clashing)
        return list(found.items())

    def panel_command(self, event: QKeyEvent) -> str:
        """Id of the command of a panel that a key press means; empty where it means none."""
        for key in spoken_keys(event):
            for command in self._commands.values():
                if command.scope is Scope.PANEL and key in self.keys(command.id):
                    return command.id
        return ""

    def refusal(self, key: str, id_: str = "") -> str:
        """Why a key cannot be bound to a command, in one sentence; empty where it can."""
        text, command = _portable(key), self._commands.get(id_)
        if command is not None and command.scope is Scope.PANEL and len(strokes(key)) > 1:
            return "What a panel does by itself has a single key; press one only."
        text = strokes(text)[0] if text else text
        if len(text) == 1 and text.isalnum():
            return (
                "Letters and digits alone search symbols and intervals; add Ctrl or Alt to the key."
            )
        if text == "Esc":
            return "Esc always cancels; choose another key."
        return ""

    # -- inside

    def _show_keys(self, command: Command) -> None:
        action = self._actions[command.id]
        action.setShortcuts([QKeySequence(key) for key in self.keys(command.id)])
        desk = command.scope is Scope.DESK
        context = Qt.ShortcutContext
        action.setShortcutContext(context.ApplicationShortcut if desk else context.WidgetShortcut)

    def _keep(self) -> None:
        self.changed.emit()
        if self._path is not None:
            self._put(self._path, bindings.text_of(self._bound).encode(), self._kept)

    def _kept(self, why: str) -> None:
        if why:
            log.warning("%s", why)
            self.said.emit(why)

    def _forget_window(self, identity: int, *_: object) -> None:
        self._windows = [window for window in self._windows if id(window) != identity]


def _portable(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def strokes(key: str) -> tuple[str, ...]:
    """The keys that are pressed one after the other (``Ctrl+L, B``: two)."""
    return tuple(_portable(key).split(", "))


def clash(key: str, other: str) -> bool:
    """Whether two keys cannot both count: they are the same, or one begins like the other."""
    one, two = strokes(key), strokes(other)
    length = min(len(one), len(two))
    return bool(one[0]) and one[:length] == two[:length]
