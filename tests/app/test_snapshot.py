"""Pictures without a window: exact size, same every time, honest exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from tests.app.no_venues import NO_VENUES
from tests.servers.coingecko import CoinGeckoServer
from tests.servers.venues.catalogue import usdm

ROOT = Path(__file__).resolve().parents[2]
PANELS = ("order-book", "liquidation", "dots", "cohorts")


def snapshot(out: Path, *flags: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    return subprocess.run(
        [sys.executable, "main.py", "snapshot", "--out", str(out), *flags],
        cwd=ROOT,
        env={**kept, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def pixels(path: Path) -> np.ndarray:
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(
        image.height(), image.bytesPerLine() // 4, 4
    )
    return rows[:, : image.width(), :3].copy()


def colours(part: np.ndarray) -> int:
    packed = part.reshape(-1, 3).astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32)
    return len(np.unique(packed))


def test_the_demo_desk_shows_four_live_panels_and_is_the_same_every_time(tmp_path):
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    done = snapshot(first, "--demo")
    assert done.returncode == 0, done.stderr
    # neither the screen's scale nor the local zone may change the picture
    again = snapshot(second, "--demo", QT_SCALE_FACTOR="2", TZ="Asia/Tokyo")
    assert again.returncode == 0, again.stderr
    picture = pixels(first)
    assert picture.shape == (1080, 1920, 3)
    assert np.array_equal(picture, pixels(second))
    for rows, columns in (
        (slice(120, 680), slice(0, 1100)),
        (slice(120, 680), slice(1160, 1900)),
        (slice(760, 1050), slice(0, 760)),
        (slice(760, 1050), slice(780, 1900)),
    ):
        assert colours(picture[rows, columns]) > 40


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("size", ["1280x720", "3840x2160"])
def test_each_panel_alone_fills_exactly_the_size_asked(tmp_path, panel, size):
    out = tmp_path / "panel.png"
    done = snapshot(out, "--demo", "--panel", panel, "--size", size)
    assert done.returncode == 0, done.stderr
    picture = pixels(out)
    width, height = map(int, size.split("x"))
    assert picture.shape == (height, width, 3)
    assert colours(picture[height // 6 :]) > 40


def test_instrument_flags_choose_what_a_panel_shows(tmp_path):
    plain, other = tmp_path / "a.png", tmp_path / "b.png"
    common = ("--demo", "--panel", "order-book", "--size", "800x500")
    assert snapshot(plain, *common).returncode == 0
    done = snapshot(other, *common, "--symbol", "ETHUSDT", "--interval", "5m", "--block-size", "hd")
    assert done.returncode == 0, done.stderr
    assert not np.array_equal(pixels(plain), pixels(other))


def test_a_missing_key_is_exit_code_3_and_leaves_an_existing_file(tmp_path):
    out = tmp_path / "cohorts.png"
    out.write_bytes(b"earlier")
    done = snapshot(out, "--panel", "cohorts", "--wait", "20")
    assert done.returncode == 3, done.stderr
    assert "key" in done.stderr
    assert "Traceback" not in done.stderr
    assert out.read_bytes() == b"earlier"


def test_a_desk_whose_cohorts_lack_a_key_is_drawn_and_says_so(tmp_path):
    out = tmp_path / "desk.png"
    with usdm(levels=200) as venue, CoinGeckoServer() as coins:
        env = {**NO_VENUES, **venue.environment()}
        env["HEATDESK_PROVIDERS__COINGECKO__BASE_URL"] = coins.url
        done = snapshot(out, "--wait", "12", HEATDESK_HOME=str(tmp_path / "home"), **env)
    assert done.returncode == 0, done.stderr
    assert "Cohort bias" in done.stderr.splitlines()[-1]
    assert "key" in done.stderr.splitlines()[-1]
    assert "Order book" not in done.stderr
    assert pixels(out).shape == (1080, 1920, 3)


def test_what_happened_shows_the_liquidations_of_the_venue_and_ends_in_time(tmp_path):
    out = tmp_path / "happened.png"
    flags = ("--panel", "liquidation", "--provider", "happened", "--coin", "BTC", "--wait", "12")
    began_s = time.monotonic()
    with usdm(levels=50) as venue:
        env = {**NO_VENUES, **venue.environment()}
        done = snapshot(out, *flags, HEATDESK_HOME=str(tmp_path / "home"), **env)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began_s < 60
    # cells, and the bars beside them, in the colours of the heat ramp
    assert colours(pixels(out)[80:1000, 900:]) > 60


def test_a_refused_connection_is_exit_code_5(tmp_path):
    done = snapshot(
        tmp_path / "dots.png",
        "--panel",
        "dots",
        "--wait",
        "3",
        HEATDESK_KEY_SHARPE="marker-key-0123456789",
        HEATDESK_PROVIDERS__SHARPE__BASE_URL="http://127.0.0.1:9",
    )
    assert done.returncode == 5, done.stderr
    assert "marker-key" not in done.stderr


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["--out", "desk.jpg", "--demo"], 2),
        (["--out", "desk.png", "--size", "0x0"], 2),
        (["--out", "/nowhere/at/all/desk.png", "--demo"], 1),
    ],
)
def test_wrong_use_is_told_before_anything_is_drawn(flags, code):
    done = subprocess.run(
        [sys.executable, "main.py", "snapshot", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is a display")
def test_without_a_display_the_desk_says_so_in_one_sentence():
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in hidden},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "no display" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_named_height_of_level_is_what_the_book_shows(tmp_path):
    fine, named = tmp_path / "fine.png", tmp_path / "named.png"
    common = ("--demo", "--panel", "order-book", "--size", "800x500")
    assert snapshot(fine, *common, "--block-size", "4k").returncode == 0
    done = snapshot(named, *common, "--block-size", "50")
    assert done.returncode == 0, done.stderr
    assert not np.array_equal(pixels(fine), pixels(named))


def test_the_theme_is_chosen_by_the_environment_also_for_the_demo(tmp_path):
    common = ("--demo", "--panel", "order-book", "--size", "600x400")
    mean = {}
    for name in ("dark", "light"):
        out = tmp_path / f"{name}.png"
        done = snapshot(out, *common, HEATDESK_VIEW__THEME=name)
        assert done.returncode == 0, done.stderr
        mean[name] = pixels(out)[..., :3].mean()
    assert mean["dark"] < 80
    assert mean["light"] > 190


def test_a_theme_that_does_not_exist_is_a_mistake_in_the_call(tmp_path):
    done = snapshot(tmp_path / "desk.png", "--demo", HEATDESK_VIEW__THEME="solarized")
    assert done.returncode == 2
    assert "HEATDESK_VIEW__THEME" in done.stderr
    assert "dark, light" in done.stderr


def test_a_market_that_does_not_exist_ends_it_at_once_in_one_sentence(tmp_path):
    out = tmp_path / "none.png"
    book = ("--panel", "order-book", "--provider", "binance-usdm", "--symbol", "NOSUCH")
    with usdm(levels=20) as server:
        done = snapshot(out, *book, "--wait", "600", **server.environment())
    assert done.returncode == 4
    assert done.stderr == "heatdesk: Binance Perp has no market NOSUCH. Choose another.\n"
    assert not out.exists()
