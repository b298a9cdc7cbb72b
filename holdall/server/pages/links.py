"""The links between pages. They begin with the path under which a server mounted the service."""

from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from holdall.server.pages.live import Live
from holdall.server.pages.static import FINGERPRINTS

ELSEWHERE: Final = frozenset({"v1", "healthz", "readyz", "metrics", "-"})
"""The first segments of paths that are not the name of a store, so a store with such a name has no pages."""


class Links(NamedTuple):
    """Makes the links of one request. ``root`` is the path of the service, without a slash at the end.

    >>> Links("/books").to("notes", "docs", "a b/?", after="x&y")
    '/books/notes/docs/a%20b/%3F?after=x%26y'
    """

    root: str

    def home(self) -> str:
        """Return the link to the list of stores."""
        return f"{self.root}/"

    def to(self, store: str, page: str, key: str | None = None, **parameters: str) -> str:
        """Return the link to a page of ``store``, with those ``parameters`` that are not empty."""
        path = f"{self.root}/{store}/{page}" + ("" if key is None else f"/{quote(key)}")
        given = {name: value for name, value in parameters.items() if value}
        return f"{path}?{urlencode(given)}" if given else path

    def own(self, page: str, **parameters: str) -> str:
        """Return the link to a page that belongs to no store."""
        return self.to("-", page, None, **parameters)

    def feed(self, live: Live) -> str:
        """Return the link to the change feed that the script of a page follows."""
        asked = urlencode({"since": live.position, "prefix": live.prefix})
        return f"{self.root}/v1/{live.store}/changes?{asked}"

    def static(self, name: str) -> str:
        """Return the link to a static file. It changes with the content of the file."""
        return f"{self.root}/-/static/{FINGERPRINTS[name]}/{name}"


class Crumb(NamedTuple):
    """A folder above a page: its last part, and its whole path."""

    name: str
    folder: str


def crumbs(path: str) -> list[Crumb]:
    """Return the folders above ``path``, a key or a folder.

    >>> [crumb.folder for crumb in crumbs("a/b/c")], crumbs("a/")
    (['a/', 'a/b/'], [])
    """
    parts = path.removesuffix("/").split("/")[:-1]
    return [Crumb(part, "/".join(parts[: count + 1]) + "/") for count, part in enumerate(parts)]


def is_page(path: str) -> bool:
    """Return whether ``path`` is that of a page, and not of another part of the service.

    >>> is_page("/notes/docs/a"), is_page("/v1/notes/docs/a")
    (True, False)
    """
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return first == "-" or first not in ELSEWHERE


def is_own(path: str) -> bool:
    """Return whether ``path`` is below ``/-/``, where no page shows a store."""
    return path.startswith("/-/")
