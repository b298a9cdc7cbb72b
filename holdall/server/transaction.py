"""Several keys, all or nothing: ``POST /v1/{store}:transact``."""

from typing import Any

from holdall.adapters._shared.etags import unescape_tag
from holdall.extras import needs
from holdall.server.openapi import PROBLEM, Operations, an_object, answer, body, operation
from holdall.server.operations import Delete, Expect, Put, operations_schema, read_transaction
from holdall.server.parameters import read_parameters
from holdall.server.stores import Served, Stores
from holdall.store import ABSENT, Feature, Operation
from holdall.store import Delete as StoreDelete
from holdall.store import Expect as StoreExpect
from holdall.store import Put as StorePut

with needs("server"):
    import falcon


class Transactions:
    """The resource of transactions."""

    def __init__(self, stores: Stores, max_body: int) -> None:
        self._stores = stores
        self._max_body = max_body

    def on_post(self, req: falcon.Request, resp: falcon.Response, store: str) -> None:
        """Apply all operations or none: 204, or 409 if a key does not have its expected tag."""
        read_parameters(req)
        served = self._stores.find(store, req)
        operations = read_transaction(req, self._max_body)
        for each in operations:
            req.context.access.check(store, each.key, write=not isinstance(each, Expect))
        served.store.transact([_change(served, each) for each in operations])
        resp.status = falcon.HTTP_NO_CONTENT

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        if Feature.ATOMIC not in served.store.features:
            return {}
        found = operation(
            "Change several keys, all or nothing",
            {204: answer("all of them are changed"), 409: PROBLEM},
            request=body(an_object(operations=operations_schema("put", "delete", "expect"))),
        )
        return {"post": found}


def _change(served: Served, operation: Put | Delete | Expect) -> Operation[Any]:
    key = operation.key
    if isinstance(operation, Put):
        return StorePut(key, served.at(key).representation.read_item(bytes(operation.value)))
    if isinstance(operation, Delete):
        return StoreDelete(key)
    return StoreExpect(key, ABSENT if operation.tag is None else unescape_tag(operation.tag))
