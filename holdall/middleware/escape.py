"""Any text as a key: characters outside the portable grammar are escaped, and the order of keys is kept."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from holdall.changes import Changes
from holdall.errors import InvalidKey
from holdall.keys import Foreign, RawKey, check_key, no_str
from holdall.prefixed import Prefixed
from holdall.store import Store

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")

_END = " "
_TABLE = {
    **{point: " " + chr(0x30 + point) for point in range(0x20)},
    ord(" "): " _",
    ord("["): "[0",
    ord("\\"): "[1",
    ord("~"): "~0",
    **{point: "~" + chr(0x31 + point - 0x7F) for point in range(0x7F, 0xA0)},
    0xD7FF: "\ud7ff0",
    **{point: "\ud7ff" + chr(0x4E00 + point - 0xD800) for point in range(0xD800, 0xE000)},
}
_FIRST = {".": ".!", "/": ".0/"}
_BACK = {code: chr(point) for point, code in _TABLE.items()} | {code: char for char, code in _FIRST.items()}

_first = re.compile(r"(?<![^/])[./]")
_code = re.compile(r"(?<![^/])\.(?:!|0/)|[ \[~\ud7ff].", re.DOTALL)
_changed = re.compile(r"[\x00- \[\\~\x7f-\x9f\ud7ff-\udfff]|(?<![^/])[./]|/\Z|\A\Z").search


class Escape(Prefixed[V]):
    r"""Accepts any text as a key: empty, with control characters, odd dots or slashes, or lone surrogates.

    Each text has its own key, and texts and keys have the same order, by code point. So a scan with any
    prefix and bounds costs as much as it costs below. Most texts are their own key. The escapes, character by
    character:

        at the start, or after "/":   "."  is ".!"     "/"  is ".0/"     and the end is " "
        anywhere:   %x00-1F  is " " %x30-4F            " "  is " _"
                    "["      is "[0"                   "\"  is "[1"
                    "~"      is "~0"                   %x7F-9F    is "~" %x31-51
                    U+D7FF   is U+D7FF "0"             U+D800-DFFF  is U+D7FF U+4E00-55FF

    An escaped key may take up to 400 bytes; a longer one raises InvalidKey. A key of ``store`` that is not
    the escape of any text is a foreign name, and no scan shows it. `raw` shows keys as they are stored.
    Layers that keep records under a key's name, such as versions, need portable keys: put Escape above them.

    >>> from holdall import Memory
    >>> store = Escape(Memory())
    >>> store["../Müller & Co\n"] = b"1"
    >>> list(store), list(store.raw())
    (['../Müller & Co\n'], ['.!./Müller _& _Co :'])
    """

    def __init__(self, store: Store[V]) -> None:
        super().__init__(store, "")

    def _down(self, key: str) -> str:
        down = _key(key)
        if type(key) is RawKey:  # a layer above has checked it; it may be longer
            down = RawKey(down)
        try:
            check_key(down)
        except InvalidKey as error:
            raise InvalidKey(f"{error}; it is the escaped form of {key!a:.80}", key=key) from None
        return down

    def _range(self, prefix: str, start: str, stop: str | None) -> dict[str, Any]:
        bounds = {"prefix": _escape(prefix), "start": _escape(start)}
        return bounds if stop is None else bounds | {"stop": _escape(stop)}

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        found = map(_text, self._inner.scan(**self._range(prefix, start, stop)))
        return (text for text in found if text is not None)

    def _up_name(self, name: str) -> str:
        if isinstance(name, Foreign):
            return name
        text = _text(name)
        return Foreign(name, RawKey(name)) if text is None else text

    def get_foreign(self, name: Foreign, /) -> V:
        key = name.stored
        return self._inner[key] if isinstance(key, RawKey) else self._inner.get_foreign(name)

    def _up_items(self, items: Iterable[tuple[str, T]]) -> Iterator[tuple[str, T]]:
        found = ((_text(key), item) for key, item in items)
        return ((text, item) for text, item in found if text is not None)

    delete_prefix = Store.delete_prefix  # the store below would delete the keys that are not escapes, too

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return self._inner.changes(since, prefix=_escape(prefix)).rename(_text)

    def typed(self, type: "TypeForm[T]", /) -> Store[T]:
        return Escape(self._inner.typed(type))


def _escape(text: str) -> str:
    if not isinstance(text, str):
        raise no_str(text)
    if not _changed(text):
        return str.__str__(text)
    # The codes of a first character contain no character that the table changes.
    return _first.sub(lambda found: _FIRST[found[0]], text).translate(_TABLE)


def _key(text: str) -> str:
    escaped = _escape(text)
    return escaped + _END if not escaped or escaped.endswith("/") else escaped


def _text(key: str) -> str | None:
    """The text that is written as ``key``; None if no text is."""
    if not _changed(key):
        return key
    ends = key == _END or key.endswith("/" + _END)
    text = _code.sub(lambda found: _BACK.get(found[0], ""), key.removesuffix(_END) if ends else key)
    return text if _key(text) == key else None
