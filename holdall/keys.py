r"""The portable key grammar, and the span of keys that one scan asks for.

    key      = segment *( "/" segment )          1 to 400 bytes of UTF-8
    segment  = 1*char, but not "." or ".." or ".holdall"
    char     = any Unicode scalar value but "/", "\" and the control characters (category Cc)

Every store keeps all such keys apart. What the grammar leaves out was seen to be folded, dropped or
refused by some store. Keys are never normalised, case is kept, and their order is by code point, which is
the byte order of their UTF-8.

A segment ``.holdall`` is reserved for the package's own records (manifest, history, journals). Only
keys that come through `Store.raw` may hold it, and they may be up to 480 bytes long.

A key that a layer makes of a user's key may be that long too. So the 400 bytes are the user's alone: the
keys under a prefix are accepted wherever they would be accepted without it. Such a long key is shown by a
scan of the store below the layer, and copied with the others; but to ask that store for it is InvalidKey.
Ask the layer for it, or `Store.raw`.
"""

import re
from typing import Any, NamedTuple, Self, TypeVar

from holdall.errors import InvalidKey
from holdall.redact import brief

R = TypeVar("R", bound=tuple[Any, ...])

KEY_BYTES = 400
RAW_KEY_BYTES = 480
RESERVED = ".holdall"

# Most keys are plain; one match of this settles them without the slower questions.
_plain = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_. -]*+(?:/[A-Za-z0-9_-][A-Za-z0-9_. -]*+)*+").fullmatch
_VOUCHED = RAW_KEY_BYTES // 4  # characters that surely fit, at four bytes each
_forbidden = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]").search


class RawKey(str):
    """A key or a scan prefix that is already checked, and may be reserved; a scan of it hides nothing.

    `raw_key` makes it, and layers make it of parts that they checked; an application never needs it.
    """

    __slots__ = ()


class Foreign(str):
    """A stored name that is not a key; `Store.scan_names` yields it, and `Store.get_foreign` reads its value.

    The text is the name without the prefix of the store. Bytes that are not UTF-8 become lone surrogates, as
    `os.fsdecode` makes them. `stored` is the name by which the store finds the value.
    """

    __slots__ = ("stored",)

    stored: Any

    def __new__(cls, name: str, stored: object = None) -> Self:
        self = super().__new__(cls, name)
        self.stored = name if stored is None else stored
        return self


def named(stored: str | bytes) -> str:
    r"""The name under which a store keeps a value: a plain str if it is a key, else `Foreign`.

    >>> named(b"a/b"), type(named(b"a//b")), named(b"\xff")
    ('a/b', <class 'holdall.keys.Foreign'>, '\udcff')
    """
    name = stored if isinstance(stored, str) else stored.decode(errors="surrogateescape")
    return name if fits(name) else Foreign(name, stored)


def raw_key(key: str) -> RawKey:
    """``key``, which may be reserved, and otherwise is checked as `check_key` does.

    >>> raw_key(".holdall/manifest")
    '.holdall/manifest'
    """
    made = RawKey(key)
    if len(made) > KEY_BYTES or not _plain(made):
        _check(made)
    return made


def check_key(key: str) -> None:
    """Raise TypeError unless ``key`` is a str, and InvalidKey unless it fits the grammar.

    Adapters call this first in every operation, before any I/O.

    >>> check_key("invoices/2026/00017")
    >>> check_key("../etc/passwd")
    Traceback (most recent call last):
      ...
    holdall.errors.InvalidKey: key '../etc/passwd' has a segment '..'; ...
    """
    kind = type(key)
    # All that a layer cannot know of a key is how long it has become.
    if kind is RawKey and len(key) <= _VOUCHED:
        return
    if kind is str and len(key) <= KEY_BYTES and _plain(key):
        return
    _check(key)


def fits(name: str) -> bool:
    """Whether ``name`` fits the grammar, reserved or not: what other programs write to a store may not.

    >>> fits(".holdall/manifest"), fits("../manifest")
    (True, False)
    """
    return (len(name) <= KEY_BYTES and _plain(name) is not None) or _problem(RawKey(name)) is None


def only_keys(rows: list[R]) -> list[R]:
    """Those of ``rows`` whose first item fits the grammar, in their order.

    >>> only_keys([("a/b", 1), ("a//b", 2)])
    [('a/b', 1)]
    """
    # One look at all names, without a call for each: most pages hold plain keys alone.
    names = [row[0] for row in rows]
    text = f"/{'/'.join(names)}/"
    if (
        text.isascii()
        and text.isprintable()
        and not any(part in text for part in ("\\", "//", "/./", "/../"))
        and max(map(len, names)) <= KEY_BYTES
    ):
        return rows
    return [row for row in rows if fits(row[0])]


def _check(key: str) -> None:
    if not isinstance(key, str):
        raise no_str(key)
    if problem := _problem(key):
        raise InvalidKey(f"key {shown(key)} {problem}", key=key)


def no_str(key: object) -> TypeError:
    """The TypeError for a key that is not a str, as `shelve` and cachetools make them."""
    return TypeError(
        f"a key is a str, not {type(key).__name__}: {brief(key)}; make a str of it; "
        "Escape(store) takes any text as a key, and Pickle(store, trust=True) any object as a value"
    )


def _problem(key: str) -> str | None:
    raw = type(key) is RawKey
    if not key:
        return "is empty; give it at least one character"
    if found := _forbidden(key):
        return f"holds {found[0]!r}; leave out control characters, backslashes and lone surrogates"
    limit = RAW_KEY_BYTES if raw else KEY_BYTES
    if (size := len(key.encode())) > limit:
        return f"is {size} bytes of UTF-8; the limit is {limit}"
    for segment in key.split("/"):
        if segment in ("", ".", ".."):
            return f"has a segment {brief(segment)}; name every part between slashes, and not '.' or '..'"
        if segment == RESERVED and not raw:
            return f"has a segment {RESERVED!r}, which is reserved; choose another name"
    return None


def shown(key: str) -> str:
    """``key`` for a message: in ASCII and of bounded length."""
    return ascii(key) if len(key) <= 80 else f"{key[:77]!a}…"


def is_reserved(key: str) -> bool:
    """Whether ``key`` has a segment ``.holdall``.

    >>> is_reserved("a/.holdall/manifest"), is_reserved("a/.holdall-notes")
    (True, False)
    """
    return RESERVED in key and RESERVED in key.split("/")


def past_reserved(key: str) -> str:
    """The least key after all that share the reserved part of ``key``: where a scan that hides them goes on.

    >>> past_reserved("a/.holdall/history/b")
    'a/.holdall0'
    """
    part = ("/" + key + "/").index(f"/{RESERVED}/") + len(RESERVED)
    # No key holds a control character, and some servers take no NUL; 0 comes after /.
    return key[:part] + ("\x01" if part == len(key) else "0")


def successor(prefix: str) -> str | None:
    r"""The least string after every string that starts with ``prefix``; None where there is none.

    >>> successor("inv"), successor("\ud7ff") == "\ue000", successor("\U0010ffff")
    ('inw', True, None)
    """
    for end in range(len(prefix), 0, -1):
        point = ord(prefix[end - 1]) + 1
        if 0xD800 <= point <= 0xDFFF:
            point = 0xE000
        if point <= 0x10FFFF:
            return prefix[: end - 1] + chr(point)
    return None


class Span(NamedTuple):
    """The keys of one scan: at or after ``low``, before ``high`` (None: no end), reserved ones hidden or not.

    ``key in span`` answers for all three; an adapter whose store honours the bounds itself asks only
    `shows`.

    >>> span = Span.of("invoices/", start="invoices/b")
    >>> span.low, span.high, "invoices/a" in span, "invoices/c" in span, "invoices/.holdall/x" in span
    ('invoices/b', 'invoices0', False, True, False)
    """

    low: str
    high: str | None
    hides: bool

    @classmethod
    def of(cls, prefix: str = "", start: str = "", stop: str | None = None) -> Self:
        """The span of ``scan(prefix, start=start, stop=stop)``; errors of `check_bounds`.

        It is empty if no key can begin with ``prefix``, so that no store is asked for what it may not take.
        """
        check_bounds(prefix, start, stop)
        hides = type(prefix) is not RawKey
        if not _begins_key(prefix, hides):
            return cls("", "", hides)
        end = successor(prefix)
        if stop is not None and (end is None or stop < end):
            end = stop
        return cls(max(prefix, start), end, hides)

    @property
    def empty(self) -> bool:
        """Whether no key at all can be in it."""
        return self.high is not None and self.high <= self.low

    def shows(self, key: str) -> bool:
        """Whether a key within the bounds is to be yielded."""
        return not (self.hides and RESERVED in key and is_reserved(key))

    def __contains__(self, key: object) -> bool:
        return (
            isinstance(key, str)
            and self.low <= key
            and (self.high is None or key < self.high)
            and self.shows(key)
        )


def _begins_key(prefix: str, hides: bool) -> bool:
    """Whether a key can begin with ``prefix``; if ``hides``, one that is not reserved."""
    longer = f"{prefix}a"
    return (fits(longer) or fits(prefix)) and not (hides and is_reserved(longer))


def check_bounds(prefix: str, start: str, stop: str | None) -> None:
    """TypeError where a bound of a scan is no str, InvalidKey where it holds a lone surrogate: none can match."""
    _check_bound(prefix)
    _check_bound(start)
    if stop is not None:
        _check_bound(stop)


def _check_bound(bound: str) -> None:
    if not isinstance(bound, str):
        raise TypeError(
            f"prefix, start and stop of a scan are str, not {type(bound).__name__}: {brief(bound)}"
        )
    if not bound.isascii():
        try:
            bound.encode()
        except UnicodeEncodeError:
            raise InvalidKey(f"scan bound {shown(bound)} holds a lone surrogate", key=bound) from None
