"""The workspaces that HeatDesk brings along: rows, columns, shares and options, without Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from heatdesk.workspaces.model import Cell, PanelRecord, Plan, Row, State, Workspace

LINK = {"colour": "blue", "role": "follow", "time": False}
"""How the panels of a shipped workspace are linked."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A workspace as it comes; panels not named in the plan wait closed.

    Attributes
    ----------
    apart : tuple of str
        Panels that keep an instrument of their own; the others share one.
    """

    slug: str
    name: str
    plan: Plan
    panels: tuple[PanelRecord, ...] = ()
    apart: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """Its panels, which follow what the desk shows, real or invented."""
        named = {one.id for one in self.panels}
        plain = tuple(PanelRecord(one, one) for one in self.plan.names if one not in named)
        return State(tuple(self._linked(one) for one in (*self.panels, *plain)))

    def _linked(self, record: PanelRecord) -> PanelRecord:
        return record if record.id in self.apart else replace(record, link=dict(LINK))

    @property
    def workspace(self) -> Workspace:
        """It, never opened."""
        return Workspace(self.slug, self.name, shipped=True)


def _row(share: float, *cells: tuple[float, str]) -> Row:
    return Row(share, tuple(Cell(width, (panel,)) for width, panel in cells))


ORDER_FLOW = Shipped(
    "order-flow",
    "Order flow",
    Plan(
        (
            _row(0.64, (0.80, "order-book"), (0.20, "tape")),
            _row(0.36, (0.50, "order-book-2"), (0.50, "order-book-3")),
        )
    ),
    (
        PanelRecord("order-book", "order-book"),
        PanelRecord(
            "order-book-2",
            "order-book",
            options={"symbol": "ETHUSDT", "coin": "ETH", "delta": False},
        ),
        PanelRecord(
            "order-book-3",
            "order-book",
            options={"symbol": "SOLUSDT", "coin": "SOL", "delta": False},
        ),
    ),
    apart=("order-book-2", "order-book-3"),
)
LIQUIDATIONS = Shipped(
    "liquidations",
    "Liquidations",
    Plan((_row(0.60, (1.0, "liquidation")), _row(0.40, (0.76, "order-book"), (0.24, "tape")))),
    (
        PanelRecord(
            "tape", "tape", options={"liquidations": True, "joined": True, "least_usd": 0.0}
        ),
    ),
)
MARKET = Shipped(
    "market",
    "Market",
    Plan((_row(0.62, (1.0, "dots")), _row(0.38, (0.5, "order-book"), (0.5, "dots-2")))),
    (
        PanelRecord("dots", "dots"),
        PanelRecord("dots-2", "dots", options={"table": True}),
    ),
)
POSITIONING = Shipped(
    "positioning",
    "Positioning",
    Plan(
        (
            _row(0.56, (1.0, "cohorts")),
            _row(0.44, (0.5, "liquidation"), (0.5, "dots")),
        )
    ),
)
ALL_FOUR = Shipped(
    "all-four",
    "All four",
    Plan(
        (
            _row(0.64, (0.60, "order-book"), (0.40, "liquidation")),
            _row(0.36, (0.40, "dots"), (0.60, "cohorts")),
        )
    ),
)

SHIPPED = (ORDER_FLOW, LIQUIDATIONS, MARKET, POSITIONING, ALL_FOUR)
"""In the order of the menu and of Ctrl+1 to Ctrl+5."""
FIRST = ALL_FOUR
"""What a new desk opens with."""


def shipped(slug: str) -> Shipped | None:
    """Return the one of a slug."""
    return next((one for one in SHIPPED if one.slug == slug), None)
