"""What leaves the desk says what it is of, is whole, and is told of when it cannot be kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QRect, QSize
from PySide6.QtGui import QColor, QGuiApplication, QImage

from tests.ui.desk import Desk, Plain
from tests.ui.panels.invented import InventedMarket
from ui import theme
from ui.panels.cohorts import CohortPanel
from ui.panels.order_book import OrderBookPanel
from ui.sharing import painting
from ui.sharing.picture import MARGIN_PX, TALL_MARGIN_PX, picture_of
from ui.sharing.sharing import NO_TABLE, NOTHING_SHOWN, Sharing
from ui.sharing.tables import tsv_of

TITLES = {"kiyotaka": "Kiyotaka", "hypertracker": "HyperTracker"}


class Asked:
    """What a person chose in the dialog, and what was told."""

    def __init__(self) -> None:
        self.path = ""
        self.proposed: list[str] = []
        self.told: list[str] = []

    def ask(self, parent: object, title: str, proposed: str, kind: str) -> str:
        del parent, title, kind
        self.proposed.append(proposed)
        return self.path


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def market() -> InventedMarket:
    return InventedMarket()


@pytest.fixture
def sharing(market: InventedMarket, asked: Asked) -> Sharing:
    return Sharing(market.context, lambda: TITLES, asked.told.append, asked.ask)


@pytest.fixture
def book(qapp: object, market: InventedMarket) -> Iterator[OrderBookPanel]:
    panel = OrderBookPanel(market.context)
    market.show(panel)
    yield panel
    panel.deleteLater()


@pytest.fixture
def cohorts(qapp: object, market: InventedMarket) -> Iterator[CohortPanel]:
    panel = CohortPanel(market.context)
    market.show(panel)
    yield panel
    panel.deleteLater()


def colours(image: QImage, area: QRect) -> set[int]:
    return {
        image.pixel(x, y)
        for x in range(area.left(), area.right(), 3)
        for y in range(area.top(), area.bottom(), 3)
    }


def margin(image: QImage) -> QRect:
    tall = round(MARGIN_PX * image.devicePixelRatio())
    return QRect(0, image.height() - tall, image.width(), tall)


def test_a_picture_of_a_book_shows_its_cells_as_the_screen_does(
    sharing: Sharing, book: OrderBookPanel
) -> None:
    image = sharing.picture(book)
    assert (image.width(), image.height()) == (book.width(), book.height() + MARGIN_PX)
    seen = book.grab().toImage()
    same = sum(
        image.pixel(x, y) == seen.pixel(x, y)
        for x in range(0, book.width(), 5)
        for y in range(0, book.height(), 5)
    )
    assert same / (len(range(0, book.width(), 5)) * len(range(0, book.height(), 5))) > 0.995


def test_a_picture_at_twice_the_size_is_drawn_so_and_not_stretched(
    sharing: Sharing, book: OrderBookPanel
) -> None:
    image = sharing.picture(book, 2.0)
    assert image.width() == 2 * book.width()
    # stretched, each pixel would be there four times
    middle = QRect(image.width() // 4, image.height() // 3, 200, 200)
    apart = sum(
        image.pixel(x, y) != image.pixel(x + 1, y)
        for x in range(middle.left() & ~1, middle.right(), 2)
        for y in range(middle.top(), middle.bottom())
    )
    assert apart > 0


def test_the_margin_says_symbol_time_source_and_that_it_is_invented(
    sharing: Sharing, book: OrderBookPanel
) -> None:
    caption = sharing.caption(book)
    assert caption.what.startswith("Order book · BTCUSDT")
    assert caption.when == "2026-03-27 12:00:00 UTC"
    assert caption.whence == "Source: invented"
    image = sharing.picture(book)
    demo = QColor(theme.Palette.DEMO_GROUND).rgb()
    assert demo in colours(image, margin(image))
    assert demo not in colours(
        picture_of([book], type(caption)(caption.what, caption.when, "", demo=False), 1.0),
        margin(image),
    )


def test_a_narrow_picture_says_when_and_whence_in_a_line_of_their_own(
    sharing: Sharing, book: OrderBookPanel
) -> None:
    caption = sharing.caption(book)
    untold = type(caption)(caption.what, caption.when, "", caption.demo)
    book.resize(330, book.height())
    narrow = picture_of([book], caption, 1.0)
    assert narrow.height() == book.height() + TALL_MARGIN_PX
    second = QRect(0, narrow.height() - (TALL_MARGIN_PX - MARGIN_PX), 330, 14)
    less = picture_of([book], untold, 1.0)
    # the source is in it: without it the line is another
    assert narrow.copy(second) != less.copy(second.translated(0, less.height() - narrow.height()))
    assert len(colours(narrow, second)) > 1


def test_the_margin_names_who_told_what_is_real(sharing: Sharing, cohorts: CohortPanel) -> None:
    cohorts.demo = False
    assert sharing.caption(cohorts).whence == "Source: HyperTracker"
    assert not sharing.caption(cohorts).demo


def test_old_data_does_not_pass_for_fresh(
    sharing: Sharing, market: InventedMarket, cohorts: CohortPanel
) -> None:
    cohorts.demo = False
    desk = Desk()
    panel = Plain(desk.context)
    desk.data(panel.primary(), data_time_ms=desk.clock.now_ms() - 3_600_000)
    panel.pull()
    assert "stale, 1 h" in Sharing(desk.context, dict, print).caption(panel).what
    panel.deleteLater()


def test_a_picture_is_saved_as_a_png_with_a_name_that_tells_what_it_is(
    sharing: Sharing, asked: Asked, book: OrderBookPanel, tmp_path: Path
) -> None:
    asked.path = str(tmp_path / "book")
    sharing.save_picture(book)
    assert asked.proposed[0].endswith("Order book BTCUSDT 2026-03-27 12-00-00.png")
    image = QImage(str(tmp_path / "book.png"))
    assert image.size() == sharing.picture(book).size()
    assert asked.told == []
    sharing.save_picture(book)
    assert asked.proposed[1].startswith(str(tmp_path)), "the folder chosen last is proposed"


def test_nothing_is_written_where_no_place_was_chosen(
    sharing: Sharing, asked: Asked, book: OrderBookPanel, tmp_path: Path
) -> None:
    sharing.save_picture(book)
    sharing.save_csv(book)
    assert asked.told == []
    assert list(tmp_path.glob("*.png")) == []


def test_a_place_that_cannot_be_written_costs_one_sentence(
    sharing: Sharing, asked: Asked, book: OrderBookPanel, tmp_path: Path
) -> None:
    asked.path = str(tmp_path / "missing" / "book.png")
    sharing.save_picture(book)
    (tmp_path / "file").write_text("in the way")
    asked.path = str(tmp_path / "file" / "book.csv")
    sharing.save_csv(book)
    assert len(asked.told) == 2
    assert all(one.endswith(".") and "cannot be written" in one for one in asked.told)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_costs_one_sentence(
    sharing: Sharing, asked: Asked, book: OrderBookPanel, tmp_path: Path
) -> None:
    (tmp_path / "book.csv").symlink_to("/dev/full")
    asked.path = str(tmp_path / "book.csv")
    sharing.save_csv(book)
    assert len(asked.told) == 1
    assert "the disk is full" in asked.told[0]


def test_a_table_goes_to_a_spreadsheet_between_tabs_and_into_a_file_between_commas(
    sharing: Sharing, asked: Asked, cohorts: CohortPanel, tmp_path: Path
) -> None:
    sharing.copy_table(cohorts)
    pasted = QGuiApplication.clipboard().text().splitlines()
    asked.path = str(tmp_path / "cohorts.csv")
    sharing.save_csv(cohorts)
    kept = (tmp_path / "cohorts.csv").read_text().splitlines()
    assert len(pasted) == len(kept) > 10
    assert pasted[0].split("\t") == kept[0].split(",")


def test_values_hold_no_tab_and_no_line_break() -> None:
    assert tsv_of('a,"b\tc"\n"d\ne","f,g"\n') == "a\tb c\nd e\tf,g\n"


def test_figures_of_a_table_are_plain_whatever_the_system_writes(
    sharing: Sharing, cohorts: CohortPanel
) -> None:
    before = QLocale()
    sharing.copy_table(cohorts)
    plain = QGuiApplication.clipboard().text()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    try:
        sharing.copy_table(cohorts)
        assert QGuiApplication.clipboard().text() == plain
    finally:
        QLocale.setDefault(before)


def test_a_panel_without_a_table_says_so(qapp: object) -> None:
    desk, told = Desk(), []
    panel = Plain(desk.context)
    Sharing(desk.context, dict, told.append).copy_table(panel)
    assert told == [NO_TABLE]
    panel.deleteLater()


def test_a_panel_that_waits_says_that_nothing_is_shown(
    sharing: Sharing, asked: Asked, market: InventedMarket
) -> None:
    panel = OrderBookPanel(market.context)
    sharing.copy_table(panel)
    assert asked.told == [NOTHING_SHOWN]
    panel.deleteLater()


def test_a_picture_of_the_desk_has_every_window_side_by_side(
    sharing: Sharing, book: OrderBookPanel, cohorts: CohortPanel
) -> None:
    image = sharing.desk_picture("Order flow", [book, cohorts])
    assert image is not None
    assert image.width() >= book.width() + cohorts.width()
    assert len(colours(image, QRect(0, 30, book.width(), 300))) > 50
    assert len(colours(image, QRect(book.width() + 10, 30, cohorts.width() - 20, 300))) > 50


def test_a_picture_of_nothing_is_a_sentence(sharing: Sharing, asked: Asked) -> None:
    assert sharing.desk_picture("Empty", []) is None
    assert len(asked.told) == 1


def test_a_picture_never_grows_beyond_what_programs_open(qapp: object) -> None:
    image = painting.blank(QSize(12_000, 400), 2.0)
    assert image.width() <= painting.LARGEST_SIDE_PX


def test_the_menu_of_a_panel_is_filled_when_it_opens(
    sharing: Sharing, asked: Asked, book: OrderBookPanel
) -> None:
    menu = sharing.menu_of(book).menu()
    assert menu.isEmpty()
    menu.aboutToShow.emit()
    entry = next(one for one in menu.actions() if one.text() == "Copy picture")
    entry.trigger()
    copied = QGuiApplication.clipboard().image()
    assert copied.size() == sharing.picture(book).size()
    menu.aboutToShow.emit()
    assert len([one for one in menu.actions() if one.text() == "Copy picture"]) == 1
