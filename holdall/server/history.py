"""The history of a key: ``GET /v1/{store}/history/{key}`` lists its revisions, the newest first.

    page     = {"revisions": [revision …], "next": link}      "next" is left out on the last page
    revision = {"revision": number, "time": …, "deleted": bool, "author": …, "message": …}

A cursor has the number of the last revision of the page. ``time`` is null for a value that is older than its history.
"""

from collections.abc import Iterator
from itertools import dropwhile, islice
from typing import Any

from holdall.extras import needs
from holdall.history import Revision
from holdall.server.cursors import CURSOR, bad_cursor, next_link, unpack_cursor
from holdall.server.openapi import (
    LINK,
    PROBLEM,
    TEXT,
    TIME,
    Operations,
    an_object,
    answer,
    content,
    list_of,
    nullable,
    operation,
    query,
    read,
    whole,
)
from holdall.server.parameters import read_number, read_parameters
from holdall.server.past import MOST, has_history, require_history, time_of
from holdall.server.problems import MissingKey
from holdall.server.stores import Served, Stores

with needs("server"):
    import falcon
    import msgspec

_PAGE = 1000


class Histories:
    """The resource of the history of one key."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with a page of the revisions of the key, or 404 if it never existed."""
        given = read_parameters(req, "limit", "cursor")
        limit = read_number("limit", given.get("limit", "100"), _PAGE)
        below = _read_cursor(given)
        req.context.access.check(store, key)
        served = self._stores.find(store, req)
        require_history(served)
        try:
            revisions = served.store.history(key)
        except KeyError:
            raise MissingKey(description="the key never existed") from None
        page: dict[str, Any] = {"revisions": []}
        for number, revision in enumerate(_older(revisions, below, limit)):
            if number == limit:
                page["next"] = next_link(req, given, str(page["revisions"][-1]["revision"]))
                break
            page["revisions"].append(_describe(revision))
        resp.data = msgspec.json.encode(page)

    on_head = on_get

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        if not has_history(served):
            return {}
        revision = an_object(
            revision=whole(1, MOST),
            time=nullable(TIME),
            deleted={"type": "boolean"},
            author=TEXT,
            message=TEXT,
        )
        page = an_object("next", revisions=list_of(revision), next=LINK)
        found = operation(
            "List the revisions of a key, newest first",
            {200: answer("a page", content(page)), 404: PROBLEM},
            parameters=[query("limit", whole(1, _PAGE), "The most revisions of a page."), CURSOR],
        )
        return read(found)


def _read_cursor(given: dict[str, str]) -> int:
    """Return the number under which the page begins."""
    place = unpack_cursor(given)
    if not place:
        return MOST + 1
    if not (place.isascii() and place.isdigit() and len(place) < 20):
        raise bad_cursor()
    return int(place)


def _older(revisions: Iterator[Revision], below: int, limit: int) -> Iterator[Revision]:
    """Yield up to ``limit`` revisions with a number under ``below``, and one more."""
    return islice(dropwhile(lambda each: each.number >= below, revisions), limit + 1)


def _describe(revision: Revision) -> dict[str, Any]:
    author, message = revision.note
    return {
        "revision": revision.number,
        "time": time_of(revision.time),
        "deleted": revision.deleted,
        "author": author,
        "message": message,
    }
