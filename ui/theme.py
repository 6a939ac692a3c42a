"""The look: colours, fonts, icons, and the one style sheet made of them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QStyleFactory

from heatdesk.views.leaning import lean_rgb
from heatdesk.views.palettes import DARK, DIVERGING, LIGHT, Shades
from heatdesk.views.palettes import Palette as Ramp

RESOURCES: Final = Path(__file__).resolve().parents[1] / "resources"
"""Folder of icons and the style sheet; the same place beside a frozen program."""


class Palette:
    """Every colour of the chosen theme, as ``#RRGGBB``; `use` fills it in.

    Read it while building or painting, never while importing: the theme is not chosen then.
    Green and red are kept for trades, candles and changes; liquidity has its own ramps. Amber
    speaks of the data itself: old, invented, or late.
    """

    GROUND: str
    """Behind every plot; the ramps start here."""
    PANEL: str
    """Headers, bars and menus."""
    RAISED: str
    """Buttons, combo boxes, cards."""
    HOVER: str
    LINE: str
    """The 1 px lines between things."""
    LINE_STRONG: str
    TEXT: str
    TEXT_DIM: str
    TEXT_FAINT: str
    """Hints, units and what is switched off."""
    ACCENT: str
    """The one accent: focus, selection, the Live pill."""
    ACCENT_DIM: str
    UP: str
    DOWN: str
    LIVE: str
    WARN: str
    DEMO: str
    DEMO_GROUND: str
    PROBLEM: str
    GRID: str
    """Grid lines inside plots."""
    CROSSHAIR: str
    BID: str
    """Bars and figures of resting bids, and of asks."""
    ASK: str
    LONGS: str
    """Bars and labels of longs that would be liquidated, and of shorts."""
    SHORTS: str
    BUY: str
    """Trades whose aggressor bought, and sold; red-green blind eyes tell them apart."""
    SELL: str


_DARK: Final = {
    "GROUND": "#0B0E14",
    "PANEL": "#10141C",
    "RAISED": "#171C27",
    "HOVER": "#202736",
    "LINE": "#222938",
    "LINE_STRONG": "#343D50",
    "TEXT": "#D5DAE3",
    "TEXT_DIM": "#8690A2",
    "TEXT_FAINT": "#6A7486",
    "ACCENT": "#4C9AFF",
    "ACCENT_DIM": "#1E3A63",
    "UP": "#2EBD85",
    "DOWN": "#F6465D",
    "LIVE": "#2EBD85",
    "WARN": "#E0A336",
    "DEMO": "#E0A336",
    "DEMO_GROUND": "#2B2313",
    "PROBLEM": "#F0616D",
    "GRID": "#1A202C",
    "CROSSHAIR": "#97A3B8",
    "BID": "#3C8FD0",
    "ASK": "#D0803C",
    "LONGS": "#E0795B",
    "SHORTS": "#B07BE0",
    "BUY": "#45E06B",
    "SELL": "#F550C0",
}
_LIGHT: Final = {
    "GROUND": "#FBFCFD",
    "PANEL": "#F0F2F5",
    "RAISED": "#FFFFFF",
    "HOVER": "#E2E7EE",
    "LINE": "#D3D9E2",
    "LINE_STRONG": "#B3BCC9",
    "TEXT": "#1B2230",
    "TEXT_DIM": "#566173",
    "TEXT_FAINT": "#747F91",
    "ACCENT": "#1A66C9",
    "ACCENT_DIM": "#CFE1FA",
    "UP": "#0A7A52",
    "DOWN": "#CF2238",
    "LIVE": "#0A7A52",
    "WARN": "#875700",
    "DEMO": "#875700",
    "DEMO_GROUND": "#FBF0D6",
    "PROBLEM": "#C62A3B",
    "GRID": "#E9EDF2",
    "CROSSHAIR": "#5A6678",
    "BID": "#1F6CB0",
    "ASK": "#B05A12",
    "LONGS": "#B8482A",
    "SHORTS": "#7B3FB5",
    "BUY": "#0E8030",
    "SELL": "#C4149E",
}
THEMES: Final[dict[str, tuple[dict[str, str], Shades]]] = {
    "dark": (_DARK, DARK),
    "light": (_LIGHT, LIGHT),
}
"""Colours of each theme, and those of a heatmap's empty places."""

_LINKS: Final = {
    "dark": {
        "blue": "#4C9AFF",
        "orange": "#F08A3C",
        "violet": "#B07BE0",
        "green": "#3CC8A0",
        "yellow": "#E6CF4A",
    },
    "light": {
        "blue": "#1A66C9",
        "orange": "#C7610F",
        "violet": "#7B3FB5",
        "green": "#0B8A68",
        "yellow": "#9A8100",
    },
}

READABLE_RATIO: Final = 4.5
"""Contrast that text needs."""
BLACK: Final = "#05070A"
WHITE: Final = "#FFFFFF"
"""Ink for fills of any colour, whatever the theme."""

_SAFE: Final = {
    "dark": {"UP": "#45B0F5", "DOWN": "#F08A3C", "BUY": "#58C4FF", "SELL": "#FF9440"},
    "light": {"UP": "#0F62AC", "DOWN": "#B04A06", "BUY": "#0F62AC", "SELL": "#B04A06"},
}
"""Blue against orange, for eyes that do not tell red from green."""
CONVENTIONS: Final = ("green-up", "red-up", "colour-blind")
"""Colours of what rises and of what falls."""

_chosen = ["dark"]
_convention: list[str] = [CONVENTIONS[0]]
_swapped = [False]


def use(name: str) -> None:
    """Choose the theme, ``dark`` or ``light``; before any widget is built."""
    _chosen[0] = name
    for one, text in _colours().items():
        setattr(Palette, one, text)


def use_convention(convention: str, *, swapped_sides: bool = False) -> None:
    """Choose the colours of rising and falling, and whether those of bids and asks change places.

    Before any widget is built, as `use`.
    """
    _convention[0], _swapped[0] = convention, swapped_sides
    use(_chosen[0])


def _colours() -> dict[str, str]:
    """Every colour of the theme and convention chosen."""
    colours = dict(THEMES[_chosen[0]][0])
    if _convention[0] == "colour-blind":
        colours |= _SAFE[_chosen[0]]
    pairs = [("UP", "DOWN"), ("BUY", "SELL")] if _convention[0] == "red-up" else []
    for one, other in [*pairs, *([("BID", "ASK")] if _swapped[0] else [])]:
        colours[one], colours[other] = colours[other], colours[one]
    return colours


def name() -> str:
    """Name of the chosen theme."""
    return _chosen[0]


def shades() -> Shades:
    """Colours of what holds no quantity, in the chosen theme; they also choose a ramp's form."""
    return THEMES[_chosen[0]][1]


def link_colour(colour: str) -> str:
    """Colour of a link's chip in the chosen theme, by its name."""
    return _LINKS[_chosen[0]][colour]


def lean_colour(position: float, palette: Ramp = DIVERGING) -> QColor:
    """Colour of a lean in the chosen theme: 0 short or down, 0.5 neutral, 1 long or up."""
    return QColor(*lean_rgb(position, palette, light=shades().light))


use("dark")


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


def contrast_ratio(one: QColor, other: QColor) -> float:
    """How well two colours are told apart, 1 to 21, as WCAG 2 defines it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def ink_on(fill: QColor) -> str:
    """Colour of text on a fill: the theme's own where that reads well, else black or white."""
    return _ink_on(fill.rgb(), Palette.TEXT, Palette.GROUND)


@lru_cache(maxsize=1024)
def _ink_on(rgb: int, text: str, ground: str) -> str:
    fill = QColor(rgb)
    for inks in ((text, ground), (BLACK, WHITE)):
        best = max(inks, key=lambda ink: contrast_ratio(QColor(ink), fill))
        if contrast_ratio(QColor(best), fill) >= READABLE_RATIO:
            break
    return best


def _luminance(shade: QColor) -> float:
    parts = (shade.redF(), shade.greenF(), shade.blueF())
    even = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(0.2126 * even[0] + 0.7152 * even[1] + 0.0722 * even[2])


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


def icon(name: str, tint: str = "") -> QIcon:
    """Return an icon of `resources/icons`, quiet unless tinted, sharp at scales 1 to 3."""
    return _icon(name, tint or Palette.TEXT_DIM)


@lru_cache(maxsize=64)
def _icon(name: str, tint: str) -> QIcon:
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
    colours = _colours()
    # longest first: @LINE_STRONG must not be read as @LINE followed by "_STRONG"
    for one in sorted(colours, key=len, reverse=True):
        text = text.replace(f"@{one}", colours[one])
    return text.replace("@ICONS", (RESOURCES / "icons").as_posix()).replace("@THEME", name())


def apply(app: QApplication) -> None:
    """Dress the whole program: Fusion, the theme's colours, fonts, style sheet."""
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
