"""List the objects in a range of names in code-point order, whatever order the server uses.

Amazon S3 lists a bucket in the byte order of UTF-8 ("Listing object keys programmatically" in the S3
user guide). That is code-point order, so a scan reads one sequence of pages. A server that keeps objects in
folders lists ``a/b`` before ``a-b``. On such a server, each folder is listed by itself, and its objects are
yielded after the names that sort before the folder.

S3 begins a page after a name that the request gives, but a scan includes its first name. So the first page is
requested after a text that sorts a little before that name (see `before`), and names before the range are
dropped here.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from holdall.adapters._objectstore.names import NameRange
from holdall.errors import Corrupt, Unsupported
from holdall.keys import RESERVED, successor

PAGE = 1000
"""The number of names in a page; S3 returns no more."""

_LAST = "\U0010ffff"
_GAPS = ((0xFFFE, 0xFFFF), (0xD800, 0xDFFF), (0x7F, 0x9F), (0, 0x1F))  # not allowed in keys, or in XML
_no_xml = re.compile("[\ufffe\uffff]").search

Ask = Callable[..., dict[str, Any]]
"""A function that sends a ListObjectsV2 request with the given parameters (without the bucket)."""


class S3Object(NamedTuple):
    """A name in the bucket, and the object's ETag without quotes."""

    name: str
    tag: str


_Entry = tuple[str, S3Object | None]
"""An entry of a folder: its path, and the object, or None if it is a folder."""

_path = itemgetter(0)


def before(name: str) -> str:
    """A text that sorts before ``name``, with few names or none between the two.

    It contains no character that XML 1.0 forbids, because some servers repeat the text in their answer.

    >>> before("invoices/b") == "invoices/a" + _LAST, before("a "), before("")
    (True, 'a', '')
    """
    if not name:
        return ""
    cut = _no_xml(name)
    name = name[: cut.start() + 1] if cut else name
    point = ord(name[-1]) - 1
    for low, high in _GAPS:
        point = low - 1 if low <= point <= high else point
    return name[:-1] + (chr(point) + _LAST if point >= 0 else "")


def list_flat(ask: Ask, span: NameRange, size: int = PAGE) -> Iterator[S3Object]:
    """The objects of ``span``, from a server that lists in code-point order.

    Each page is requested when it is needed. Raises Unsupported if the server lists in another order.
    """
    after = before(span.low) if span.low > span.prefix else ""
    last = ""
    while True:
        answer = _page(ask, span.prefix, after, size)
        begin = last
        for found in _contents(answer):
            if found.name < last:
                raise _order_error(last, found.name)
            last = found.name
            if span.high is not None and last >= span.high:
                return
            if last >= span.low:
                yield found
        if not answer["IsTruncated"]:
            return
        _require_progress(begin, last)
        after = _beyond(last) if span.hides else last


def list_nested(ask: Ask, span: NameRange, size: int = PAGE) -> Iterator[S3Object]:
    """The objects of ``span``, from a server that lists folder by folder. One or more requests per folder."""
    waiting: list[_Entry] = []
    for name, entries in _folder(ask, span, size):
        waiting = sorted(waiting + entries, key=_path)
        count = len(waiting) if name is None else bisect_right(waiting, name, key=_path)
        for path, found in waiting[:count]:
            if span.high is not None and path >= span.high:
                return
            if found is None:
                if not (span.hides and _beyond(path) != path):
                    yield from list_nested(ask, span._replace(prefix=path), size)
            elif path >= span.low:
                yield found
        del waiting[:count]


def _folder(ask: Ask, span: NameRange, size: int) -> Iterator[tuple[str | None, list[_Entry]]]:
    """The pages of one folder: the last name listed so far (None: the listing is complete), and new entries."""
    last = ""
    after = before(_opening(span)) if span.low > span.prefix else ""
    while True:
        answer = _page(ask, span.prefix, after, size, Delimiter="/")
        entries: list[_Entry] = [(f.name, f) for f in _contents(answer)]
        entries += [(each["Prefix"], None) for each in answer.get("CommonPrefixes", ())]
        new = [e for e in entries if e[0].rstrip("/") > last and not _over(e[0], span.low)]
        begin, last = last, max((path.rstrip("/") for path, _ in entries), default=last)
        if not answer["IsTruncated"]:
            yield None, new
            return
        _require_progress(begin, last)
        yield last, new
        after = last


def _opening(span: NameRange) -> str:
    """The name at which to begin a folder for ``span.low``: the shortest whose folder may reach ``low``."""
    depth = len(span.prefix)
    name = span.low[depth:].partition("/")[0]
    cut = next((n for n in range(1, len(name)) if name[n] < "/"), len(name))
    return span.low[: depth + cut]


def _over(path: str, low: str) -> bool:
    """Whether ``path`` is a folder and every name in it sorts before ``low``."""
    end = successor(path) if path.endswith("/") else None
    return end is not None and end <= low


def _page(ask: Ask, prefix: str, after: str, size: int, **more: str) -> dict[str, Any]:
    begin = {"StartAfter": after} if after else {}
    answer = listing(ask(Prefix=prefix, MaxKeys=size, **begin, **more))
    if answer["IsTruncated"] and not (answer.get("Contents") or answer.get("CommonPrefixes")):
        raise Corrupt(
            "the server says that a listing continues, but lists no more names; check which server is at this endpoint"
        )
    return answer


def _require_progress(begin: str, last: str) -> None:
    """Raise Corrupt if the ``last`` name of a page is not after ``begin``, the last name of the page before."""
    if last <= begin:
        raise Corrupt(
            f"the server repeats a page of a listing that ends with {last!r}; check which server is at this endpoint"
        )


def listing(answer: dict[str, Any]) -> dict[str, Any]:
    """Return ``answer`` unchanged. Raises Corrupt if it is not a listing."""
    if "IsTruncated" not in answer:
        raise Corrupt("the answer to a listing does not come from S3; check which server is at this endpoint")
    return answer


def _contents(answer: dict[str, Any]) -> Iterator[S3Object]:
    return (S3Object(each["Key"], each["ETag"].strip('"')) for each in answer.get("Contents", ()))


def _beyond(name: str) -> str:
    """The text after which the next page begins: ``name``, or the end of the reserved folder it is in."""
    head, found, _ = f"/{name}".partition(f"/{RESERVED}/")
    return f"{head}/{RESERVED}/{_LAST}"[1:] if found else name


def _order_error(last: str, name: str) -> Unsupported:
    return Unsupported(
        f"this server lists {name!r} after {last!r}, so a scan cannot be in order; open it with ?listing=nested"
    )
