"""Adds the pages to the service."""

from typing import Any

from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.server.pages.document import Documents, Downloads
from holdall.server.pages.errors import Errors
from holdall.server.pages.folder import Folders
from holdall.server.pages.history import Differences, Histories, Revisions
from holdall.server.pages.home import Home
from holdall.server.pages.invoices import holds_invoices
from holdall.server.pages.live import Feeds
from holdall.server.pages.login import Login, Logout
from holdall.server.pages.rendering import Renderer
from holdall.server.pages.revert import Reverts
from holdall.server.pages.sessions import Sessions
from holdall.server.pages.static import Static
from holdall.server.paths import Paths
from holdall.server.slots import Slots
from holdall.server.stores import Stores
from holdall.server.tokens import Tokens
from holdall.server.views import Views

with needs("server"):
    import falcon


def _mount_receivables(
    service: "falcon.App[Any, Any]",
    stores: Stores,
    renderer: Renderer,
    feeds: Feeds,
    views: Views,
    slots: Slots,
) -> None:
    """Add the pages of the stores that hold invoices. They need the extra ``domain``."""
    from holdall.server.pages.board import Board
    from holdall.server.pages.invoice import InvoicePages
    from holdall.server.pages.payment import Payments
    from holdall.server.pages.statement import Statements

    service.add_route("/{store}/receivables", Board(stores, renderer, feeds, views, slots))
    service.add_route("/{store}/statement", Statements(stores, renderer, feeds, slots))
    service.add_route("/{store}/invoice/{key:path}", InvoicePages(stores, renderer, feeds))
    service.add_route("/{store}/payment/{key:path}", Payments(stores, renderer))


def mount(
    service: "falcon.App[Any, Any]",
    stores: Stores,
    tokens: Tokens | None,
    sessions: Sessions,
    views: Views,
    slots: Slots,
) -> None:
    """Add the pages of ``stores`` to ``service``. With ``tokens``, visitors log in with one.

    Reports on receivables come from ``views`` if these have them. At most as many reports as ``slots`` has run at
    the same time.
    """
    renderer, feeds = Renderer(sessions, tokens=tokens is not None), Feeds()
    errors = Errors(renderer)
    service.add_error_handler(HoldallError, errors.answer_error)
    service.set_error_serializer(errors.answer_http_error)
    folders = Folders(stores, renderer, feeds)
    service.add_route("/", Home(stores, renderer))
    service.add_route("/-/static/{fingerprint}/{name}", Static())
    service.add_route("/{store}/docs", folders)
    service.add_route("/{store}/docs/{path:path}", Paths(Documents(stores, renderer, feeds), folders))
    service.add_route("/{store}/download/{key:path}", Downloads(stores))
    service.add_route("/{store}/history/{key:path}", Histories(stores, renderer, feeds))
    service.add_route("/{store}/revision/{key:path}", Revisions(stores, renderer))
    service.add_route("/{store}/diff/{key:path}", Differences(stores, renderer))
    service.add_route("/{store}/revert/{key:path}", Reverts(stores, renderer))
    if any(holds_invoices(served.store) for served in stores):
        _mount_receivables(service, stores, renderer, feeds, views, slots)
    if tokens is not None:
        service.add_route("/-/login", Login(tokens, renderer))
        service.add_route("/-/logout", Logout(renderer))
