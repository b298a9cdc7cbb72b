"""Several keys in one request: ``POST /v1/{store}:batch``, each operation with its status.

Neighbours of the same kind are one bulk call of the store. If a bulk call fails, its operations run one by
one, so that only those fail that must; a value may then be written twice.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import groupby
from typing import Any, Final

from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.server.access import Access
from holdall.server.openapi import (
    ANY,
    TEXT,
    Operations,
    an_object,
    answer,
    body,
    content,
    list_of,
    operation,
    whole,
)
from holdall.server.operations import Delete, Get, Put, operations_schema, read_batch
from holdall.server.parameters import read_parameters
from holdall.server.problems import MissingKey, describe
from holdall.server.stores import Served, Stores

with needs("server"):
    import falcon
    import msgspec

Result = dict[str, Any]
"""The ``status`` of an operation, with its ``value`` or the members of a problem."""

Pairs = list[tuple[str, Any]]
"""Keys and their values, which are None unless they are written."""

_LARGEST: Final = 16 << 20  # bytes of values in an answer


class Batches:
    """The resource of batches."""

    def __init__(self, stores: Stores, max_body: int) -> None:
        self._stores = stores
        self._max_body = max_body

    def on_post(self, req: falcon.Request, resp: falcon.Response, store: str) -> None:
        """Run the operations in order, and answer with a result for each."""
        read_parameters(req)
        served = self._stores.find(store, req)
        batch = _Batch(served, req.context.access)
        results = [
            result
            for kind, run in groupby(read_batch(req, self._max_body), type)
            for result in batch.run(kind, list(run))
        ]
        resp.data = msgspec.json.encode({"results": results})

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        result = an_object(
            "value", "type", "title", "detail", "errors",
            status=whole(200, 599), value=ANY, type=TEXT, title=TEXT, detail=TEXT, errors=ANY,
        )  # fmt: skip
        found = operation(
            "Read, write and delete several keys, each with its status",
            {200: answer("the result of each operation", content(an_object(results=list_of(result))))},
            request=body(an_object(operations=operations_schema("get", "put", "delete", key=TEXT))),
        )
        return {"post": found}


class _Batch:
    def __init__(self, served: Served, access: Access) -> None:
        self._served = served
        self._access = access
        self._left = _LARGEST
        self._calls: dict[type, Callable[[Pairs], list[Result]]] = {
            Get: self._get,
            Put: self._put,
            Delete: self._delete,
        }

    def run(self, kind: type, run: list[Any]) -> list[Result]:
        """Return the results of ``run``, operations of the same ``kind``."""
        ready: Pairs = []
        results = [_attempt(partial(self._prepare, each, ready)) for each in run]
        done = iter(self._call(self._calls[kind], ready))
        return [result or next(done) for result in results]

    def _prepare(self, operation: Get | Put | Delete, ready: Pairs) -> None:
        """Append the key and value of ``operation`` to ``ready``. Raises an error if it must be refused."""
        key = operation.key
        self._served.check_key(key)
        self._access.check(self._served.name, key, write=not isinstance(operation, Get))
        value = None
        if isinstance(operation, Put):
            value = self._served.at(key).representation.read_item(bytes(operation.value))
        ready.append((key, value))

    def _call(self, call: Callable[[Pairs], list[Result]], pairs: Pairs) -> list[Result]:
        try:
            return call(pairs)
        except HoldallError:
            return [_attempt(partial(_first, call, pair)) for pair in pairs]

    def _get(self, pairs: Pairs) -> list[Result]:
        found: dict[str, Result] = {}
        left = self._left
        times = Counter(key for key, _ in pairs)  # the answer has a value as often as it is asked for
        for key, value in self._served.store.get_many(times):
            item = self._served.at(key).representation.write_item(value)
            left -= len(bytes(item)) * times[key]
            if left < 0:
                break
            found[key] = {"status": 200, "value": item}
        self._left = left
        full = {"status": 413, "detail": "the answer is full; read this key in another batch"}
        missing = {"status": 404, "type": MissingKey.type, "detail": "the key does not exist"}
        return [found.get(key, full if left < 0 else missing) for key, _ in pairs]

    def _put(self, pairs: Pairs) -> list[Result]:
        self._served.store.set_many(pairs)
        return [{"status": 204} for _ in pairs]

    def _delete(self, pairs: Pairs) -> list[Result]:
        self._served.store.delete_many([key for key, _ in pairs])
        return [{"status": 204} for _ in pairs]


def _first(call: Callable[[Pairs], list[Result]], pair: tuple[str, Any]) -> Result:
    return call([pair])[0]


def _attempt(action: Callable[[], Any]) -> Any:
    """Return ``action()``, or the problem of the error that it raises."""
    try:
        return action()
    except HoldallError as error:
        return describe(error)
    except falcon.HTTPForbidden as error:
        return {"status": 403, "detail": error.description}
