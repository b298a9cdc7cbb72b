"""What changed in a document: ``GET /v1/{store}:diff?key=&from=&to=``, as a JSON patch (RFC 6902).

A deletion counts as null. Documents are compared as the service shows them, so numbers keep their digits. The time of
a comparison grows with the square of their size, so the patch between large documents replaces the whole document.
"""

from typing import Any, Final

from holdall.extras import needs
from holdall.server.openapi import (
    KEY,
    PROBLEM,
    Operations,
    answer,
    content,
    operation,
    query,
    read,
    whole,
)
from holdall.server.parameters import read_number, read_parameters, require
from holdall.server.past import MOST, has_history, require_history
from holdall.server.patches import JSON, SCHEMA, decode, encode
from holdall.server.representation import DocumentRepresentation
from holdall.server.stores import Served, Stores

with needs("server"):
    import falcon
    import jsonpatch

_MOST: Final = 5000
"""The most parts of two documents, elements of lists and members of objects, that are compared one by one."""


class Differences:
    """The resource that compares two revisions of a document."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str) -> None:
        """Answer with the JSON patch that turns revision ``from`` of ``key`` into revision ``to``."""
        given = read_parameters(req, "key", "from", "to")
        key = require(given, "key")
        old, new = (read_number(name, require(given, name), MOST) for name in ("from", "to"))
        req.context.access.check(store, key)
        served = self._stores.find(store, req, key)
        require_history(served)
        if not isinstance(served.representation, DocumentRepresentation):
            raise falcon.HTTPNotImplemented(description="only documents can be compared, not bytes or text")
        resp.content_type = JSON
        resp.data = encode(_compare(_document(served, key, old), _document(served, key, new)))

    on_head = on_get

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        if not (has_history(served) and isinstance(served.representation, DocumentRepresentation)):
            return {}
        number = whole(1, MOST)
        found = operation(
            "Compare two revisions of a document",
            {200: answer("a JSON patch", content(SCHEMA, JSON)), 404: PROBLEM},
            parameters=[
                query("key", KEY, "The key.", required=True),
                query("from", number, "The earlier revision.", required=True),
                query("to", number, "The later revision.", required=True),
            ],
        )
        return read(found)


def _compare(old: Any, new: Any) -> list[Any]:
    """Return the JSON patch that turns ``old`` into ``new``."""
    if _count(old) + _count(new) > _MOST:
        return [] if encode(old) == encode(new) else [{"op": "replace", "path": "", "value": new}]
    return list(jsonpatch.JsonPatch.from_diff(old, new, dumps=lambda part: encode(part).decode()))


def _count(document: Any) -> int:
    """Return the number of the parts of ``document``, at all levels."""
    if not isinstance(document, dict | list):
        return 0
    parts = document.values() if isinstance(document, dict) else document
    return len(document) + sum(map(_count, parts))


def _document(served: Served, key: str, revision: int) -> Any:
    """Return the JSON document of ``revision``, or None if it is a deletion."""
    try:
        return decode(served.representation.write(served.store.at(key, revision)))
    except KeyError:
        pass
    try:
        served.store.history(key)
    except KeyError:
        raise falcon.HTTPNotFound(description="the key never existed") from None
    return None
