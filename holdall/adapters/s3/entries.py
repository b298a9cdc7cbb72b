"""Parse the entries of a listing ten times as fast as botocore does.

botocore builds the tree of the XML twice, and makes a dict of every field of every entry. A scan needs two or
three fields. So for the listings of a scan, a handler takes the entries out of the answer, and botocore parses
the rest. botocore also decodes the names, if the server sent them in percent-encoding.

The handler uses the same XML parser as botocore. So both accept the same answers, and limit entities equally. If all
objects of a page have the form that servers usually send, a regular expression finds them, and the parser reads the
rest, in which an element stands for each run of objects.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError, SubElement, TreeBuilder, XMLParser, tostring

from holdall.extras import needs

with needs("s3"):
    from botocore.parsers import ResponseParserError

ORDER = "HoldallOrder"
"""In a parsed ListObjectVersions answer: the field with the list names of the entries, in server order."""

_OBJECTS = "ListObjectsV2"
VERSIONS, MARKERS = "Versions", "DeleteMarkers"
_VERSION = ("Key", "VersionId", "LastModified")
_FOLDERS = {"CommonPrefixes": ("CommonPrefixes", ("Prefix",))}
_LISTS = {
    _OBJECTS: {"Contents": ("Contents", ("Key", "ETag")), **_FOLDERS},
    "ListObjectVersions": {
        "Version": (VERSIONS, _VERSION),
        "DeleteMarker": (MARKERS, _VERSION),
        **_FOLDERS,
    },
}
"""By operation and by the name of an entry's element: the list of such entries in a parsed answer, and their fields."""


_OTHERS = ("LastModified", "Size", "StorageClass", "ChecksumAlgorithm", "ChecksumType")
_TEXT = r"[^<&>\x00-\x08\x0b-\x1f\x7f]*+"
_QUOTE = "(?:&quot;|&#34;)?+"
_OTHER = f"(?:{'|'.join(f'<{name}>{_TEXT}</{name}>' for name in _OTHERS)})*+"
_split_objects = re.compile(
    f"<Contents>{_OTHER}<Key>({_TEXT})</Key>{_OTHER}<ETag>({_QUOTE}{_TEXT}{_QUOTE})</ETag>{_OTHER}</Contents>"
).split
_MARK = "HoldallObjects"  # the element that stands for a run of objects


class _Kind(NamedTuple):
    """A kind of entries: the name of their list, and of each field the name and the tag."""

    list: str
    fields: tuple[tuple[str, str], ...]


_trimmed: ContextVar[bool] = ContextVar("_trimmed", default=False)


@contextmanager
def trim_entries() -> Iterator[None]:
    """In this context, the entries of a listing hold only the fields that a scan needs; see also `ORDER`."""
    token = _trimmed.set(True)
    try:
        yield
    finally:
        _trimmed.reset(token)


def register(events: Any) -> None:
    """Make `trim_entries` apply to the client that has these ``events``."""
    for operation in _LISTS:
        # Because of the wildcard, botocore calls this handler before its own, which parses the whole body.
        events.register(f"before-parse.*.{operation}", _take_entries)


def _take_entries(
    operation_model: Any, response_dict: Any, customized_response_dict: Any, **event: Any
) -> None:
    if not _trimmed.get() or response_dict["status_code"] != 200:
        return
    try:
        found = _split_usual(response_dict["body"]) if operation_model.name == _OBJECTS else None
        lists, rest = found or _split(_parse(response_dict["body"]), operation_model.name)
    except ParseError:  # botocore finds it too, and sends the request again
        return
    response_dict["body"] = rest
    customized_response_dict.update(lists)


def _split_usual(body: bytes) -> tuple[dict[str, list[Any]], bytes] | None:
    """As `_split`, if all objects have the usual form; otherwise None."""
    if not body.isascii() or b"<!" in body or _MARK.encode() in body:
        return None
    pieces = _split_objects(body.decode("ascii"))
    rest = [piece for piece in pieces[::3] if piece]
    root = _parse(f"<{_MARK}/>".join(rest).encode())
    names = [element.tag.rpartition("}")[2] for element in root]
    if names.count(_MARK) != len(rest) - 1 or "Contents" in names or not (pieces[0] and pieces[-1]):
        return (
            None  # an object has another form, or is in a comment or another element, or outside of the root
        )
    root[:] = [element for element, name in zip(root, names, strict=True) if name != _MARK]
    lists, others = _split(root, _OBJECTS)
    if keys := pieces[1::3]:
        tags = [tag.replace("&#34;", '"').replace("&quot;", '"') for tag in pieces[2::3]]
        lists["Contents"] = [{"Key": key, "ETag": tag} for key, tag in zip(keys, tags, strict=True)]
    return lists, others


def _parse(body: bytes) -> Element:
    parser = XMLParser(target=TreeBuilder(), encoding="utf-8")  # noqa: S314 - the parser of botocore
    parser.feed(body)
    return parser.close()


def _split(root: Element, operation: str) -> tuple[dict[str, list[Any]], bytes]:
    """The entries by the name of their list, with their `ORDER`, and a body that has the other fields."""
    lists: dict[str, list[Any]] = {ORDER: []}
    rest = Element(root.tag)
    for element in root:
        kind = _kind(operation, element.tag)
        if kind is not None:
            lists.setdefault(kind.list, []).append(_entry(element, kind))
            lists[ORDER].append(kind.list)
        else:  # a text
            SubElement(rest, element.tag).text = element.text
    # tostring writes a carriage return as it is, but a parser reads that as a line feed.
    return lists, tostring(rest).replace(b"\r", b"&#13;")


@lru_cache(maxsize=64)
def _kind(operation: str, tag: str) -> _Kind | None:
    """The kind of entries with this ``tag``, or None. The tags of their fields are in the same namespace."""
    space, end, name = tag.rpartition("}")
    if name not in _LISTS[operation]:
        return None
    list_name, fields = _LISTS[operation][name]
    return _Kind(list_name, tuple((field, space + end + field) for field in fields))


def _entry(element: Element, kind: _Kind) -> dict[str, str]:
    entry = {name: text for name, tag in kind.fields if (text := element.findtext(tag)) is not None}
    if len(entry) < len(kind.fields):
        names = ", ".join(name for name, _ in kind.fields)
        raise ResponseParserError(f"an entry of the listing lacks one of the fields {names}")
    return entry
