"""Renders the templates into answers, with the security headers of the pages."""

from typing import Any, Final, NamedTuple

from holdall.extras import needs
from holdall.server.access import Access
from holdall.server.pages import formats
from holdall.server.pages.links import Links
from holdall.server.pages.sessions import Sessions, new_id, session_id, set_cookie

with needs("server"):
    import falcon
    from jinja2 import Environment, PackageLoader, StrictUndefined

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    # A page without a referrer would send its forms with the origin "null".
    "Referrer-Policy": "same-origin",
}
_NOBODY: Final = Access(())


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("holdall.server.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(formats.FILTERS)
    return made


_templates: Final = _environment()


class Visitor(NamedTuple):
    """The sender of a request, as the templates see one."""

    name: str
    """The name of the token, or nothing."""
    has_session: bool
    form_token: str


class Renderer:
    """Renders pages for the visitors of one service. With ``tokens``, visitors can log in."""

    def __init__(self, sessions: Sessions, *, tokens: bool) -> None:
        self.sessions = sessions
        self._tokens = tokens

    def render(self, req: falcon.Request, resp: falcon.Response, template: str, **context: Any) -> None:
        """Answer with the page that ``template`` makes of ``context``."""
        resp.content_type = "text/html; charset=utf-8"
        resp.set_headers(_HEADERS)
        shown = {
            "links": Links(req.root_path),
            "visitor": self._visitor(req, resp),
            "tokens": self._tokens,
            "store": "",
            "live": None,
            **context,
        }
        resp.data = _templates.get_template(template).render(shown).encode()
        resp.stream = None

    def _visitor(self, req: falcon.Request, resp: falcon.Response) -> Visitor:
        id = session_id(req.env)
        if not id:
            id = new_id()
            set_cookie(req, resp, id)
        access: Access = req.context.get("access") or _NOBODY
        return Visitor(access.name, bool(self.sessions.token(req.env)), self.sessions.form_token(id))


def redirect(resp: falcon.Response, link: str) -> None:
    """Answer that the visitor finds the result at ``link``."""
    resp.status = falcon.HTTP_SEE_OTHER
    resp.set_header("Location", link)
    resp.set_headers(_HEADERS)
