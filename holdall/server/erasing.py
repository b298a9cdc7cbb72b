"""Deletes the keys under a prefix, as many as one request may take the time for.

    answer = {"next": key}      the key at which to go on, as ``start``; left out if no key is left

A request must name the prefix, or say ``all=true``. So a request that lost its parameter deletes nothing.
"""

import time
from collections.abc import Iterable
from typing import Any, Final

from holdall.batches import BATCH, split
from holdall.extras import needs
from holdall.keys import RawKey
from holdall.server.openapi import TEXT, an_object, answer, content, operation, query, whole
from holdall.server.parameters import read_number, read_parameters
from holdall.store import Store

with needs("server"):
    import falcon
    import msgspec

_SECONDS: Final = 5
"""After so many seconds a request deletes no further batch."""

DESCRIBED: Final = operation(
    "Delete the keys that begin with a prefix, or with all=true those of the whole resource",
    {200: answer("the key at which to go on, if keys are left", content(an_object("next", next=TEXT)))},
    parameters=[
        query("prefix", {**TEXT, "minLength": 1}, "The beginning of the keys."),
        query("all", {"enum": ["true"]}, "In place of a prefix: delete all keys of this resource."),
        query("start", TEXT, "The first key to delete."),
        query("seconds", whole(1, _SECONDS), "The seconds after which to answer, although keys are left."),
    ],
)


def read_prefix(req: falcon.Request) -> tuple[str, dict[str, str]]:
    """Return the prefix that ``req`` names, which is empty for all keys, and the other parameters.

    Raises HTTPBadRequest unless it names either a prefix or all keys, and if it has a condition.
    """
    given = read_parameters(req, "prefix", "all", "start", "seconds")
    prefix, all_of_them = given.pop("prefix", None), given.pop("all", None)
    if "HTTP_IF_MATCH" in req.env or "HTTP_IF_NONE_MATCH" in req.env:
        raise falcon.HTTPBadRequest(description="a request that deletes many keys takes no condition")
    if prefix and all_of_them is None:
        return prefix, given
    if prefix is None and all_of_them == "true":
        return "", given
    raise falcon.HTTPBadRequest(
        description="give either a prefix that is not empty, or all=true to delete every key"
    )


def erase(store: Store[Any], prefix: str, given: dict[str, str]) -> bytes:
    """Delete the keys of ``store`` under ``prefix``, and return the answer."""
    seconds = read_number("seconds", given["seconds"], _SECONDS) if "seconds" in given else _SECONDS
    left = _delete(store, store.scan(prefix, start=given.get("start", "")), time.monotonic() + seconds)
    return msgspec.json.encode({} if left is None else {"next": left})


def _delete(store: Store[Any], keys: Iterable[str], end: float) -> str | None:
    """Delete ``keys``. Return the first one that is left at the time ``end``; None if all are deleted."""
    for number, batch in enumerate(split(keys, BATCH)):
        if number and time.monotonic() > end:
            return batch[0]
        store.delete_many(map(RawKey, batch))
    return None
