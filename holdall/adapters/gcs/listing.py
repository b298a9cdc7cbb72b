"""Listings: the objects of a span of names, page by page.

Cloud Storage lists in the byte order of UTF-8 ("List objects" in its guide), which is code-point order,
and takes the bounds of a scan as they are: ``startOffset`` inclusive, ``endOffset`` exclusive.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from holdall.errors import Corrupt
from holdall.keys import RESERVED, successor

PAGE = 1000
"""Names in a page, the most that there are."""


class Found(NamedTuple):
    """A name in the bucket and its generation."""

    name: str
    generation: str


class Range(NamedTuple):
    """Names that begin with ``prefix``, at or after ``low``, before ``high`` (None: no end).

    ``hides`` lets reserved folders be passed over; what is in them may still be yielded.
    """

    prefix: str
    low: str
    high: str | None
    hides: bool


class Page(NamedTuple):
    """Names in order, and the token of the page after them, if there is one."""

    found: list[Found]
    token: str | None


Ask = Callable[[Range, str | None], Page]
"""One request: the page of a range that has the token, or the first one."""


def listed(ask: Ask, names: Range) -> Iterator[Found]:
    """The objects of ``names``, each page asked for when it is needed."""
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
    """Where to go on after a page that ended with ``name`` in a reserved folder; None where it did not."""
    head, reserved, _ = f"/{name}".partition(f"/{RESERVED}/")
    return successor(f"{head}{reserved}"[1:]) if reserved else None


def page(client: Any, bucket: str, names: Range, token: str | None, size: int, **bounds: Any) -> Page:
    """One page of ``size`` names at most; ``bounds`` are the client's ``timeout`` and ``retry``."""
    blobs = client.list_blobs(
        bucket,
        prefix=names.prefix or None,
        start_offset=names.low or None,
        end_offset=names.high,
        page_token=token,
        page_size=size,
        fields="kind,nextPageToken,items(name,generation)",
        **bounds,
    )
    answer = raw_page(blobs)
    items = [Found(item["name"], str(item["generation"])) for item in answer.get("items", ())]
    return Page(items, answer.get("nextPageToken") or None)


def raw_page(blobs: Any) -> dict[str, Any]:
    """The first page of the client's listing ``blobs``, as it came; Corrupt where it is none."""
    answer: dict[str, Any] = next(blobs.pages).raw_page
    if answer.get("kind") != "storage#objects":
        raise Corrupt(
            "the answer to a listing is none of Cloud Storage; look at what answers at this endpoint"
        )
    return answer
