"""What lies above the docks: the menus, and the bands that say where the data comes from."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.main_window.bands import DemoBand, LiveBand, SentenceBand
from ui.main_window.menus import DeskMenus
from ui.main_window.notice import NoticeBand


class Above(QWidget):
    """Menus and bands in one column.

    Signals
    -------
    keys_wanted, live_wanted, demo_wanted : a button of a band was pressed.
    """

    keys_wanted = Signal()
    live_wanted = Signal()
    demo_wanted = Signal()

    def __init__(self, menus: DeskMenus) -> None:
        super().__init__()
        self.demo_band, self.live_band, self.sentence = DemoBand(), LiveBand(), SentenceBand()
        for band in (self.demo_band, self.live_band):
            band.keys_wanted.connect(self.keys_wanted)
        self.demo_band.live_wanted.connect(self.live_wanted)
        self.live_band.demo_wanted.connect(self.demo_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (menus, self.demo_band, self.live_band, self.sentence):
            column.addWidget(widget)

    def tell(self, *, demo: bool, real: bool, live_news: bool) -> None:
        """Show the bands that are true.

        Parameters
        ----------
        demo, real : bool
            Whether any panel is a demo, and whether any is not.
        live_news : bool
            Live books are shown, and it is the first day of this desk.
        """
        self.demo_band.tell(demo=demo, real=real)
        self.live_band.tell(wanted=live_news and not demo)

    @property
    def has_messages(self) -> bool:
        """Whether there is one that can be closed."""
        return bool(self._notices()) or not (self.live_band.isHidden() and self.sentence.isHidden())

    def dismiss(self) -> None:
        """Close what can be closed."""
        self.live_band.dismiss()
        self.sentence.hide()
        for notice in self._notices():
            notice.dismiss()

    def _notices(self) -> list[NoticeBand]:
        found = self.findChildren(NoticeBand)
        return [one for one in found if not (one.stays or one.isHidden())]
