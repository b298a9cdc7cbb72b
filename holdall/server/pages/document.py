"""The page of a document, and its download."""

from urllib.parse import quote

from holdall.adapters._shared.etags import etag
from holdall.extras import needs
from holdall.server.pages.invoices import holds_invoices
from holdall.server.pages.links import crumbs
from holdall.server.pages.live import Feeds
from holdall.server.pages.reading import read_tagged
from holdall.server.pages.rendering import Renderer
from holdall.server.pages.showing import show
from holdall.server.stores import Stores
from holdall.store import ABSENT, Feature

with needs("server"):
    import falcon


class Documents:
    """The resource of the page of one document."""

    def __init__(self, stores: Stores, renderer: Renderer, feeds: Feeds) -> None:
        self._stores = stores
        self._renderer = renderer
        self._feeds = feeds

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with the document for people."""
        req.context.access.check(store, key)
        served = self._stores.find(store, req, key)
        live = self._feeds.position(served, key)
        value, tag = read_tagged(served, key)
        self._renderer.render(
            req,
            resp,
            "document.html",
            store=store,
            key=key,
            crumbs=crumbs(key),
            shown=show(served, value),
            content_type=served.representation.content_type,
            tag=tag,
            has_history=Feature.HISTORY in served.store.features,
            is_invoice=holds_invoices(served.store) and key.startswith("invoices/"),
            invoices=holds_invoices(served.store),
            live=live,
        )

    on_head = on_get


class Downloads:
    """The resource of the download of one value."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, key: str) -> None:
        """Answer with the value as a file."""
        req.context.access.check(store, key)
        served = self._stores.find(store, req, key)
        value, tag = read_tagged(served, key)
        if tag != ABSENT:
            resp.set_header("ETag", etag(tag))
        resp.content_type = served.representation.content_type
        name = quote(key.rpartition("/")[2], safe="")
        resp.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")
        resp.data = served.representation.write(value)

    on_head = on_get
