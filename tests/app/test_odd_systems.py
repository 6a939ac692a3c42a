"""Systems in another language, or without a font: the same picture, the same figures, no end."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.app.driving import Desk
from tests.app.test_snapshot import colours, pixels, snapshot
from tests.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.desktop import Desktop

NO_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}</dir><cachedir>{folder}</cachedir></fontconfig>
"""
COMMA, RIGHT_TO_LEFT = "de_DE", "ar_EG"


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which both locales are installed for the C library, where that can be done."""
    folder = tmp_path_factory.mktemp("locales")
    if shutil.which("localedef") is None:
        return {}  # Qt has its own knowledge of them
    for name in (COMMA, RIGHT_TO_LEFT):
        line = ["localedef", "-c", "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")]
        subprocess.run(line, capture_output=True, check=False, timeout=120)
    return {"LOCPATH": str(folder)}


def in_language(name: str) -> dict[str, str]:
    return {"LC_ALL": f"{name}.UTF-8", "LANG": f"{name}.UTF-8", "LANGUAGE": name.partition("_")[0]}


def test_the_picture_is_the_same_in_every_locale(tmp_path: Path, locales: dict[str, str]) -> None:
    pictures = []
    for name in ("C", COMMA, RIGHT_TO_LEFT):
        out = tmp_path / f"{name}.png"
        done = snapshot(out, "--demo", **locales, **in_language(name))
        assert done.returncode == 0, done.stderr
        pictures.append(pixels(out))
    for picture in pictures[1:]:
        assert np.array_equal(picture, pictures[0])


@pytest.mark.parametrize("name", [COMMA, RIGHT_TO_LEFT])
def test_a_figure_is_typed_as_it_is_written_in_every_locale(
    desktop: Desktop, heatdesk_home: Path, locales: dict[str, str], name: str
) -> None:
    desk = Desk(desktop, heatdesk_home, "--demo", **locales, **in_language(name))

    def shown() -> str:
        return desk.spot("Hide bands below", "liquidation").text

    wait_until(lambda: shown().startswith("\u2265"), "the usual limit")
    left = desk.spot("panelStage", "order-book").rect.x
    assert left < desk.spot("panelStage", "liquidation").rect.x, "from left to right"

    def is_taken() -> bool:
        # a desk that still puts its docks may move the field from under the mouse
        desk.press("Hide bands below", "liquidation")
        desktop.key("ctrl+a")
        desktop.type("2.5M")
        desktop.key("Return")
        deadline_s = time.monotonic() + 5.0
        while shown() != "\u2265 $2.5M" and time.monotonic() < deadline_s:
            time.sleep(0.05)
        return shown() == "\u2265 $2.5M"

    wait_until(is_taken, "two and a half million")
    desk.quit()


def test_a_desk_opens_where_no_font_is_installed(tmp_path: Path) -> None:
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    config = tmp_path / "fonts.conf"
    config.write_text(NO_FONTS.format(folder=fonts), encoding="utf-8")
    out = tmp_path / "desk.png"
    done = snapshot(out, "--demo", FONTCONFIG_FILE=str(config))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    picture = pixels(out)
    assert picture.shape == (1080, 1920, 3)
    assert colours(picture[120:680, 0:1100]) > 40, "the market is shown without its words"
