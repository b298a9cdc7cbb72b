"""Estimates, before a stored document is decoded, how much memory the decoded document takes.

A few bytes can stand for a large value: "[]" is two bytes of JSON and 64 bytes of memory. The estimates
follow the sizes of CPython's objects, and are rather too high than too low.
"""

import re
from typing import Final

LARGEST: Final = 1 << 26
"""The default limit in bytes of one decoded value: 64 MiB."""

_LIST, _DICT, _ENTRY, _TEXT, _SCALAR, _POINTER = 64, 184, 72, 56, 32, 8
_IN_DICT = 5  # entries that fit into a new dict
_string = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL).finditer


def of_json(data: bytes, enough: int) -> int:
    """The estimate for a JSON document; it is refined if the first one is more than ``enough``.

    >>> of_json(b'[[], [], {"a": 1.5}]', 0)
    628
    """
    marks = data.translate(None, _OTHERS)  # one pass over all bytes, then five over a few
    found, quotes = _marks(marks), marks.count(b'"')
    size = _size(data, found, quotes)
    if size <= enough:
        return size
    # Commas and brackets in a long text mean nothing, so they are not counted.
    strings = 0
    for strings, each in enumerate(_string(data), 1):
        if strings * _TEXT > enough:
            return size
        if each.end() - each.start() > _TEXT:
            found = [all - inside for all, inside in zip(found, _marks(each[0]), strict=True)]
    return _size(data, found, 2 * strings)


def _marks(data: bytes) -> list[int]:
    return [data.count(mark) for mark in (b"[", b"{", b":", b",")]


_OTHERS: Final = bytes(set(range(256)) - set(b'[{:,"'))


def _size(data: bytes, marks: list[int], quotes: int) -> int:
    lists, dicts, names, commas = marks
    texts = quotes // 2
    rest = max(0, commas + lists - texts + names)  # numbers and words
    large = max(0, names - _IN_DICT * dicts)
    parts = (
        lists * _LIST + dicts * _DICT + large * _ENTRY + texts * _TEXT + rest * _SCALAR + commas * _POINTER
    )
    return len(data) + parts


def of_msgpack(data: bytes, enough: int) -> int:
    """The estimate for a MessagePack document; it is refined if the first one is more than ``enough``.

    >>> of_msgpack(bytes.fromhex("93 90 90 81 a1 61 00"), 10**6)
    495
    """
    size = len(data) * (1 + _POINTER) + sum(each * _count(data, firsts) for firsts, each in _FIRSTS)
    return size if size <= enough else _walk(data, enough)


_FIRSTS: Final = (
    (bytes((*range(0x90, 0xA0), 0xDC, 0xDD)), _LIST),
    (bytes((*range(0x80, 0x90), 0xDE, 0xDF)), _DICT),
    (bytes((*range(0xA0, 0xC0), *range(0xC4, 0xCA), *range(0xD4, 0xDC))), _TEXT),
    (bytes(range(0xCA, 0xD4)), _SCALAR),
)
"""The first bytes of parts, and the memory of such a part. Any byte of a text may look like one of them."""

_NUMBERS: Final = (4, 8, 1, 2, 4, 8, 1, 2, 4, 8)  # bytes after CA to D3
_COUNTED: Final = {
    0xC4: (1, 0),
    0xC5: (2, 0),
    0xC6: (4, 0),
    0xC7: (1, 1),
    0xC8: (2, 1),
    0xC9: (4, 1),
    0xD9: (1, 0),
    0xDA: (2, 0),
    0xDB: (4, 0),
}
"""For texts, bytes and extensions: how many bytes hold the length, and how many follow in addition to it."""


def _count(data: bytes, firsts: bytes) -> int:
    return len(data) - len(data.translate(None, firsts))


def _walk(data: bytes, enough: int) -> int:
    """The same estimate, part by part, until it is over ``enough``; the decoder will report missing bytes."""
    at, end, size = 0, len(data), len(data)
    while at < end and size <= enough:
        first = data[at]
        at += 1
        size += _POINTER
        if first < 0x80 or first >= 0xE0 or 0xC0 <= first < 0xC4:
            continue
        if 0x90 <= first < 0xA0 or first in (0xDC, 0xDD):
            at += {0xDC: 2, 0xDD: 4}.get(first, 0)
            size += _LIST
        elif first < 0x90 or first in (0xDE, 0xDF):
            width = {0xDE: 2, 0xDF: 4}.get(first, 0)
            entries = int.from_bytes(data[at : at + width], "big") if width else first & 15
            at += width
            size += (_DICT if entries else _LIST) + max(0, entries - _IN_DICT) * _ENTRY
        elif 0xCA <= first < 0xD4:
            at += _NUMBERS[first - 0xCA]
            size += _SCALAR
        else:
            at += _length(data, at, first)
            size += _TEXT
    return size


def _length(data: bytes, at: int, first: int) -> int:
    """How many bytes follow the first byte of a text, of bytes or of an extension."""
    if first < 0xC0:
        return first & 31
    if first in _COUNTED:
        width, more = _COUNTED[first]
        return width + more + int.from_bytes(data[at : at + width], "big")
    return 1 + (1 << (first - 0xD4))


def of_xml(data: bytes) -> int:
    """The estimate for an XML document and the elements that the parser creates, which are the larger part.

    >>> of_xml(b"<list><null></null></list>")
    952
    """
    elements = data.count(b"</") + data.count(b"/>")
    return 2 * len(data) + elements * _ELEMENT


_ELEMENT: Final = 450
