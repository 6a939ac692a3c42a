"""The mark of HeatDesk in every form a system asks for.

Resting orders around a price: a ladder of levels, cool where little rests, bright where walls
stand. Drawn once here as SVG; PNG, ICO (Windows) and ICNS (macOS) are rendered from it.

``python packaging/icons.py svg`` writes ``resources/icons/heatdesk.svg`` anew.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MARK = ROOT / "resources" / "icons" / "heatdesk.svg"
HICOLOR_PX = (16, 24, 32, 48, 64, 128, 256, 512)
ICO_PX = (16, 24, 32, 48, 64, 128, 256)
ICNS_TYPES = {"icp4": 16, "icp5": 32, "ic07": 128, "ic08": 256, "ic09": 512, "ic10": 1024}
ICNS_TYPES |= {"ic11": 32, "ic12": 64, "ic13": 256, "ic14": 512}

GROUND, PRICE = "#0B0E14", "#F2F5FA"
FAINT, COOL, BRIGHT, WALL, LOW_WALL = "#14305A", "#1D5B94", "#23A7C9", "#F4D35E", "#F08A5D"
CELL = 4
"""Everything stands on a grid of 16 cells, so that the smallest icon has whole pixels too."""
# Left, top, width and height in cells; later ones lie over earlier ones.
CELLS = (
    *((2, 2, 12, 12, FAINT), (7, 2, 7, 2, COOL), (2, 4, 5, 2, COOL), (4, 12, 6, 2, COOL)),
    *((7, 4, 7, 2, BRIGHT), (4, 6, 10, 1, WALL), (2, 11, 6, 1, BRIGHT), (8, 11, 6, 1, COOL)),
    (2, 10, 8, 1, LOW_WALL),
)
PRICES = ((2, 8, 3, 1), (5, 9, 3, 1), (8, 8, 3, 1), (11, 7, 3, 1))


def mark_svg() -> str:
    """Return the mark as SVG: resting orders above and below, and the price in steps between."""
    cells = [*CELLS, *((*place, PRICE) for place in PRICES)]
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">',
            f'<rect width="64" height="64" rx="13" fill="{GROUND}"/>',
            '<g shape-rendering="crispEdges">',
            *(
                f'<rect x="{CELL * x}" y="{CELL * y}" width="{CELL * wide}" '
                f'height="{CELL * high}" fill="{fill}"/>'
                for x, y, wide, high, fill in cells
            ),
            "</g></svg>",
            "",
        ]
    )


def render_png(side_px: int, svg: bytes) -> bytes:
    """Return the mark as a PNG file of a square side."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication([])
    image = QImage(side_px, side_px, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg)).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):
        raise OSError("the PNG could not be written")
    del application
    return bytes(buffer.data().data())


def ico_of(pngs: dict[int, bytes]) -> bytes:
    """Return a Windows icon of PNG pictures by their side in pixels."""
    offset = 6 + 16 * len(pngs)
    entries, bodies = b"", b""
    for side, png in sorted(pngs.items()):
        # A side of 256 is written as 0; one plane, 32 bits a pixel.
        head = (side % 256, side % 256, 0, 0, 1, 32, len(png), offset + len(bodies))
        entries += struct.pack("<BBBBHHII", *head)
        bodies += png
    return struct.pack("<HHH", 0, 1, len(pngs)) + entries + bodies


def icns_of(pngs: dict[int, bytes]) -> bytes:
    """Return a macOS icon of PNG pictures by their side in pixels."""
    body = b""
    for kind, side in ICNS_TYPES.items():
        body += kind.encode("ascii") + struct.pack(">I", 8 + len(pngs[side])) + pngs[side]
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def write_icons(folder: Path) -> None:
    """Write ``heatdesk.ico``, ``heatdesk.icns``, ``heatdesk.svg`` and PNG files of all sizes."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    svg = MARK.read_bytes()
    sides = sorted({*HICOLOR_PX, *ICO_PX, *ICNS_TYPES.values()})
    pngs = {side: render_png(side, svg) for side in sides}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "heatdesk.svg").write_bytes(svg)
    (folder / "heatdesk.ico").write_bytes(ico_of({side: pngs[side] for side in ICO_PX}))
    (folder / "heatdesk.icns").write_bytes(icns_of(pngs))
    for side in HICOLOR_PX:
        (folder / f"heatdesk-{side}.png").write_bytes(pngs[side])


if __name__ == "__main__":
    if sys.argv[1:] == ["svg"]:
        MARK.write_text(mark_svg(), encoding="utf-8", newline="\n")
    elif len(sys.argv) == 2:
        write_icons(Path(sys.argv[1]))
    else:
        sys.exit("usage: icons.py svg|FOLDER")
