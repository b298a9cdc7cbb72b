"""The pages of the history of a key: its revisions, one revision, and the difference of two."""

from itertools import dropwhile, islice
from typing import Any, Final

from holdall.extras import needs
from holdall.history import Revision
from holdall.server.pages.comparison import MOST, compare
from holdall.server.pages.invoices import holds_invoices
from holdall.server.pages.links import crumbs
from holdall.server.pages.live import Feeds
from holdall.server.pages.rendering import Renderer
from holdall.server.pages.showing import Shown, show
from holdall.server.parameters import read_number, read_parameters
from holdall.server.past import MOST as MOST_REVISIONS
from holdall.server.past import require_history
from holdall.server.stores import Served, Stores

with needs("server"):
    import falcon

_PAGE: Final = 50

_NOTHING: Final = Shown(0, "")


def find_served(stores: Stores, req: falcon.Request, store: str, key: str) -> Served:
    """Return the store, whose history of ``key`` the visitor may read. Raises Unsupported if it has none."""
    req.context.access.check(store, key)
    served = stores.find(store, req, key)
    require_history(served)
    return served


def read_revisions(served: Served, key: str, below: int = MOST_REVISIONS, most: int = 1) -> list[Revision]:
    """Return revisions of ``key``, the newest first. Raises HTTPNotFound if the key never existed."""
    try:
        revisions = dropwhile(lambda each: each.number > below, served.store.history(key))
        return list(islice(revisions, most))
    except KeyError:
        raise falcon.HTTPNotFound(description="the key never existed") from None


def show_revision(served: Served, key: str, number: int) -> Shown | None:
    """Return the value of ``key`` at a revision, or None if it is a deletion."""
    try:
        return show(served, served.store.at(key, number))
    except KeyError:
        return None


def context(served: Served, key: str) -> dict[str, Any]:
    """Return the variables that the template of each page of a key needs."""
    return {
        "store": served.name,
        "key": key,
        "crumbs": crumbs(key),
        "invoices": holds_invoices(served.store),
    }


class Histories:
    """The resource of the revisions of a key."""

    def __init__(self, stores: Stores, renderer: Renderer, feeds: Feeds) -> None:
        self._stores = stores
        self._renderer = renderer
        self._feeds = feeds

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with a page of revisions, the newest first."""
        given = read_parameters(req, "below")
        below = read_number("below", given["below"], MOST_REVISIONS) if "below" in given else MOST_REVISIONS
        served = find_served(self._stores, req, store, key)
        live = self._feeds.position(served, key)
        revisions = read_revisions(served, key, below, _PAGE + 1)
        self._renderer.render(
            req,
            resp,
            "history.html",
            **context(served, key),
            revisions=revisions[:_PAGE],
            below=revisions[_PAGE].number if len(revisions) > _PAGE else None,
            is_newest=below == MOST_REVISIONS,
            can_write=req.context.access.allows(store, key, write=True),
            live=live,
        )

    on_head = on_get


class Revisions:
    """The resource of one revision of a key."""

    def __init__(self, stores: Stores, renderer: Renderer) -> None:
        self._stores = stores
        self._renderer = renderer

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with the value that the key had."""
        given = read_parameters(req, "number")
        number = read_number("number", given.get("number", ""), MOST_REVISIONS)
        served = find_served(self._stores, req, store, key)
        shown = show_revision(served, key, number)
        self._renderer.render(
            req,
            resp,
            "revision.html",
            **context(served, key),
            number=number,
            shown=shown,
            can_write=req.context.access.allows(store, key, write=True),
        )

    on_head = on_get


class Differences:
    """The resource of the difference of two revisions."""

    def __init__(self, stores: Stores, renderer: Renderer) -> None:
        self._stores = stores
        self._renderer = renderer

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with both values side by side."""
        given = read_parameters(req, "from", "to")
        old, new = (read_number(name, given.get(name, ""), MOST_REVISIONS) for name in ("from", "to"))
        served = find_served(self._stores, req, store, key)
        self._renderer.render(
            req,
            resp,
            "diff.html",
            **context(served, key),
            old=old,
            new=new,
            difference=Difference(show_revision(served, key, old), show_revision(served, key, new)),
        )

    on_head = on_get


class Difference:
    """Two values side by side. None is a deletion."""

    def __init__(self, old: Shown | None, new: Shown | None) -> None:
        self.old, self.new = old or _NOTHING, new or _NOTHING
        self.are_text = self.old.text is not None and self.new.text is not None
        self.rows = compare(self.old.lines, self.new.lines) if self.are_text else []
        self.is_equal = all(row.kind != "change" for row in self.rows)
        self.is_cut = (
            max(len(self.old.lines), len(self.new.lines)) > MOST or self.old.is_cut or self.new.is_cut
        )
