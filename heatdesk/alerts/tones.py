"""The sounds of alerts, made by arithmetic: short, calm, told apart."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heatdesk.errors import WriteError
from heatdesk.files import write_whole

RATE_HZ = 44_100
PEAK = 0.35
"""Share of the loudest a file could be."""
_ATTACK_S = 0.006


@dataclass(frozen=True, slots=True)
class Tone:
    """One sound.

    Attributes
    ----------
    notes : tuple of (start, frequency, fade)
        Seconds, hertz, seconds until a note has faded to a third.
    overtones : tuple of (ratio, strength)
        What is heard above each note.
    """

    title: str
    notes: tuple[tuple[float, float, float], ...]
    overtones: tuple[tuple[float, float], ...] = ((2.0, 0.2),)


TONES: dict[str, Tone] = {
    "bell": Tone("Bell", ((0.0, 880.0, 0.30),), ((2.0, 0.35), (2.76, 0.2), (5.4, 0.06))),
    "rise": Tone("Two notes, rising", ((0.0, 587.3, 0.16), (0.14, 880.0, 0.28))),
    "fall": Tone("Two notes, falling", ((0.0, 880.0, 0.16), (0.14, 587.3, 0.28))),
    "wood": Tone("Wood", ((0.0, 440.0, 0.05), (0.13, 440.0, 0.05)), ((3.9, 0.3),)),
    "glass": Tone("Glass", ((0.0, 1318.5, 0.22), (0.02, 1975.5, 0.2)), ((2.4, 0.1),)),
    "deep": Tone("Deep", ((0.0, 220.0, 0.4),), ((2.0, 0.4), (3.0, 0.15))),
}
"""By the name that alerts keep."""


def samples(tone: Tone) -> NDArray[np.int16]:
    """Samples of a tone, (n,) int16 at `RATE_HZ`, beginning and ending in silence."""
    length_s = max(start + 4 * fade for start, _, fade in tone.notes)
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    sound = np.zeros(time_s.size)
    for start, pitch_hz, fade_s in tone.notes:
        since = time_s - start
        heard = since >= 0
        at = since[heard]
        envelope = np.exp(-at / fade_s) * np.minimum(1.0, at / _ATTACK_S)
        note = np.sin(2 * np.pi * pitch_hz * at)
        for ratio, strength in tone.overtones:
            note += (
                strength
                * np.exp(-at * ratio / fade_s / 2)
                * np.sin(2 * np.pi * pitch_hz * ratio * at)
            )
        sound[heard] += envelope * note
    # the last of it is let go so that it does not click
    sound *= np.minimum(1.0, (length_s - time_s) / 0.05)
    sound *= PEAK / np.abs(sound).max()
    return np.round(sound * 32_767).astype(np.int16)


def wav_of(tone: Tone) -> bytes:
    """A tone as a WAV file: mono, 16 bits."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples(tone).astype("<i2").tobytes())
    return out.getvalue()


def tone_file(folder: Path, name: str) -> Path | None:
    """File of a tone, written where there is none yet; None where it cannot be, or no such tone."""
    tone = TONES.get(name)
    if tone is None:
        return None
    path = folder / f"{name}.wav"
    try:
        if not path.is_file() or path.stat().st_size == 0:
            write_whole(path, wav_of(tone))
    except (OSError, WriteError):
        return None
    return path
