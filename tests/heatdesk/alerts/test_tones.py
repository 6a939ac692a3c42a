"""The sounds of alerts."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from heatdesk.alerts.tones import PEAK, RATE_HZ, TONES, samples, tone_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", TONES)
def test_a_tone_is_short_calm_and_does_not_click(name: str) -> None:
    sound = samples(TONES[name]).astype(float) / 32_767
    assert 0.1 < sound.size / RATE_HZ < 2.0
    assert np.abs(sound).max() == pytest.approx(PEAK, abs=0.01)
    assert abs(sound[0]) < 0.001
    assert abs(sound[-1]) < 0.001


def test_tones_are_told_apart() -> None:
    loudest = set()
    for tone in TONES.values():
        sound = samples(tone).astype(float)
        loudest.add((sound.size, int(np.argmax(np.abs(np.fft.rfft(sound))))))
    assert len(loudest) == len(TONES)


def test_the_file_of_a_tone_is_a_wave_that_a_player_can_read(tmp_path: Path) -> None:
    path = tone_file(tmp_path / "sounds", "bell")
    assert path is not None
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        assert file.getnframes() == samples(TONES["bell"]).size


def test_a_folder_that_cannot_be_written_and_an_unknown_tone_are_silence(tmp_path: Path) -> None:
    block = tmp_path / "file"
    block.write_text("", encoding="utf-8")
    assert tone_file(block, "bell") is None
    assert tone_file(tmp_path, "siren") is None
