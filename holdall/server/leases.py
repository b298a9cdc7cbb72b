"""Leases (`holdall.lease`): one client at a time has the right to do a piece of work, until it expires.

    POST   /v1/{store}/leases/{name}   {"ttl": seconds}   takes it: 201, or 409 while another client holds it
    PUT    /v1/{store}/leases/{name}   {"ttl": seconds}   holds it for so long from now on: 200
    DELETE /v1/{store}/leases/{name}                      gives it back: 204

The ETag of an answer names the acquisition. It is the right of its holder, so keep it secret. PUT and DELETE
need it in If-Match, and answer 412 if the lease was lost. ``fence`` is higher than at all acquisitions before.
"""

import re
import threading
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Final, NamedTuple

from holdall.errors import Fenced
from holdall.extras import needs
from holdall.lease import LONGEST, Grant, Lease, Rival
from holdall.server.bodies import read_json
from holdall.server.openapi import (
    PROBLEM,
    TEXT,
    Operations,
    an_object,
    answer,
    body,
    content,
    header,
    operation,
    whole,
)
from holdall.server.parameters import read_parameters
from holdall.server.stores import Served, Stores
from holdall.store import Feature

with needs("server"):
    import falcon
    import msgspec

_MOST: Final = 10_000  # leases that are watched for clients that wait
_find_grant = re.compile(r'"([0-9]{1,18})\.([0-9a-f]{32})"').fullmatch


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    ttl: float


_decode = msgspec.json.Decoder(_Asked).decode


class Held(falcon.HTTPConflict):
    """The error for a lease that another client holds."""

    type = "urn:holdall:Held"

    def __init__(self, rival: Rival | None) -> None:
        seconds = rival.seconds if rival else 0
        super().__init__(
            description="another client holds the lease", headers={"Retry-After": str(max(1, ceil(seconds)))}
        )
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        self.members = {"holder": rival.holder, "until": until.isoformat()} if rival else {}


class _Watch(NamedTuple):
    """A lease that tries to acquire for all clients of one name that wait, and remembers since when it is held."""

    lease: Lease
    lock: threading.Lock


class Leases:
    """The resource of a lease."""

    def __init__(self, stores: Stores, max_body: int) -> None:
        self._stores = stores
        self._max_body = max_body
        self._watches: OrderedDict[tuple[str, str, float, str], _Watch] = OrderedDict()
        self._lock = threading.Lock()

    def on_post(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Take the lease: 201, or 409 while another client holds it."""
        served = self._find(req, store, key)
        ttl = read_json(req, self._max_body, _decode).ttl
        watch = self._watch(served, key, ttl, req.context.access.name)
        with watch.lock:
            if not watch.lease.acquire(timeout=0):
                raise Held(watch.lease.rival)
            grant = watch.lease.hand_over()
        _describe(resp, key, ttl, grant, req.context.access.name)
        resp.status = falcon.HTTP_CREATED

    def on_put(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Renew the lease: 200, or 412 if it was lost."""
        served = self._find(req, store, key)
        ttl = read_json(req, self._max_body, _decode).ttl
        lease = Lease(served.store, key, ttl)
        grant = _grant_of(req)
        try:
            lease.resume(grant)
            lease.renew()
        except Fenced:
            raise _lost() from None
        _describe(resp, key, ttl, grant, req.context.access.name)

    def on_delete(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Release the lease: 204, or 412 if it was lost."""
        served = self._find(req, store, key)
        lease = Lease(served.store, key, LONGEST)
        grant = _grant_of(req)
        try:
            lease.resume(grant)
            lease.release()
        except Fenced:
            raise _lost() from None
        resp.status = falcon.HTTP_NO_CONTENT

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        if Feature.SWAP not in served.store.features:
            return {}
        seconds = {"type": "number", "minimum": 0.001, "maximum": LONGEST}
        held = an_object(name=TEXT, fence=whole(1, 10**18), ttl=seconds, holder=TEXT)
        asked = body(an_object(ttl=seconds))
        match = [header("If-Match", TEXT, "The ETag of the acquisition.", required=True)]
        return {
            "post": operation(
                "Take a lease",
                {201: answer("it is held", content(held), ["ETag"]), 409: PROBLEM},
                request=asked,
            ),
            "put": operation(
                "Renew a lease",
                {200: answer("it is held", content(held), ["ETag"]), 412: PROBLEM},
                parameters=match,
                request=asked,
            ),
            "delete": operation(
                "Release a lease", {204: answer("it is free"), 412: PROBLEM}, parameters=match
            ),
        }

    def _find(self, req: falcon.Request, store: str, name: str) -> Served:
        read_parameters(req)
        req.context.access.check(store, name, write=True)
        served = self._stores.find(store, req)
        served.require(Feature.SWAP, "this store has no compare-and-swap, which a lease needs")
        return served

    def _watch(self, served: Served, name: str, ttl: float, holder: str) -> _Watch:
        asked = served.name, name, ttl, holder
        with self._lock:
            if asked not in self._watches:
                self._watches[asked] = _Watch(Lease(served.store, name, ttl, holder=holder), threading.Lock())
            self._watches.move_to_end(asked)
            if len(self._watches) > _MOST:
                self._watches.popitem(last=False)
            return self._watches[asked]


def _grant_of(req: falcon.Request) -> Grant:
    given = req.env.get("HTTP_IF_MATCH")
    if given is None:
        raise falcon.HTTPPreconditionRequired(
            description="the header If-Match is missing; it names your lease"
        )
    found = _find_grant(given.strip())
    if found is None:
        raise _lost()
    return Grant(int(found[1]), found[2])


def _describe(resp: falcon.Response, name: str, ttl: float, grant: Grant, holder: str) -> None:
    resp.set_header("ETag", f'"{grant.token}.{grant.owner}"')
    described: dict[str, Any] = {"name": name, "fence": grant.token, "ttl": ttl, "holder": holder}
    resp.data = msgspec.json.encode(described)


def _lost() -> falcon.HTTPPreconditionFailed:
    return falcon.HTTPPreconditionFailed(description="you do not hold this lease, or lost it; take it again")
