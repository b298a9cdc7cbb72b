"""The views of a store: which it has, their rows, the keys behind a row, and a refresh.

    GET  /v1/{store}/views                     {"views": [{"name": …, "prefix": …, "refreshed": …} …]}
    GET  /v1/{store}/views/{name}              {"rows": [{"key": group, "value": …} …], "next": link, …}
    GET  /v1/{store}/views/{name}?keys=group   {"items": [{"key": …} …], "next": link, …}
    POST /v1/{store}/views/{name}:refresh      {"documents": number, "refreshed": …}

An answer has ``refreshed``, the time up to which it has all changes, and ``stale``. If it is stale, the header
Age has its age in seconds. A group is JSON as in `holdall.server.groups`.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from holdall.errors import InvalidQuery
from holdall.extras import needs
from holdall.query import View
from holdall.redact import brief
from holdall.server.groups import GROUP
from holdall.server.openapi import (
    ANY,
    KEY,
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
    read,
)
from holdall.server.parameters import read_parameters
from holdall.server.rows import DESCRIBED, PARAMETERS, read_page
from holdall.server.slots import Slots
from holdall.server.stores import Served, Stores

with needs("server"):
    import falcon
    import msgspec

Views = Mapping[str, Mapping[str, View[Any]]]
"""The views of each store, by name."""


def named_views(stores: Stores, views: Mapping[str, Iterable[View[Any]]]) -> Views:
    """Return ``views`` by name. Raises InvalidQuery if their store is not one of ``stores``."""
    for store in views:
        if store not in stores:
            raise InvalidQuery(f"views are given for {brief(store)}, but no store of this name is served")
    return {store: {view.name: view for view in each} for store, each in views.items()}


class _Resource:
    def __init__(self, stores: Stores, views: Views, slots: Slots) -> None:
        self._stores = stores
        self._views = views
        self._slots = slots

    def _find(self, req: falcon.Request, store: str, name: str, *, write: bool = False) -> View[Any]:
        """Return the view. Raises HTTPForbidden if the sender may not read, or ``write``, its documents."""
        self._stores.find(store, req)
        view = self._views.get(store, {}).get(name)
        if view is None:
            raise falcon.HTTPNotFound(description="the store has no view of this name")
        req.context.access.check(store, view.prefix, write=write)
        return view


class ViewLists(_Resource):
    """The resource that lists the views of a store."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str) -> None:
        """Answer with the views whose documents the sender may read."""
        read_parameters(req)
        self._stores.find(store, req)
        access = req.context.access
        listed = [
            {"name": name, "prefix": view.prefix, "refreshed": view.refreshed}
            for name, view in sorted(self._views.get(store, {}).items())
            if access.allows(store, view.prefix)
        ]
        resp.data = msgspec.json.encode({"views": listed})

    on_head = on_get

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        view = an_object(name=TEXT, prefix=TEXT, refreshed=nullable(TIME))
        return read(
            operation("List the views", {200: answer("all views", content(an_object(views=list_of(view))))})
        )


class ViewRows(_Resource):
    """The resource of the rows of a view."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, name: str) -> None:
        """Answer with a page of rows, or of the keys behind a group. The view is refreshed first unless
        ``stale`` is ``ok``.
        """
        given = read_parameters(req, *PARAMETERS)
        view = self._find(req, store, name)
        stale = _is_stale(given) and view.refreshed is not None
        if not stale:
            self._refresh(view)
        refreshed = view.refreshed
        page = read_page(req, view, given)
        resp.data = msgspec.json.encode({**page, "refreshed": refreshed, "stale": stale})
        if stale and refreshed:
            resp.set_header("Age", str(max(0, int((datetime.now(UTC) - refreshed).total_seconds()))))

    on_head = on_get

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        if served.name not in self._views:
            return {}
        state: Any = {"next": LINK, "refreshed": TIME, "stale": {"type": "boolean"}}
        rows = an_object("next", rows=list_of(an_object(key=GROUP, value=ANY)), **state)
        keys = an_object("next", items=list_of(an_object(key=KEY)), **state)
        found = operation(
            "Read the rows of a view, or the keys behind a group",
            {200: answer("a page", content({"oneOf": [rows, keys]}), ["Age"]), 404: PROBLEM},
            parameters=DESCRIBED,
        )
        return read(found)

    def _refresh(self, view: View[Any]) -> None:
        if view.refreshed is None:  # it reads all documents, which takes long
            with self._slots.take():
                view.refresh()
        else:
            view.refresh()


class ViewRefreshes(_Resource):
    """The resource that refreshes a view."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, store: str, name: str) -> None:
        """Include all changes, and answer with the number of documents that were read."""
        read_parameters(req)
        view = self._find(req, store, name, write=True)
        with self._slots.take():
            count = view.refresh()
        resp.data = msgspec.json.encode({"documents": count, "refreshed": view.refreshed})

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        if served.name not in self._views:
            return {}
        done = an_object(documents={"type": "integer", "minimum": 0}, refreshed=TIME)
        found = operation(
            "Bring a view up to date",
            {200: answer("the number of documents that were read", content(done)), 404: PROBLEM},
        )
        return {"post": found}


def _is_stale(given: dict[str, str]) -> bool:
    if given.get("stale", "ok") != "ok":
        raise falcon.HTTPBadRequest(description="stale is not ok; give stale=ok, or leave it out")
    return "stale" in given
