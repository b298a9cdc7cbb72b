"""The page ``/``: the stores that a visitor may read."""

from typing import Final, NamedTuple

from holdall.extras import needs
from holdall.server.access import Access
from holdall.server.pages.invoices import holds_invoices
from holdall.server.pages.links import ELSEWHERE
from holdall.server.pages.rendering import Renderer
from holdall.server.stores import Served, Stores

with needs("server"):
    import falcon

_VALUES: Final = {
    "application/json": "documents",
    "text/plain": "text",
    "application/octet-stream": "bytes",
}


class _Line(NamedTuple):
    """A store, with the prefixes of the keys that the visitor may read."""

    name: str
    values: str
    prefixes: tuple[str, ...]
    is_writable: bool
    has_invoices: bool
    has_pages: bool


class Home:
    """The resource of the list of stores."""

    def __init__(self, stores: Stores, renderer: Renderer) -> None:
        self._stores = stores
        self._renderer = renderer

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with a line for each store of which the visitor may read a key."""
        access: Access = req.context.access
        lines = [line for served in self._stores if (line := _line(served, access))]
        self._renderer.render(req, resp, "home.html", lines=lines)

    on_head = on_get


def _line(served: Served, access: Access) -> _Line | None:
    scopes = [scope for scope in access.scopes if scope.store in ("*", served.name)]
    if not scopes:
        return None
    prefixes = {scope.prefix for scope in scopes}
    return _Line(
        served.name,
        _VALUES[served.representation.content_type.partition(";")[0]],
        ("",) if "" in prefixes else tuple(sorted(prefixes)),
        any(scope.write for scope in scopes),
        holds_invoices(served.store),
        served.name not in ELSEWHERE,
    )
