"""Writes an earlier value again: ``POST /v1/{store}:revert`` of ``{"key": …, "revision": …, "message": …}``.

``message`` is the message of the new revision. It may be left out, or given in the header ``Holdall-Message``.
"""

from typing import Annotated

from holdall.extras import needs
from holdall.history import current_note, note
from holdall.server.bodies import read_json
from holdall.server.openapi import (
    KEY,
    PROBLEM,
    TEXT,
    Operations,
    an_object,
    answer,
    body,
    nullable,
    operation,
    whole,
)
from holdall.server.parameters import read_parameters
from holdall.server.past import MOST, has_history, require_history
from holdall.server.stores import Served, Stores

with needs("server"):
    import falcon
    import msgspec


class _Revert(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    revision: Annotated[float, msgspec.Meta(ge=1, le=MOST, multiple_of=1)]  # for JSON, 2.0 is 2
    message: str | None = None


_decode = msgspec.json.Decoder(_Revert).decode


class Reverts:
    """The resource that writes earlier values again."""

    def __init__(self, stores: Stores, max_body: int) -> None:
        self._stores = stores
        self._max_body = max_body

    def on_post(self, req: falcon.Request, resp: falcon.Response, store: str) -> None:
        """Write the value of the revision again, or delete the key if the revision is a deletion: 204."""
        read_parameters(req)
        served = self._stores.find(store, req)
        asked: _Revert = read_json(req, self._max_body, _decode)
        req.context.access.check(store, asked.key, write=True)
        require_history(served)
        revision = int(asked.revision)
        with note(message=asked.message or current_note().message or f"revert to {revision}"):
            _revert(served, asked.key, revision)
        resp.status = falcon.HTTP_NO_CONTENT

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        if not has_history(served):
            return {}
        asked = an_object("message", key=KEY, revision=whole(1, MOST), message=nullable(TEXT))
        found = operation(
            "Write an earlier value again",
            {204: answer("it is the newest value"), 404: PROBLEM},
            request=body(asked),
        )
        return {"post": found}


def _revert(served: Served, key: str, revision: int) -> None:
    try:
        value = served.store.at(key, revision)
    except KeyError:
        _check_known(served, key)
        served.store.discard(key)
    else:
        served.store[key] = value


def _check_known(served: Served, key: str) -> None:
    try:
        served.store.history(key)
    except KeyError:
        raise falcon.HTTPNotFound(description="the key never existed") from None
