"""Listings: the objects of a span of names, in code-point order, from servers that list in theirs.

Amazon S3 lists a bucket in the byte order of UTF-8 ("Listing object keys programmatically" in the S3
user guide), which is code-point order, so one scan is one sequence of pages. A server that keeps
objects in folders lists ``a/b`` before ``a-b``: there, each folder is listed by itself, and a folder
waits for the names that belong before it.

A page begins after a name, never at it, and a scan begins at one: so it is asked for after the last
text that begins one character earlier, and what comes too early is left out here.
"""

import re
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any, NamedTuple

from holdall.errors import Corrupt, Unsupported
from holdall.keys import RESERVED, successor

PAGE = 1000
"""Names in a page, the most that S3 gives."""

_LAST = "\U0010ffff"
_GAPS = ((0xFFFE, 0xFFFF), (0xD800, 0xDFFF), (0x7F, 0x9F), (0, 0x1F))  # in no key, or in no XML
_no_xml = re.compile("[\ufffe\uffff]").search

Ask = Callable[..., dict[str, Any]]
"""One ListObjectsV2 request: its parameters but the bucket, and the answer."""


class Found(NamedTuple):
    """A name in the bucket and its ETag, unquoted."""

    name: str
    tag: str


class Range(NamedTuple):
    """Names that begin with ``prefix``, at or after ``low``, before ``high`` (None: no end).

    ``hides`` lets reserved folders be passed over; what is in them may still be yielded.
    """

    prefix: str
    low: str
    high: str | None
    hides: bool


def before(name: str) -> str:
    """A text after which ``name`` comes, and few names or none of those before it.

    It holds nothing that XML 1.0 cannot: servers were seen to repeat it so in their answer.

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


def flat(ask: Ask, span: Range, size: int = PAGE) -> Iterator[Found]:
    """The objects of ``span``, a page at a time, each page asked for when it is needed.

    Unsupported where the server turns out to list in another order.
    """
    after = before(span.low) if span.low > span.prefix else ""
    last = ""
    while True:
        answer = _page(ask, span.prefix, after, size)
        for found in _contents(answer):
            if found.name < last:
                raise _disordered(last, found.name)
            last = found.name
            if span.high is not None and last >= span.high:
                return
            if last >= span.low:
                yield found
        if not answer["IsTruncated"]:
            return
        after = _beyond(last) if span.hides else last


def nested(ask: Ask, span: Range, size: int = PAGE) -> Iterator[Found]:
    """The same of a server that lists folder by folder: a request or more for each folder."""
    waiting: list[tuple[str, Found | None]] = []
    for name, entries in _folder(ask, span, size):
        for entry in entries:
            heappush(waiting, entry)
        while waiting and (name is None or waiting[0][0] <= name):
            path, found = heappop(waiting)
            if span.high is not None and path >= span.high:
                return
            if found is not None and path >= span.low:
                yield found
            elif found is None and not (span.hides and _beyond(path) != path):
                yield from nested(ask, span._replace(prefix=path), size)


def _folder(ask: Ask, span: Range, size: int) -> Iterator[tuple[str | None, Any]]:
    """The pages of one folder: the last name that the server got to (None: all), and what is new in it."""
    last = ""
    after = before(_opening(span)) if span.low > span.prefix else ""
    while True:
        answer = _page(ask, span.prefix, after, size, Delimiter="/")
        entries: list[tuple[str, Found | None]] = [(f.name, f) for f in _contents(answer)]
        entries += [(each["Prefix"], None) for each in answer.get("CommonPrefixes", ())]
        new = [e for e in entries if e[0].rstrip("/") > last and not _over(e[0], span.low)]
        last = max((path.rstrip("/") for path, _ in entries), default=last)
        if not answer["IsTruncated"]:
            yield None, new
            return
        yield last, new
        after = last


def _opening(span: Range) -> str:
    """Where a folder is to be begun for ``span.low``: at the shortest name whose folder can reach it."""
    depth = len(span.prefix)
    name = span.low[depth:].partition("/")[0]
    cut = next((n for n in range(1, len(name)) if name[n] < "/"), len(name))
    return span.low[: depth + cut]


def _over(path: str, low: str) -> bool:
    """Whether all of the folder ``path`` comes before ``low``."""
    end = successor(path) if path.endswith("/") else None
    return end is not None and end <= low


def _page(ask: Ask, prefix: str, after: str, size: int, **more: str) -> dict[str, Any]:
    begin = {"StartAfter": after} if after else {}
    answer = listing(ask(Prefix=prefix, MaxKeys=size, **begin, **more))
    if answer["IsTruncated"] and not (answer.get("Contents") or answer.get("CommonPrefixes")):
        raise Corrupt("a listing says that it goes on, and does not")
    return answer


def listing(answer: dict[str, Any]) -> dict[str, Any]:
    """``answer``, which is a listing; Corrupt where it is none."""
    if "IsTruncated" not in answer:
        raise Corrupt("the answer to a listing is none of S3's; look at what answers at this endpoint")
    return answer


def _contents(answer: dict[str, Any]) -> Iterator[Found]:
    return (Found(each["Key"], each["ETag"].strip('"')) for each in answer.get("Contents", ()))


def _beyond(name: str) -> str:
    """Where to go on after ``name``: past all of a reserved folder that the page ended in."""
    head, found, _ = f"/{name}".partition(f"/{RESERVED}/")
    return f"{head}/{RESERVED}/{_LAST}"[1:] if found else name


def _disordered(last: str, name: str) -> Unsupported:
    return Unsupported(
        f"this server lists {name!r} after {last!r}, so a scan cannot be in order; open it with ?listing=nested"
    )
