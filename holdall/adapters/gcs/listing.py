"""List the objects in a range of names, page by page.

Cloud Storage lists in the byte order of UTF-8 ("List objects" in its guide), which is code-point order. Its
bounds are those of a scan: ``startOffset`` is inclusive and ``endOffset`` is exclusive.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from holdall.adapters._objectstore.names import NameRange
from holdall.errors import Corrupt
from holdall.keys import RESERVED, successor

PAGE = 1000
"""The number of names in a page; the server returns no more."""

FIELDS = "kind,nextPageToken,items(name,generation)"
"""The part of the answer to a listing that `read_page` needs."""


class GCSObject(NamedTuple):
    """A name in the bucket and its generation."""

    name: str
    generation: str


class Page(NamedTuple):
    """Names in order, and the token of the next page, or None if this is the last page."""

    found: list[GCSObject]
    token: str | None


Ask = Callable[[NameRange, str | None], Page]
"""A function that requests one page of a range: the page with the given token, or the first page for None."""


def list_objects(ask: Ask, names: NameRange) -> Iterator[GCSObject]:
    """The objects of ``names``. Requests each page when it is needed."""
    token = None
    while True:
        found, token = ask(names, token)
        yield from found
        if token is None:
            return
        beyond = _beyond(found[-1].name) if found and names.hides else None
        if beyond is not None:
            names, token = names._replace(low=beyond), None


def _beyond(name: str) -> str | None:
    """The name at which to continue after the reserved folder of ``name``; None if it is not in one."""
    head, reserved, _ = f"/{name}".partition(f"/{RESERVED}/")
    return successor(f"{head}{reserved}"[1:]) if reserved else None


def read_page(answer: Any) -> Page:
    """The page in a JSON ``answer``. Raises Corrupt if it is not a listing."""
    require_listing(answer)
    items = [GCSObject(item["name"], str(item["generation"])) for item in answer.get("items", ())]
    return Page(items, answer.get("nextPageToken") or None)


def require_listing(answer: Any) -> None:
    """Raise Corrupt if the JSON ``answer`` is not a listing."""
    if not isinstance(answer, dict) or answer.get("kind") != "storage#objects":
        raise Corrupt(
            "the answer to a listing does not come from Cloud Storage; check which server is at this endpoint"
        )
