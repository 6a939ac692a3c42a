"""Healthy payloads with one thing wrong in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.servers.base import Reply, Request, json_reply
from tests.servers.faults import HYPERTRACKER, KIYOTAKA, SHARPE, Fault, Healthy
from tests.servers.kiyotaka_limits import BOOK, LIQUIDATION

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[Any], Any]


def changed(
    name: str,
    provider: str,
    change: Change,
    *,
    exit_code: int | None = 6,
    form: str = "",
    kind: str = "",
    path: str | None = None,
) -> Fault:
    """Return a fault that edits the parsed payload in place, or returns another one.

    The edited payload is written with the literals NaN and Infinity where it holds such numbers.
    """

    def make(request: Request, healthy: Healthy) -> Reply:
        reply = healthy()
        payload = reply.json()
        edited = change(payload)
        bad = json_reply(payload if edited is None else edited, reply.status)
        bad.headers.update(reply.headers)
        return bad

    return Fault(name, make, (provider,), exit_code, path=path, kind=kind, form=form)


def _points(payload: Any) -> list[Any]:
    points: list[Any] = payload["series"][0]["points"]
    return points


def _flat(payload: Any) -> list[Any]:
    flat: list[Any] = payload["series"][0]["flat_points"]
    return flat


def _level_faults(kind: str, field: str) -> list[Fault]:
    """Return what can be wrong with one array of `[price, quantity, ...]` pairs."""

    def on_levels(edit: Callable[[list[Any]], object]) -> Change:
        def change(payload: Any) -> None:
            edit(_points(payload)[0]["Point"][field])

        return change

    def put(at: int, value: Any) -> Change:
        return on_levels(lambda levels: levels.__setitem__(at, value))

    def swap(levels: list[Any]) -> None:
        levels[0:4] = levels[2:4] + levels[0:2]

    def drop(payload: Any) -> None:
        del _points(payload)[0]["Point"][field]

    def replace(value: Any) -> Change:
        return lambda payload: _points(payload)[0]["Point"].__setitem__(field, value)

    rows: list[tuple[str, Change, int | None]] = [
        ("odd length", on_levels(lambda levels: levels.pop()), 6),
        ("a string for a price", put(0, "70800"), 6),
        ("null for a quantity", put(1, None), 6),
        ("a list for a quantity", put(1, [1.0]), 6),
        ("true for a quantity", put(1, True), 6),
        ("an object for the array", replace({"0": 1}), 6),
        ("a number for the array", replace(7), 6),
        ("NaN quantity", put(1, float("nan")), 6),
        ("NaN price", put(0, float("nan")), 6),
        ("Infinity quantity", put(1, float("inf")), 6),
        ("-Infinity price", put(0, float("-inf")), 6),
        ("negative quantity", put(1, -3.5), 6),
        ("prices out of order", on_levels(swap), None),
        (
            "duplicate level",
            on_levels(lambda levels: levels.__setitem__(slice(0, 0), levels[:2])),
            None,
        ),
        # A zero or unset field may be left out by the encoder of the API.
        ("array missing", drop, None),
    ]
    return [
        changed(f"{field}: {name}", KIYOTAKA, change, exit_code=code, form="points", kind=kind)
        for name, change, code in rows
    ]


def _repeat_point(payload: Any) -> None:
    _points(payload).append(_points(payload)[0])


def _late_point(payload: Any) -> None:
    _points(payload).append(_points(payload).pop(0))


def _time(value: Any) -> Change:
    return lambda payload: _points(payload)[0]["Point"].__setitem__("timestamp", value)


def _drop(*path: str | int) -> Change:
    """Return a change that deletes one field."""

    def change(payload: Any) -> None:
        for step in path[:-1]:
            payload = payload[step]
        del payload[path[-1]]

    return change


def _put(value: Any, *path: str | int) -> Change:
    """Return a change that sets one field."""

    def change(payload: Any) -> None:
        for step in path[:-1]:
            payload = payload[step]
        payload[path[-1]] = value

    return change


def _point_fault(name: str, change: Change, exit_code: int | None = 6) -> Fault:
    return changed(name, KIYOTAKA, change, exit_code=exit_code, form="points")


def _flat_fault(name: str, change: Change, exit_code: int | None = 6) -> Fault:
    return changed(name, KIYOTAKA, change, exit_code=exit_code, form="flat")


def _put_flat(at: int, value: Any) -> Change:
    return lambda payload: _flat(payload).__setitem__(at, value)


KIYOTAKA_BODIES = (
    *_level_faults(BOOK, "bids"),
    *_level_faults(BOOK, "asks"),
    *_level_faults(LIQUIDATION, "levels"),
    _point_fault("Point missing", _drop("series", 0, "points", 0, "Point")),
    _point_fault("timestamp missing", _drop("series", 0, "points", 0, "Point", "timestamp")),
    _point_fault("timestamp without seconds", _time({"ns": 5})),
    _point_fault("timestamp a string", _time({"s": "soon"})),
    _point_fault("timestamp NaN", _time({"s": float("nan")})),
    _point_fault("duplicate timestamp", _repeat_point, None),
    _point_fault("late timestamp", _late_point, None),
    _point_fault("points an object", _put({}, "series", 0, "points")),
    _point_fault("points null", _put(None, "series", 0, "points"), None),
    _point_fault("no points", _put([], "series", 0, "points"), None),
    changed("series an object", KIYOTAKA, _put({}, "series")),
    changed("series empty", KIYOTAKA, lambda payload: {"series": []}, exit_code=None),
    changed("series missing", KIYOTAKA, lambda payload: {}, exit_code=None),
    _flat_fault("flat count overruns", _put_flat(0, 9999)),
    _flat_fault("flat count negative", _put_flat(0, -1)),
    _flat_fault("flat count a fraction", _put_flat(0, 2.5)),
    _flat_fault("flat count NaN", _put_flat(0, float("nan"))),
    _flat_fault("flat count a string", _put_flat(0, "4")),
    _flat_fault("flat count too large for an array", _put_flat(0, 1e18)),
    _flat_fault(
        "flat record cut", lambda payload: {"series": [{"flat_points": _flat(payload)[:-1]}]}
    ),
    _flat_fault("flat timestamp NaN", _put_flat(1, float("nan"))),
    _flat_fault("flat quantity null", _put_flat(3, None)),
    _flat_fault("flat quantity Infinity", _put_flat(3, float("inf"))),
    _flat_fault("flat quantity negative", _put_flat(3, -1.5)),
    _flat_fault("flat_points an object", _put({}, "series", 0, "flat_points")),
)

_SIZES = "/v1/block-sizes"
BLOCK_SIZE_BODIES = tuple(
    changed(name, KIYOTAKA, lambda _, body=body: body, exit_code=code, path=_SIZES)  # type: ignore[misc]
    for name, body, code in (
        ("block size 0", {"blockSizes": [0]}, None),
        ("block size negative", {"blockSizes": [-5]}, 6),
        ("block size NaN", {"blockSizes": [float("nan")]}, 6),
        ("block size a word", {"blockSizes": ["fine"]}, 6),
        ("no block sizes", {"blockSizes": []}, None),
        ("block sizes missing", {}, 6),
        ("block size in another shape", {"blockSize": 5}, 0),
        ("block sizes as rows", [{"blockSize": 5}], 0),
    )
)

_DOT = ("data", "dots", 0)
SHARPE_BODIES = (
    changed("y all null", SHARPE, lambda p: _null_y(p), exit_code=0),
    changed("y keys missing", SHARPE, _put({}, *_DOT, "y"), exit_code=0),
    changed("price and volume missing", SHARPE, lambda p: _bare_dot(p), exit_code=0),
    changed("no dots", SHARPE, _put([], "data", "dots"), exit_code=None),
    changed("data missing", SHARPE, _drop("data")),
    changed("dots missing", SHARPE, _drop("data", "dots")),
    changed("dots an object", SHARPE, _put({}, "data", "dots")),
    changed("id missing", SHARPE, _drop(*_DOT, "id")),
    changed("y missing", SHARPE, _drop(*_DOT, "y"), exit_code=None),
    changed("x missing", SHARPE, _drop(*_DOT, "x"), exit_code=None),
    changed("x a string", SHARPE, _put("1.25", *_DOT, "x")),
    changed("x NaN", SHARPE, _put(float("nan"), *_DOT, "x")),
    changed("marketCap Infinity", SHARPE, _put(float("inf"), *_DOT, "marketCap")),
    changed("y a list", SHARPE, _put([1, 2], *_DOT, "y")),
    changed("change a string", SHARPE, _put("up", *_DOT, "y", "24h")),
    changed(
        "updated_at not a time", SHARPE, _put("yesterday", "data", "updated_at"), exit_code=None
    ),
    changed("updated_at missing", SHARPE, _drop("data", "updated_at"), exit_code=None),
)


def _null_y(payload: Any) -> None:
    changes = payload["data"]["dots"][0]["y"]
    changes.update(dict.fromkeys(changes))


def _bare_dot(payload: Any) -> None:
    dot = payload["data"]["dots"][0]
    for name in ("price", "volume24h", "logoUrl"):
        dot.pop(name, None)


_COIN = ("heatmap", 0)
_ROW = (*_COIN, "segments", 0)
HYPERTRACKER_BODIES = (
    changed("unknown segment id", HYPERTRACKER, _put(77, *_ROW, "segmentId"), exit_code=0),
    changed("coin without segments", HYPERTRACKER, _put([], *_COIN, "segments"), exit_code=0),
    changed("segments missing", HYPERTRACKER, _drop(*_COIN, "segments"), exit_code=None),
    changed("segments null", HYPERTRACKER, _put(None, *_COIN, "segments"), exit_code=None),
    changed("heatmap empty", HYPERTRACKER, _put([], "heatmap"), exit_code=None),
    changed("heatmap missing", HYPERTRACKER, _drop("heatmap")),
    changed("heatmap an object", HYPERTRACKER, _put({}, "heatmap")),
    changed("coin missing", HYPERTRACKER, _drop(*_COIN, "coin")),
    changed("segmentId missing", HYPERTRACKER, _drop(*_ROW, "segmentId")),
    changed("segmentId a string", HYPERTRACKER, _put("whale", *_ROW, "segmentId")),
    changed("totalValue a string", HYPERTRACKER, _put("much", *_ROW, "totalValue")),
    changed("totalValue missing", HYPERTRACKER, _drop(*_ROW, "totalValue")),
    changed("totalValue NaN", HYPERTRACKER, _put(float("nan"), *_ROW, "totalValue")),
    changed("count negative", HYPERTRACKER, _put(-4, *_ROW, "countLong")),
    changed("count a fraction", HYPERTRACKER, _put(2.5, *_ROW, "count")),
    changed("segments an object", HYPERTRACKER, _put({}, *_COIN, "segments")),
)

BODIES: tuple[Fault, ...] = (
    KIYOTAKA_BODIES + BLOCK_SIZE_BODIES + SHARPE_BODIES + HYPERTRACKER_BODIES
)
