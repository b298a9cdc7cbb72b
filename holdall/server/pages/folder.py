"""The page of a folder: its keys and folders, in pages, with a search."""

from holdall.extras import needs
from holdall.server.pages.folders import find_keys, list_folder
from holdall.server.pages.invoices import holds_invoices
from holdall.server.pages.links import crumbs
from holdall.server.pages.live import Feeds
from holdall.server.pages.rendering import Renderer
from holdall.server.parameters import read_parameters
from holdall.server.stores import Stores

with needs("server"):
    import falcon


class Folders:
    """The resource of a folder, which is empty or ends with a slash."""

    def __init__(self, stores: Stores, renderer: Renderer, feeds: Feeds) -> None:
        self._stores = stores
        self._renderer = renderer
        self._feeds = feeds

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, folder: str = "") -> None:
        """Answer with a page of names, or of the keys that contain a text."""
        given = read_parameters(req, "prefix", "find", "after")
        prefix, text, after = (given.get(name, "") for name in ("prefix", "find", "after"))
        within = folder + prefix
        req.context.access.check(store, within)
        served = self._stores.find(store, req)
        if text:
            found = find_keys(served.store, within, text, after)
        else:
            found = list_folder(served.store, folder, within, after)
        self._renderer.render(
            req,
            resp,
            "folder.html",
            store=store,
            folder=folder,
            crumbs=crumbs(folder),
            prefix=prefix,
            find=text,
            after=after,
            found=found,
            invoices=holds_invoices(served.store),
            live=self._feeds.position(served, within),
        )

    on_head = on_get
