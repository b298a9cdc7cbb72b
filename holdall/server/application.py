"""Builds the WSGI application of named stores."""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.query import View
from holdall.registry import open as open_store
from holdall.server.batch import Batches
from holdall.server.changes import Feeds
from holdall.server.collection import Collections
from holdall.server.compression import Compression
from holdall.server.cors import Cors
from holdall.server.description import Description
from holdall.server.difference import Differences
from holdall.server.document import Documents
from holdall.server.guard import LOOPBACK, Guard
from holdall.server.history import Histories
from holdall.server.idempotency import Idempotency
from holdall.server.info import Infos
from holdall.server.leases import Leases
from holdall.server.limits import LIMITS, Limits
from holdall.server.monitor import MetricsPage, Monitor
from holdall.server.openapi import Described
from holdall.server.pages.mount import mount
from holdall.server.pages.sessions import Sessions
from holdall.server.paths import Paths
from holdall.server.probes import PATHS, ProbePage, Probes
from holdall.server.problems import answer_error, answer_http_error
from holdall.server.revert import Reverts
from holdall.server.room import Floor
from holdall.server.slots import Slots
from holdall.server.stores import Stores
from holdall.server.throttle import Throttle
from holdall.server.tokens import Tokens
from holdall.server.transaction import Transactions
from holdall.server.views import ViewLists, ViewRefreshes, ViewRows, Views, named_views
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
    raw: bool = False,
    views: Mapping[str, Iterable[View[Any]]] = {},
    limits: Limits = LIMITS,
    cors: Collection[str] = (),
    ending: threading.Event | None = None,
) -> "falcon.App[falcon.Request, falcon.Response]":
    """Return a WSGI application that serves ``stores``, by name. A store may be given by its address.

    ``hosts`` are the names by which clients may call the service, without a port; a request for another
    ``Host`` is refused, because a page of another site may have sent it (DNS rebinding). ``"*"`` allows every
    name.

    ``tokens`` is a store that keeps the tokens of the senders (see `Tokens`), or its address; each request
    then needs one. Without it, everybody may read, and only the machine of the service may write. With
    ``readonly`` nobody may write.

    ``views`` are the views of the stores, by the name of the store. A request that reads one refreshes it.

    A request over one of the ``limits`` is refused. Pages of the sites in ``cors``, such as
    ``https://books.example``, may call the service from a browser; ``"*"`` allows every site. Set ``ending``
    when the server stops: requests that wait for a change then answer at once.

    With ``raw``, a sender who may write all of a store also reaches its reserved keys, under the name of the
    store and ``:raw``. Layers on a client's side keep their records there, and so does the store itself:
    history, manifest and tokens.

    Raises Unsupported if the values of a store have no representation, Invalid if ``cors`` allows every site
    to write, and the errors of `holdall.open`. The application does not close the stores.

    >>> from holdall import Memory
    >>> service = app({"notes": Memory()})
    """
    served = Stores(stores, raw=raw)
    kept = None if tokens is None else Tokens(open_store(tokens) if isinstance(tokens, str) else tokens)
    parts = _Parts(
        served,
        kept,
        Sessions(),
        named_views(served, views),
        limits,
        Slots(limits.long),
        Slots(limits.waiting),
        ending or threading.Event(),
    )
    monitor = Monitor(served, parts.slots, parts.waiting)
    guard = Guard(hosts, kept, parts.sessions, limits, readonly=readonly)
    cross = [Cors(cors, guarded=readonly or kept is not None)] if cors else []
    service = falcon.App(middleware=[monitor, *_middleware(parts, [*cross, guard])])
    service.add_error_handler(HoldallError, answer_error)
    service.set_error_serializer(answer_http_error)
    _add_stores(service, parts)
    for path in PATHS:
        service.add_route(path, ProbePage())
    service.add_route("/metrics", MetricsPage(monitor))
    mount(service, served, kept, parts.sessions, parts.views, parts.slots)
    return service


class _Parts(NamedTuple):
    """The parts that several resources share. Requests that wait without a thread take one of ``waiting``."""

    stores: Stores
    tokens: Tokens | None
    sessions: Sessions
    views: Views
    limits: Limits
    slots: Slots
    waiting: Slots
    ending: threading.Event


def _middleware(parts: _Parts, guards: list[Any]) -> Iterator[Any]:
    """Yield the middleware below the monitor, in the order in which it sees a request."""
    yield Probes(parts.stores, parts.ending)
    yield from guards
    yield Throttle(parts.limits)
    if parts.limits.keep_free:
        yield Floor(parts.stores, parts.limits.keep_free)
    yield Compression()
    yield Idempotency()


def _add_stores(service: "falcon.App[falcon.Request, falcon.Response]", parts: _Parts) -> None:
    """Add the paths of the stores, and the document that describes them."""
    served, views, limits, slots = parts.stores, parts.views, parts.limits, parts.slots
    documents = Documents(served, limits, slots)
    collections = Collections(served, limits, slots)
    routes: dict[str, Described] = {
        "/v1/{store}:info": Infos(served, limits.body),
        "/v1/{store}:batch": Batches(served, limits.body),
        "/v1/{store}:transact": Transactions(served, limits.body),
        "/v1/{store}:revert": Reverts(served, limits.body),
        "/v1/{store}:diff": Differences(served),
        "/v1/{store}/history/{key}": Histories(served),
        "/v1/{store}/leases/{key}": Leases(served, limits.body),
        "/v1/{store}/views": ViewLists(served, views, slots),
        "/v1/{store}/views/{name}": ViewRows(served, views, slots),
        "/v1/{store}/views/{name}:refresh": ViewRefreshes(served, views, slots),
        "/v1/{store}/changes": Feeds(served, slots, parts.waiting, limits.seconds, parts.ending),
        "/v1/{store}/docs": collections,
    }
    for path, resource in routes.items():
        service.add_route(path.replace("{key}", "{key:path}"), resource)
    service.add_route("/v1/{store}/docs/{path:path}", Paths(documents, collections))
    routes |= {"/v1/{store}/docs/{folder}/": collections, "/v1/{store}/docs/{key}": documents}
    tokens = parts.tokens is not None
    service.add_route("/v1/openapi.json", Description(served, routes, tokens=tokens))
