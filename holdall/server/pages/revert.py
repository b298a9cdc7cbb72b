"""The page that brings an earlier value back, after a confirmation. All revisions stay."""

from typing import Any

from holdall.adapters._shared.etags import escape_tag, unescape_tag
from holdall.errors import Conflict
from holdall.extras import needs
from holdall.history import note
from holdall.server.pages.forms import read_form
from holdall.server.pages.history import (
    Difference,
    context,
    find_served,
    read_revisions,
    show_revision,
)
from holdall.server.pages.links import Links
from holdall.server.pages.rendering import Renderer, redirect
from holdall.server.pages.showing import show
from holdall.server.parameters import read_number, read_parameters
from holdall.server.past import MOST
from holdall.server.stores import Served, Stores
from holdall.store import ABSENT, Store, Tag

with needs("server"):
    import falcon


class Reverts:
    """The resource of a revert."""

    def __init__(self, stores: Stores, renderer: Renderer) -> None:
        self._stores = stores
        self._renderer = renderer

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with the difference that the revert would make, and a form to confirm it."""
        given = read_parameters(req, "number")
        number = read_number("number", given.get("number", ""), MOST)
        self._ask(req, resp, self._find(req, store, key), key, number)

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Write the earlier value, unless somebody changed the key after the form was shown."""
        form = read_form(req)
        self._renderer.sessions.check_form(req.env, form)
        number = read_number("number", form.get("number", ""), MOST)
        served = self._find(req, store, key)
        try:
            with note(message=f"revert to {number}"):
                _revert(served.store, key, number, unescape_tag(form.get("tag", "")))
        except Conflict:
            resp.status = falcon.HTTP_CONFLICT
            self._ask(req, resp, served, key, number, has_changed=True)
        else:
            redirect(resp, Links(req.root_path).to(store, "history", key))

    def _find(self, req: falcon.Request, store: str, key: str) -> Served:
        req.context.access.check(store, key, write=True)
        return find_served(self._stores, req, store, key)

    def _ask(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        served: Served,
        key: str,
        number: int,
        has_changed: bool = False,
    ) -> None:
        earlier = show_revision(served, key, number)
        now, tag = _read(served, key)
        self._renderer.render(
            req,
            resp,
            "revert.html",
            **context(served, key),
            revision=read_revisions(served, key, number)[0],
            newest=read_revisions(served, key)[0],
            difference=Difference(now, earlier),
            tag=escape_tag(tag),
            has_changed=has_changed,
        )


def _read(served: Served, key: str) -> tuple[Any, Tag]:
    try:
        value, tag = served.store.get_tagged(key)
    except KeyError:
        return None, ABSENT
    return show(served, value), tag


def _revert(store: Store[Any], key: str, number: int, tag: Tag) -> None:
    """Write the value of ``number`` if ``key`` still has ``tag``. A deletion deletes the key."""
    try:
        value = store.at(key, number)
    except KeyError:
        if tag != ABSENT:
            store.remove(key, tag)
        return
    store.swap(key, value, tag)
