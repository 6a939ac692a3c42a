"""The band of sentences above the panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.main_window.bands import MOST_SENTENCES, SentenceBand

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_many_sentences_do_not_cover_the_panels_the_oldest_goes(qtbot: QtBot) -> None:
    band = SentenceBand()
    qtbot.addWidget(band)
    for n in range(MOST_SENTENCES + 3):
        band.say(f"sentence {n}")
        band.say(f"sentence {n}")
    assert band.label.text().split("\n") == [f"sentence {n}" for n in range(3, MOST_SENTENCES + 3)]


def test_a_closed_band_begins_anew(qtbot: QtBot) -> None:
    band = SentenceBand()
    qtbot.addWidget(band)
    band.say("first")
    band.hide()
    band.say("")
    assert band.isHidden()
    band.say("second")
    assert band.label.text() == "second"
