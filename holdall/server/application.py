"""Builds the WSGI application of named stores."""

import threading
from collections.abc import Collection, Mapping
from typing import Any

from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.registry import open as open_store
from holdall.server.batch import Batches
from holdall.server.bodies import MAX_BODY
from holdall.server.changes import Feeds
from holdall.server.collection import Collections
from holdall.server.document import Documents
from holdall.server.guard import LOOPBACK, Guard
from holdall.server.pages.mount import mount
from holdall.server.pages.sessions import Sessions
from holdall.server.paths import Paths
from holdall.server.problems import answer_error, answer_http_error
from holdall.server.slots import Slots
from holdall.server.stores import Stores
from holdall.server.tokens import Tokens
from holdall.server.transaction import Transactions
from holdall.store import Store

with needs("server"):
    import falcon


def app(
    stores: Mapping[str, Store[Any] | str],
    /,
    *,
    hosts: Collection[str] = LOOPBACK,
    tokens: Store[Any] | str | None = None,
    readonly: bool = False,
    max_body: int = MAX_BODY,
    max_long: int = 4,
    ending: threading.Event | None = None,
) -> "falcon.App[falcon.Request, falcon.Response]":
    """Return a WSGI application that serves ``stores``, by name. A store may be given by its address.

    ``hosts`` are the names by which clients may call the service, without a port; a request for another
    ``Host`` is refused, because a page of another site may have sent it (DNS rebinding). ``"*"`` allows every
    name.

    ``tokens`` is a store that keeps the tokens of the senders (see `Tokens`), or its address; each request
    then needs one. Without it, everybody may read, and only the machine of the service may write. With
    ``readonly`` nobody may write.

    A request with a body of more than ``max_body`` bytes is refused. At most ``max_long`` requests that
    stream or wait run at the same time; give fewer than the server has threads, so that they do not keep other
    requests waiting. Set ``ending`` when the server stops: requests that wait for a change then answer at
    once.

    Raises Unsupported if the values of a store have no representation, and the errors of `holdall.open`.
    The application does not close the stores.

    >>> from holdall import Memory
    >>> service = app({"notes": Memory()})
    """
    served = Stores(stores)
    kept = None if tokens is None else Tokens(open_store(tokens) if isinstance(tokens, str) else tokens)
    sessions = Sessions()
    service = falcon.App(middleware=[Guard(hosts, kept, sessions, readonly=readonly)])
    service.add_error_handler(HoldallError, answer_error)
    service.set_error_serializer(answer_http_error)
    slots = Slots(max_long)
    documents = Documents(served, max_body)
    collections = Collections(served, max_body, slots)
    service.add_route("/v1/{store}:batch", Batches(served, max_body))
    service.add_route("/v1/{store}:transact", Transactions(served, max_body))
    service.add_route("/v1/{store}/changes", Feeds(served, slots, ending or threading.Event()))
    service.add_route("/v1/{store}/docs", collections)
    service.add_route("/v1/{store}/docs/{path:path}", Paths(documents, collections))
    mount(service, served, kept, sessions)
    return service
