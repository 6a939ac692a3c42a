"""The two themes: readable, complete, and the only place where colours are written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from heatdesk.settings import Settings, ViewSettings, fault_of, walk
from heatdesk.views.leaning import lean_rgb
from heatdesk.views.palettes import CHANGE, DARK, DIVERGING, LIGHT, rgb_of
from tests.test_architecture import ROOT
from ui import theme
from ui.heatmap.legend import ContrastLegend

THEMES = pytest.mark.parametrize("name", theme.THEMES)
GROUNDS = ("GROUND", "PANEL", "RAISED", "HOVER")
WRITES_COLOURS = {"ui/theme.py", "heatdesk/views/palettes.py"}


@pytest.fixture
def chosen(name: str) -> Iterator[type[theme.Palette]]:
    """The palette of the named theme; dark again afterwards."""
    theme.use(name)
    yield theme.Palette
    theme.use("dark")


def ratio(ink: str, ground: str) -> float:
    return theme.contrast_ratio(QColor(ink), QColor(ground))


def test_both_themes_name_the_same_colours_and_the_palette_has_them_all() -> None:
    dark, light = (colours for colours, _ in theme.THEMES.values())
    assert set(dark) == set(light) == {n for n in theme.Palette.__annotations__ if n.isupper()}
    for colours in (dark, light):
        assert all(re.fullmatch("#[0-9A-F]{6}", text) for text in colours.values())


def test_the_settings_offer_exactly_the_themes_there_are() -> None:
    item = {path: field for path, _, field in walk(Settings())}["view", "theme"]
    assert item.metadata["choices"] == tuple(theme.THEMES)
    assert fault_of(item, "solarized")
    assert ViewSettings().theme == theme.name() == "dark"


def test_contrast_is_measured_as_wcag_defines_it() -> None:
    assert ratio("#000000", "#FFFFFF") == pytest.approx(21)
    assert ratio("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert ratio("#123456", "#123456") == 1


@THEMES
def test_text_reads_on_every_ground(name: str, chosen: type[theme.Palette]) -> None:
    for ground in (*GROUNDS, "ACCENT_DIM", "DEMO_GROUND"):
        assert ratio(chosen.TEXT, getattr(chosen, ground)) >= 4.5, ground
    for ground in GROUNDS:
        assert ratio(chosen.TEXT_DIM, getattr(chosen, ground)) >= 4.5, ground
        assert ratio(chosen.TEXT_FAINT, getattr(chosen, ground)) >= 3, ground


@THEMES
def test_words_in_a_colour_read_where_they_are_written(
    name: str, chosen: type[theme.Palette]
) -> None:
    for ink in ("ACCENT", "WARN", "DEMO", "PROBLEM", "LIVE", "UP", "DOWN"):
        for ground in ("GROUND", "PANEL", "RAISED"):
            assert ratio(getattr(chosen, ink), getattr(chosen, ground)) >= 4.5, (ink, ground)
    for ink in ("WARN", "DEMO"):
        assert ratio(getattr(chosen, ink), chosen.DEMO_GROUND) >= 4.5, ink
    for ink in ("BID", "ASK", "LONGS", "SHORTS"):
        assert ratio(getattr(chosen, ink), chosen.GROUND) >= 4.5, ink
    # written inside a filled tag, a pressed button, the pill
    for fill in ("UP", "DOWN", "TEXT", "ACCENT"):
        assert ratio(chosen.GROUND, getattr(chosen, fill)) >= 4.5, fill


@THEMES
def test_lines_are_seen_but_quieter_than_words(name: str, chosen: type[theme.Palette]) -> None:
    faint, line, strong = (
        ratio(getattr(chosen, each), chosen.GROUND) for each in ("GRID", "LINE", "LINE_STRONG")
    )
    assert 1.1 < faint < line < strong < 3
    assert ratio(chosen.CROSSHAIR, chosen.GROUND) >= 4.5


@THEMES
def test_figures_read_on_every_fill_of_a_lean(name: str, chosen: type[theme.Palette]) -> None:
    for position in np.linspace(0, 1, 101).tolist():
        fill = theme.lean_colour(position)
        assert ratio(theme.ink_on(fill), fill.name()) >= 4.5, position
        words = theme.lean_colour(0.9 if position > 0.5 else 0.1, CHANGE)
        assert ratio(words.name(), chosen.GROUND) >= 4.5


@THEMES
def test_a_heatmap_lies_on_the_ground_of_its_theme(name: str, chosen: type[theme.Palette]) -> None:
    shades = theme.shades()
    assert shades == {"dark": DARK, "light": LIGHT}[name]
    assert QColor(*rgb_of(shades.ground)) == QColor(chosen.GROUND)
    assert theme.lean_colour(0.3).getRgb()[:3] == lean_rgb(0.3, DIVERGING, light=shades.light)


@THEMES
def test_the_style_sheet_has_the_colours_and_the_icons_of_its_theme(
    name: str, chosen: type[theme.Palette]
) -> None:
    text = theme.style_sheet()
    other = theme.THEMES["light" if name == "dark" else "dark"][0]
    assert "@" not in text
    assert chosen.TEXT in text
    assert other["TEXT"] not in text
    pictures = re.findall(r"url\(([^)]+)\)", text)
    assert pictures
    assert all(Path(picture).is_file() for picture in pictures)
    assert all(f"-{name}.svg" in picture for picture in pictures)


def test_an_icon_follows_the_theme(qapp: object) -> None:
    def darkest() -> float:
        image = theme.icon("close").pixmap(16, 16).toImage()
        shades = [image.pixelColor(x, y) for x in range(16) for y in range(16)]
        return min(shade.lightnessF() for shade in shades if shade.alphaF() > 0.9)

    before = darkest()
    theme.use("light")
    try:
        assert darkest() < before - 0.1
    finally:
        theme.use("dark")
    assert darkest() == before


@THEMES
def test_the_legend_is_drawn_in_the_form_of_its_theme(
    name: str, chosen: type[theme.Palette], qtbot: QtBot
) -> None:
    legend = ContrastLegend()
    qtbot.addWidget(legend)
    legend.resize(legend.width(), 400)
    counts, values = np.zeros(65536, np.int64), np.zeros(65536)
    values[2:] = np.geomspace(0.001, 1e6, 65534)
    counts[30_000:40_000] = 5
    legend.fit(counts, values, legend.contrast)
    image = legend.grab().toImage()
    bar = legend.bar_rect()
    x = round(bar.center().x())
    top, foot = (
        image.pixelColor(x, round(y)).lightnessF() for y in (bar.top() + 3, bar.bottom() - 4)
    )
    assert (top < 0.25 and foot > 0.9) if name == "light" else (top > 0.9 and foot < 0.25)


# ------------------------------------------------------------------- where colours are written
def sources() -> list[Path]:
    return sorted([*(ROOT / "ui").rglob("*.py"), *(ROOT / "heatdesk").rglob("*.py")])


def written_colours(tree: ast.AST) -> list[str]:
    """Colours written out in code: in hexadecimal, by Qt's own names, or as three numbers."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += re.findall(
                r"#(?:[0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})\b", node.value
            )
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            if node.value.attr == "GlobalColor" and node.attr != "transparent":
                found.append(node.attr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            plain = [arg for arg in node.args if isinstance(arg, ast.Constant)]
            if called in {"QColor", "mkColor", "mkPen", "mkBrush", "fromRgb"} and plain:
                found.append(ast.unparse(node))
    return found


def early_readings(tree: ast.Module) -> list[str]:
    """Colours of the theme that are read while a module is imported."""

    def evaluated(node: ast.AST) -> Iterator[ast.AST]:
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for part in (*node.args.defaults, *(d for d in node.args.kw_defaults if d)):
                yield from evaluated(part)
            for part in getattr(node, "decorator_list", []):
                yield from evaluated(part)
            return
        for child in ast.iter_child_nodes(node):
            yield from evaluated(child)

    return [
        ast.unparse(node)
        for node in evaluated(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.isupper()
        and ast.unparse(node.value) in {"Palette", "theme.Palette"}
    ]


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_colours_are_written_in_the_theme_and_the_ramps_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.relative_to(ROOT).as_posix() not in WRITES_COLOURS:
        assert written_colours(tree) == []
    assert early_readings(tree) == []


@pytest.mark.parametrize(
    "source",
    ["x = '#0b0e14'", "x = f'color: #fff;'", "p.setPen(Qt.GlobalColor.white)", "QColor(1, 2, 3)"],
)
def test_the_watch_sees_a_written_colour(source: str) -> None:
    assert written_colours(ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "PEN = Palette.TEXT",
        "class A:\n    ink: str = theme.Palette.TEXT",
        "def f(tint=Palette.TEXT):\n    pass",
    ],
)
def test_the_watch_sees_a_colour_read_too_early(source: str) -> None:
    assert early_readings(ast.parse(source))


def test_the_watch_lets_a_colour_be_read_while_painting() -> None:
    assert not early_readings(ast.parse("def f():\n    return Palette.TEXT"))
