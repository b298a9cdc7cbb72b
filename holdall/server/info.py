"""What a client needs to know of a store: ``GET /v1/{store}:info``.

    answer = {"name": …, "values": "bytes" | "text" | "json", "media_type": …, "features": [name …],
              "key_bytes": number, "body": number, "page": number, "operations": number,
              "used": number or null, "free": number or null, "replicas": [replica …]}
    replica = {"state": …, "changes": number or null, "seconds": number or null, "refused": number}

``features`` has the names in `holdall.Feature`. ``key_bytes`` is the length of the longest key. ``body`` is the most
bytes of a body, ``page`` the most items of a page, and ``operations`` the most operations of a batch. ``used`` and
``free`` are bytes, for a store that tells them, and ``replicas`` tell how far each replica is behind, see
`holdall.replication.Lag`; only a sender that may read all of the store gets them.
"""

from typing import Any

from holdall.extras import needs
from holdall.keys import KEY_BYTES
from holdall.server.listing import MOST as MOST_ITEMS
from holdall.server.openapi import (
    TEXT,
    Operations,
    Schema,
    an_object,
    answer,
    content,
    list_of,
    operation,
    read,
)
from holdall.server.operations import MOST as MOST_OPERATIONS
from holdall.server.replicas import describe_replicas
from holdall.server.representation import BytesRepresentation, Representation, TextRepresentation
from holdall.server.room import space_of
from holdall.server.stores import Served, Stores
from holdall.store import Feature, Store

with needs("server"):
    import falcon
    import msgspec


class Infos:
    """The resource of the description of a store."""

    def __init__(self, stores: Stores, max_body: int) -> None:
        self._stores = stores
        self._max_body = max_body

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str) -> None:
        """Answer with the description."""
        served = self._stores.find(store, req)
        answer = describe(served, self._max_body)
        if req.context.access.allows(store, ""):
            answer |= {**space_of(served.store)._asdict(), "replicas": describe_replicas(served.store)}
        resp.data = msgspec.json.encode(answer)

    on_head = on_get

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        number: Schema = {"type": "integer", "minimum": 1}
        room: Schema = {"type": ["integer", "null"], "minimum": 0}
        known = an_object(
            *("used", "free", "replicas"),
            name=TEXT,
            values={"enum": ["bytes", "text", "json"]},
            media_type=TEXT,
            features=list_of(TEXT),
            key_bytes=number,
            body=number,
            page=number,
            operations=number,
            used=room,
            free=room,
            replicas=list_of(
                an_object(
                    state=TEXT,
                    changes=room,
                    seconds={"type": ["number", "null"], "minimum": 0},
                    refused={"type": "integer", "minimum": 0},
                )
            ),
        )
        return read(operation("Describe the store for a client", {200: answer("facts", content(known))}))


def describe(served: Served, max_body: int) -> dict[str, Any]:
    """Return the description of ``served``."""
    return {
        "name": served.name,
        "values": _kind(served.representation),
        "media_type": served.representation.content_type,
        "features": _features(served.store),
        "key_bytes": KEY_BYTES,
        "body": max_body,
        "page": MOST_ITEMS,
        "operations": MOST_OPERATIONS,
    }


def _kind(representation: Representation) -> str:
    if isinstance(representation, BytesRepresentation):
        return "bytes"
    return "text" if isinstance(representation, TextRepresentation) else "json"


def _features(store: Store[Any]) -> list[str]:
    """Return the names of the features of ``store`` as a client sees it: a batch is one request, on any store."""
    features = store.features | Feature.BATCH | Feature.SHARED
    return [feature.name for feature in features if feature.name is not None]
