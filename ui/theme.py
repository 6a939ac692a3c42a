"""The look: colours, fonts, icons, and the one style sheet made of them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QStyleFactory

RESOURCES: Final = Path(__file__).resolve().parents[1] / "resources"
"""Folder of icons and the style sheet; the same place beside a frozen program."""


class Palette:
    """Every colour of the desk, as ``#RRGGBB``.

    Green and red are kept for trades, candles and changes; liquidity has its own ramp. Amber
    speaks of the data itself: old, invented, or late.
    """

    GROUND: Final = "#0B0E14"
    """Behind every plot."""
    PANEL: Final = "#10141C"
    """Headers, bars and menus."""
    RAISED: Final = "#171C27"
    """Buttons, combo boxes, cards."""
    HOVER: Final = "#202736"
    LINE: Final = "#222938"
    """The 1 px lines between things."""
    LINE_STRONG: Final = "#343D50"
    TEXT: Final = "#D5DAE3"
    TEXT_DIM: Final = "#8690A2"
    TEXT_FAINT: Final = "#5A6374"
    ACCENT: Final = "#4C9AFF"
    """The one accent: focus, selection, the Live pill."""
    ACCENT_DIM: Final = "#1E3A63"
    UP: Final = "#2EBD85"
    DOWN: Final = "#F6465D"
    LIVE: Final = "#2EBD85"
    WARN: Final = "#E0A336"
    DEMO: Final = "#E0A336"
    DEMO_GROUND: Final = "#2B2313"
    PROBLEM: Final = "#F0616D"
    GRID: Final = "#1A202C"
    """Grid lines inside plots."""
    CROSSHAIR: Final = "#97A3B8"


TEXT_PX: Final = 12
"""Size of ordinary text."""
SMALL_PX: Final = 11
"""Size of labels, axes and the status bar."""

_SANS = (
    "Inter",
    "Segoe UI",
    ".AppleSystemUIFont",
    "Noto Sans",
    "Roboto",
    "Ubuntu",
    "Cantarell",
    "DejaVu Sans",
    "Liberation Sans",
)
_MONO = ("JetBrains Mono", "Cascadia Mono", "SF Mono", "Menlo", "Consolas", "DejaVu Sans Mono")


@lru_cache(maxsize=2)
def _family(mono: bool) -> str:
    installed = set(QFontDatabase.families())
    for family in _MONO if mono else _SANS:
        if family in installed:
            return family
    kind = QFontDatabase.SystemFont.FixedFont if mono else QFontDatabase.SystemFont.GeneralFont
    return QFontDatabase.systemFont(kind).family()


def font(size_px: int = TEXT_PX, *, tabular: bool = False, bold: bool = False) -> QFont:
    """Return the desk's sans font.

    Parameters
    ----------
    size_px : int
        Height in pixels at scale 1.
    tabular : bool
        All digits equally wide, so that changing figures do not move.
    """
    made = QFont(_family(mono=False))
    made.setPixelSize(size_px)
    if tabular:
        made.setFeature(QFont.Tag("tnum"), 1)
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    return made


def mono_font(size_px: int = SMALL_PX) -> QFont:
    """Return the font of the log and of keys."""
    made = QFont(_family(mono=True))
    made.setPixelSize(size_px)
    made.setStyleHint(QFont.StyleHint.Monospace)
    return made


def colour(text: str, alpha: float = 1.0) -> QColor:
    """Return one of the palette's colours, optionally see-through."""
    made = QColor(text)
    made.setAlphaF(alpha)
    return made


@lru_cache(maxsize=64)
def icon(name: str, tint: str = Palette.TEXT_DIM) -> QIcon:
    """Return an icon of `resources/icons` in one colour, sharp at scales 1 to 3."""
    from PySide6.QtSvg import QSvgRenderer

    text = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(text.replace("currentColor", tint).encode()))
    made = QIcon()
    for scale in (1, 2, 3):
        pixmap = QPixmap(16 * scale, 16 * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, 16 * scale, 16 * scale))
        painter.end()
        made.addPixmap(pixmap)
    return made


def style_sheet() -> str:
    """Return the style sheet with every ``@NAME`` replaced by its colour."""
    text = (RESOURCES / "style.qss").read_text(encoding="utf-8")
    names = [name for name in vars(Palette) if name.isupper()]
    # longest first: @LINE_STRONG must not be read as @LINE followed by "_STRONG"
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(f"@{name}", getattr(Palette, name))
    return text.replace("@ICONS", (RESOURCES / "icons").as_posix())


def apply(app: QApplication) -> None:
    """Dress the whole program: Fusion, dark palette, fonts, style sheet."""
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setFont(font())
    app.setPalette(_qt_palette())
    app.setStyleSheet(style_sheet())


def _qt_palette() -> QPalette:
    role = QPalette.ColorRole
    made = QPalette()
    for target, text in (
        (role.Window, Palette.PANEL),
        (role.Base, Palette.GROUND),
        (role.AlternateBase, Palette.PANEL),
        (role.Button, Palette.RAISED),
        (role.ToolTipBase, Palette.RAISED),
        (role.WindowText, Palette.TEXT),
        (role.Text, Palette.TEXT),
        (role.ButtonText, Palette.TEXT),
        (role.ToolTipText, Palette.TEXT),
        (role.PlaceholderText, Palette.TEXT_FAINT),
        (role.Highlight, Palette.ACCENT_DIM),
        (role.HighlightedText, Palette.TEXT),
        (role.Link, Palette.ACCENT),
        (role.Light, Palette.LINE),
        (role.Midlight, Palette.LINE),
        (role.Mid, Palette.LINE),
        (role.Dark, Palette.GROUND),
        (role.Shadow, Palette.GROUND),
    ):
        made.setColor(target, QColor(text))
    for target in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, target, QColor(Palette.TEXT_FAINT))
    return made
