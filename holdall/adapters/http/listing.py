"""The pages of a listing, checked: a key that is not valid, or out of order, is never passed on."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from holdall.adapters._shared.servers import after
from holdall.adapters.http.link import Link
from holdall.adapters.http.service import Service
from holdall.adapters.http.values import Item
from holdall.batches import read_pages
from holdall.errors import Corrupt
from holdall.extras import needs
from holdall.keys import RAW_KEY_BYTES, Span, only_keys

with needs("http"):
    from msgspec import UNSET

_LONGEST: Final = RAW_KEY_BYTES + 1
"""The characters of a bound that can make a difference, because no key is longer."""


def read_listing(
    link: Link, service: Service, include: str, prefix: str, span: Span, **past: str
) -> Iterator[list[Item[Any]]]:
    """Yield the items of ``span``, in pages, with the parts that ``include`` names.

    ``prefix`` is that of the scan: the service may allow no wider one. ``past`` may give the time ``as_of``.
    """
    if span.empty:
        return
    given: dict[str, object] = {"include": include, "prefix": prefix, **past}
    if span.high is not None:
        given["stop"] = span.high[:_LONGEST]

    def read(low: str, size: int) -> tuple[list[Item[Any]], str | None]:
        answer = link.ask("GET", link.place.listing(**given, start=low[:_LONGEST], limit=size))
        page = answer.decode(service.values.page, link.place.url)
        items = page.items
        _check(items, include, span._replace(low=low), link.place.url)
        if include == "values":
            items = [Item(item.key, value=service.values.decode(item.value)) for item in items]
        return items, after(items[-1].key) if items and page.next else None

    yield from read_pages(read, span.low, service.info.page)


def _check(items: list[Item[Any]], include: str, span: Span, where: str) -> None:
    if not all(_has(include, item) for item in items):
        raise Corrupt(f"a page of {where} has keys without their {include}; update the service")
    keys = [(item.key,) for item in items]
    ordered = all(one < other for one, other in pairwise(keys))
    if not ordered or len(only_keys(keys)) != len(keys) or not all(key in span for (key,) in keys):
        raise Corrupt(
            f"a page of {where} has keys that are not valid, or not in the order and bounds of the scan"
        )


def _has(include: str, item: Item[Any]) -> bool:
    return include == "keys" or (bool(item.tag) if include == "tags" else item.value is not UNSET)
