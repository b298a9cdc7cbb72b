"""A page of the rows of a view, or of the keys of the documents behind one of its groups.

A cursor has the last group of the page, and how many rows of this group were on pages before: without a
reducer, a group has a row for each of its values.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from holdall.errors import InvalidQuery
from holdall.extras import needs
from holdall.query import Row, View
from holdall.query.collation import Bound, Range, collate
from holdall.server.cursors import CURSOR, bad_cursor, next_link, unpack_cursor
from holdall.server.groups import GROUP, read_group, write_group
from holdall.server.openapi import json_query, query, whole
from holdall.server.parameters import read_number, refuse_together

with needs("server"):
    import falcon
    import msgspec

PARAMETERS: Final = ("key", "start", "stop", "group", "keys", "limit", "cursor", "stale")
"""The parameters that select a page."""
_MOST: Final = 1000
_DEEPEST: Final = 100

DESCRIBED: Final = (
    json_query("key", GROUP, "The rows of this group."),
    json_query("start", GROUP, "The rows from this group on."),
    json_query("stop", GROUP, "The rows up to this group."),
    query("group", whole(0, _DEEPEST), "Rows by so many of the first elements of their groups."),
    json_query("keys", GROUP, "Instead of rows, the keys of the documents behind this group."),
    query("limit", whole(1, _MOST), "The most rows of a page."),
    CURSOR,
    query("stale", {"const": "ok"}, "Answer as of the last refresh."),
)
"""The descriptions of the parameters."""


def read_page(req: falcon.Request, view: View[Any], given: dict[str, str]) -> dict[str, Any]:
    """Return the page of the stale ``view`` that ``given`` selects. Raises HTTPBadRequest if it is not valid."""
    for name in ("start", "stop"):
        refuse_together(given, "key", name)
    for name in ("key", "start", "stop", "group"):
        refuse_together(given, "keys", name)
    limit = read_number("limit", given.get("limit", "100"), _MOST)
    if "keys" in given:
        return _keys(req, view, given, limit)
    return _rows(req, view, given, limit)


def _keys(req: falcon.Request, view: View[Any], given: dict[str, str], limit: int) -> dict[str, Any]:
    group = read_group("keys", given["keys"])
    found = list(view.keys(group, unpack_cursor(given) or None, limit + 1, stale=True))
    page: dict[str, Any] = {"items": [{"key": key} for key in found[:limit]]}
    if len(found) > limit:
        page["next"] = next_link(req, given, found[limit - 1])
    return page


def _rows(req: falcon.Request, view: View[Any], given: dict[str, str], limit: int) -> dict[str, Any]:
    level = read_number("group", given["group"], _DEEPEST, 0) if "group" in given else None
    start, stop = (_bound(given, name) for name in ("start", "stop"))
    if "key" in given:
        start = stop = read_group("key", given["key"])
    after, seen = _read_cursor(given)
    low = start if after is ... else after
    if _is_empty(low, stop):
        return {"rows": []}
    found = view.rows(level, between=(low, stop), limit=limit + 1 + max(seen, 1), stale=True)
    rows = list(islice(_skip(found, after, seen), limit + 1))
    page: dict[str, Any] = {"rows": [_describe(row) for row in rows[:limit]]}
    if len(rows) > limit:
        last = rows[limit - 1].key
        same = sum(collate(row.key) == collate(last) for row in rows[:limit])
        same += seen if after is not ... and collate(after) == collate(last) else 0
        page["next"] = next_link(req, given, f"{same} {bytes(write_group(last)).decode()}")
    return page


def _is_empty(low: Bound, high: Bound) -> bool:
    """Return whether no group can be between these bounds. As in listings, this is not an error."""
    try:
        Range(low, high)
    except InvalidQuery:
        return True
    return False


def _bound(given: dict[str, str], name: str) -> Bound:
    return read_group(name, given[name]) if name in given else ...


def _read_cursor(given: dict[str, str]) -> tuple[Bound, int]:
    """Return the last group of the page before, and the number of its rows on earlier pages."""
    place = unpack_cursor(given)
    if not place:
        return ..., 0
    seen, _, group = place.partition(" ")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 10):
        raise bad_cursor()
    return read_group("cursor", group), int(seen)


def _skip(rows: list[Row[Any]], after: Bound, seen: int) -> Iterator[Row[Any]]:
    """Yield ``rows`` without the first ``seen`` ones that have the key ``after``."""
    for row in rows:
        if seen and after is not ... and collate(row.key) == collate(after):
            seen -= 1
        else:
            yield row


def _describe(row: Row[Any]) -> dict[str, Any]:
    try:
        value = msgspec.Raw(msgspec.json.encode(row.value))
    except (TypeError, ValueError):
        raise falcon.HTTPNotImplemented(
            description="the values of this view cannot be written as JSON"
        ) from None
    return {"key": write_group(row.key), "value": value}
