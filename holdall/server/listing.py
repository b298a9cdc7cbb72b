"""Listings: a page as JSON with a link to the next page, or every item as a line of NDJSON.

    page   = {"items": [item …], "next": link}      "next" is left out on the last page
    item   = {"key": …, "tag": …, "value": …}       with the parts that ``include`` names

A cursor has the last key of the page.

An NDJSON stream that was cut off says so in its last line (see `holdall.server.streams`).
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Self

from holdall.adapters._shared.etags import escape_tag
from holdall.extras import needs
from holdall.server.cursors import CURSOR, next_link, unpack_cursor
from holdall.server.openapi import TEXT, query, whole
from holdall.server.parameters import read_number, read_parameters
from holdall.server.past import as_of
from holdall.server.stores import Served

with needs("server"):
    import falcon
    import msgspec

_PARTS: Final = ("keys", "tags", "values", "all")
_LIMIT: Final = 100
MOST: Final = 1000
"""The most items of a page."""
DESCRIBED: Final = (
    query("prefix", TEXT, "The beginning of the keys."),
    query("start", TEXT, "The first key."),
    query("stop", TEXT, "The key before which the listing ends."),
    query("limit", whole(1, MOST), "The most items of a page, or of a stream."),
    query("include", {"enum": list(_PARTS)}, "The parts of an item."),
    CURSOR,
)
"""The descriptions of the parameters."""
_PAGE: Final = 4 << 20  # bytes after which a page ends
_CHUNK: Final = 1 << 16  # bytes of a stream that are sent together

_encode = msgspec.json.encode


class Listing(NamedTuple):
    """The items of one request for a listing. ``limit`` is None if the request does not give one."""

    served: Served
    prefix: str
    start: str
    stop: str | None
    after: str
    limit: int | None
    include: str
    given: dict[str, str]

    @classmethod
    def of(cls, req: falcon.Request, served: Served, folder: str) -> Self:
        """Return the listing that ``req`` asks for. Raises HTTPBadRequest if a parameter is not valid.

        ``prefix`` is relative to ``folder``; ``start`` and ``stop`` are whole keys.
        """
        given = read_parameters(req, "prefix", "start", "stop", "limit", "cursor", "include", "as_of")
        include = given.get("include", "keys")
        if include not in _PARTS:
            raise falcon.HTTPBadRequest(description=f"include is not one of {', '.join(_PARTS)}")
        if "as_of" in given and include in ("tags", "all"):
            raise falcon.HTTPBadRequest(description="earlier values have no tags; include keys or values")
        after = unpack_cursor(given)
        return cls(
            as_of(served, given["as_of"]) if "as_of" in given else served,
            folder + given.get("prefix", ""),
            max(given.get("start", ""), after),
            given.get("stop"),
            after,
            read_number("limit", given["limit"], MOST) if "limit" in given else None,
            include,
            given,
        )

    def page(self, req: falcon.Request) -> bytes:
        """Return the page as JSON, with a link to the next page of ``req``."""
        items: list[msgspec.Raw] = []
        page: dict[str, Any] = {"items": items}
        size = 0
        last = ""
        for key, item in self._items():
            if len(items) >= (self.limit or _LIMIT) or size >= _PAGE:
                page["next"] = next_link(req, self.given, last)
                break
            items.append(msgspec.Raw(item))
            size += len(item)
            last = key
        return _encode(page)

    def lines(self) -> Iterator[bytes]:
        """Yield the items as NDJSON, in parts of about 64 KiB."""
        part = bytearray()
        for number, (_, item) in enumerate(self._items()):
            if number == self.limit:
                break
            part += item
            part += b"\n"
            if len(part) >= _CHUNK:
                yield bytes(part)
                part.clear()
        yield bytes(part)

    def _items(self) -> Iterator[tuple[str, bytes]]:
        return ((key, _encode(item)) for key, item in self._found() if key != self.after)

    def _found(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each key and its item, from the cursor on; the item of the cursor itself may come again."""
        store, of = self.served.store, self.served.representation.of
        bounds: Any = {"prefix": self.prefix, "start": self.start, "stop": self.stop}
        if self.include == "keys":
            yield from ((key, {"key": key}) for key in store.scan(**bounds))
        elif self.include == "tags":
            for key, tag in store.scan_tags(**bounds):
                yield key, {"key": key, "tag": escape_tag(tag)}
        elif self.include == "values":
            for key, value in store.scan_items(**bounds):
                yield key, {"key": key, "value": of(key).write_item(value)}
        else:
            for key, (value, tag) in store._tagged_many(store.scan(**bounds)):
                yield key, {"key": key, "tag": escape_tag(tag), "value": of(key).write_item(value)}
