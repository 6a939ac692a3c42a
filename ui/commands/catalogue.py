"""What panels do by key: ids, words and usual keys, for menus, palette, cheat sheet and docs."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

_NOT_COUNTED = Qt.KeyboardModifier.KeypadModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier


@dataclass(frozen=True, slots=True)
class PanelCommand:
    """Something the panel in use can do.

    Attributes
    ----------
    id, title : str
    keys : tuple of str
        Usual keys, Qt's portable text; they count in the panel only.
    """

    id: str
    title: str
    keys: tuple[str, ...] = ()


DELETE_LINE = PanelCommand("chart.delete_line", "Delete the line, alert or favourite", ("Del",))
"""Of a chart the one under the mouse or touched last, of a list the one that is marked."""

CHART_COMMANDS: tuple[PanelCommand, ...] = (
    PanelCommand("chart.follow", "Follow the newest column", ("Alt+F",)),
    PanelCommand("chart.pause", "Pause", ("Space",)),
    PanelCommand("chart.reset", "Reset view", ("Home",)),
    PanelCommand("chart.zoom_in", "Zoom in", ("+", "=")),
    PanelCommand("chart.zoom_out", "Zoom out", ("-",)),
    PanelCommand("chart.zoom_in_price", "Zoom in on price", ("Ctrl++", "Ctrl+=")),
    PanelCommand("chart.zoom_out_price", "Zoom out of price", ("Ctrl+-",)),
    PanelCommand("chart.left", "Earlier", ("Left",)),
    PanelCommand("chart.right", "Later", ("Right",)),
    PanelCommand("chart.up", "Higher prices", ("Up",)),
    PanelCommand("chart.down", "Lower prices", ("Down",)),
    PanelCommand("chart.left_far", "Earlier by half a view", ("Shift+Left",)),
    PanelCommand("chart.right_far", "Later by half a view", ("Shift+Right",)),
    PanelCommand("chart.up_far", "Higher by half a view", ("Shift+Up",)),
    PanelCommand("chart.down_far", "Lower by half a view", ("Shift+Down",)),
    PanelCommand("chart.add_line", "Add a line at the crosshair", ("Alt+H",)),
    PanelCommand("chart.add_alert", "Alert at the crosshair", ("Alt+A",)),
    DELETE_LINE,
    PanelCommand("chart.refit", "Refit contrast", ("Alt+R",)),
    PanelCommand("chart.next_colours", "Next colours", ("Alt+P",)),
    PanelCommand("chart.previous_colours", "Previous colours", ("Alt+Shift+P",)),
)
"""What every price-time chart does."""


def pressed_key(event: QKeyEvent) -> str:
    """The key of an event in Qt's portable text, modifiers and all."""
    modifiers = event.modifiers() & ~_NOT_COUNTED
    sequence = QKeySequence(event.key() | modifiers.value)
    return sequence.toString(QKeySequence.SequenceFormat.PortableText)


def spoken_keys(event: QKeyEvent) -> tuple[str, ...]:
    """Keys an event may mean, the likeliest first.

    Shift counts where a command has it; else it is what some keyboards need to write the key.
    """
    exact = pressed_key(event)
    if not event.modifiers() & _SHIFT:
        return (exact,)
    modifiers = event.modifiers() & ~_NOT_COUNTED & ~_SHIFT
    sequence = QKeySequence(event.key() | modifiers.value)
    return exact, sequence.toString(QKeySequence.SequenceFormat.PortableText)


def usual_meaning(event: QKeyEvent) -> str:
    """Id of the chart's command that a key usually means; empty where it means none."""
    for key in spoken_keys(event):
        for command in CHART_COMMANDS:
            if key in command.keys:
                return command.id
    return ""
