"""Shows a value to people: JSON indented and coloured, text as it is, bytes by their size.

A value of more than a megabyte is shown in part.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from holdall.extras import needs
from holdall.server.pages.formats import show_controls
from holdall.server.representation import BytesRepresentation, DocumentRepresentation
from holdall.server.stores import Served

with needs("server"):
    import msgspec
    from markupsafe import Markup, escape

MOST: Final = 1_000_000
"""The most bytes of a value that a page shows."""

_COLOURED: Final = 200_000  # the most bytes that are coloured

_token = re.compile(
    r'(?P<key>"(?:[^"\\]++|\\.)*+"(?=:))|(?P<string>"(?:[^"\\]++|\\.)*+")'
    r"|(?P<number>-?[0-9][0-9.eE+-]*)|(?P<word>true|false|null)"
)
_unprintable = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]").search


class Shown(NamedTuple):
    """A value on a page. ``text`` is None for bytes that are not text."""

    size: int
    text: str | None
    is_json: bool = False
    is_cut: bool = False

    @property
    def html(self) -> Markup:
        """The text, escaped, with the parts of JSON marked."""
        text = self.text or ""
        if not self.is_json or len(text) > _COLOURED:
            return escape(text)
        return Markup("").join(_marked(text))

    @property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return (self.text or "").splitlines()


def show(served: Served, value: Any) -> Shown:
    """Return ``value`` of the store ``served`` for a page."""
    data = served.representation.write(value)
    text = _to_text(data[:MOST], cut=len(data) > MOST)
    if text is None or (isinstance(served.representation, BytesRepresentation) and _unprintable(text)):
        return Shown(len(data), None)
    text = show_controls(text)
    if isinstance(served.representation, DocumentRepresentation):
        return _show_json(data, text)
    return Shown(len(data), text, is_cut=len(data) > MOST)


def _to_text(data: bytes, *, cut: bool) -> str | None:
    """Return ``data`` as text, or None if it is not UTF-8. The last character of a part may be cut off."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        return data[: error.start].decode() if cut and error.start > len(data) - 4 else None


def _show_json(data: bytes, text: str) -> Shown:
    if len(data) > MOST:
        return Shown(len(data), text, is_json=True, is_cut=True)
    try:
        return Shown(len(data), msgspec.json.format(text, indent=2), is_json=True)
    except (ValueError, RecursionError):  # a store of another program may nest deeper than the formatter goes
        return Shown(len(data), text, is_json=True)


def _marked(text: str) -> Iterator[Markup]:
    end = 0
    for found in _token.finditer(text):
        yield escape(text[end : found.start()])
        yield Markup('<span class="j-{}">{}</span>').format(found.lastgroup, found[0])
        end = found.end()
    yield escape(text[end:])
