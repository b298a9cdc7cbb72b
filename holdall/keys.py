r"""The portable key grammar, and the span of keys of one scan.

    key      = segment *( "/" segment )          1 to 400 bytes of UTF-8
    segment  = 1*char, but not "." or ".." or ".holdall"
    char     = any Unicode scalar value but "/", "\" and the control characters (category Cc)

Every store keeps any two of these keys apart. The grammar excludes every form that at least one store was
seen to fold, drop or refuse. Keys are never normalised, and their case is kept. Their order is by code point,
which is the byte order of their UTF-8.

The segment ``.holdall`` is reserved for the package's own records (manifest, history, journals). Only keys
that come through `Store.raw` may contain it, and these keys may be up to 480 bytes long.

A layer may make a longer key of a user's key, also up to 480 bytes. So the user can always use all 400 bytes:
a key is accepted under a prefix if it is accepted without the prefix. A scan of the store below the layer
yields the long key, and a copy of that store includes it, but reading it from that store raises InvalidKey.
Read it through the layer or through `Store.raw`.
"""

import re
from typing import Any, NamedTuple, Self, TypeVar

from holdall.errors import HoldallError, InvalidKey
from holdall.redact import brief

R = TypeVar("R", bound=tuple[Any, ...])

KEY_BYTES = 400
RAW_KEY_BYTES = 480
RESERVED = ".holdall"

# Most keys match one of these patterns, and need none of the slower checks.
_segment = "[A-Za-z0-9_-][A-Za-z0-9_. -]*+"
_raw_segment = rf"(?:{_segment}|\.holdall(?![^/]))"
_plain = re.compile(f"{_segment}(?:/{_segment})*+").fullmatch
_plain_raw = re.compile(f"{_raw_segment}(?:/{_raw_segment})*+").fullmatch
_VOUCHED = RAW_KEY_BYTES // 4  # so many characters always fit, at four bytes each
_PLAIN_BYTES = bytes(range(ord(" "), 0x7F)).replace(b"\\", b"")
_forbidden = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]").search


class RawKey(str):
    """A key or scan prefix that is already checked and may be reserved. A scan of this prefix hides no keys.

    `raw_key` makes it, and layers make it from parts that they checked. An application never needs it.
    """

    __slots__ = ()


class Foreign(str):
    """A stored name that is not a valid key.

    `Store.scan_names` yields it, and `Store.get_foreign` reads its value.

    The text is the name without the prefix of the store. Bytes that are not UTF-8 become lone surrogates, as
    `os.fsdecode` makes them. `stored` is the name by which the store finds the value.
    """

    __slots__ = ("stored",)

    stored: Any

    def __new__(cls, name: str, stored: object = None) -> Self:
        self = super().__new__(cls, name)
        self.stored = name if stored is None else stored
        return self


def to_name(stored: str | bytes) -> str:
    r"""Return the name of a stored value: a plain str if it is a valid key, else a `Foreign`.

    >>> to_name(b"a/b"), type(to_name(b"a//b")), to_name(b"\xff")
    ('a/b', <class 'holdall.keys.Foreign'>, '\udcff')
    """
    name = stored if isinstance(stored, str) else stored.decode(errors="surrogateescape")
    return name if fits(name) else Foreign(name, stored)


def raw_key(key: str) -> RawKey:
    """Return ``key`` as a `RawKey`, after the checks of `check_key`. ``key`` may be reserved.

    >>> raw_key(".holdall/manifest")
    '.holdall/manifest'
    """
    made = RawKey(key)
    if len(made) > KEY_BYTES or not _plain_raw(made):
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
    # A layer has checked everything but the length of the key that it made.
    if kind is RawKey and len(key) <= _VOUCHED:
        return
    if kind is str and len(key) <= KEY_BYTES and _plain(key):
        return
    _check(key)


def fits(name: str) -> bool:
    """Return whether ``name`` fits the grammar; it may be reserved. Names of other programs may not fit.

    >>> fits(".holdall/manifest"), fits("../manifest")
    (True, False)
    """
    return (len(name) <= KEY_BYTES and _plain_raw(name) is not None) or _problem(RawKey(name)) is None


def only_keys(rows: list[R]) -> list[R]:
    """Return those of ``rows`` whose first item fits the grammar, in their order.

    >>> only_keys([("a/b", 1), ("a//b", 2)])
    [('a/b', 1)]
    """
    # Check all names at once, without a call per name, because most pages contain plain keys only.
    if not rows:
        return rows
    names = [row[0] for row in rows]
    text = f"/{'/'.join(names)}/"
    if (
        text.isascii()
        and not text.encode().translate(None, _PLAIN_BYTES)
        and "//" not in text
        and "./" not in text  # the end of "/./" and "/../"
        and max(map(len, names)) <= KEY_BYTES
    ):
        return rows
    return [row for row in rows if fits(row[0])]


def _check(key: str) -> None:
    if not isinstance(key, str):
        raise no_str(key)
    if problem := _problem(key):
        raise InvalidKey(f"key {format_key(key)} {problem}", key=key)


def no_str(key: object) -> TypeError:
    """Return the TypeError for a key that is not a str; `shelve` and cachetools make keys of other types."""
    return TypeError(
        f"a key is a str, not {type(key).__name__}: {brief(key)}; convert it to str; "
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


def format_key(key: str) -> str:
    """Return ``key`` for a message: in ASCII and of bounded length."""
    return ascii(key) if len(key) <= 80 else f"{key[:77]!a}…"


def rename_key(error: HoldallError, stored: str, words: str, key: str | None = None) -> HoldallError:
    """Return ``error`` with ``words`` in its message instead of the reserved key ``stored``, and with ``key``.

    >>> rename_key(InvalidKey("key '.holdall/a' is long", key=".holdall/a"), ".holdall/a", "of the mark")
    InvalidKey('key of the mark is long')
    """
    message = str(error)
    for shown in (repr(stored), ascii(stored), f"{stored[:77]!a}…"):
        message = message.replace(shown, words)
    if RESERVED in message:
        message = f"{words}: the store refused it ({type(error).__name__}); the cause says why"
    return type(error)(message, key=key)


def is_reserved(key: str) -> bool:
    """Return whether ``key`` has a segment ``.holdall``.

    >>> is_reserved("a/.holdall/manifest"), is_reserved("a/.holdall-notes")
    (True, False)
    """
    return RESERVED in key and RESERVED in key.split("/")


def past_reserved(key: str) -> str:
    """Return the smallest key after all keys that share the reserved part of ``key``.

    A scan that hides reserved keys continues at this key.

    >>> past_reserved("a/.holdall/history/b")
    'a/.holdall0'
    """
    part = ("/" + key + "/").index(f"/{RESERVED}/") + len(RESERVED)
    # No key contains a control character, and some servers refuse NUL. "0" is the character after "/".
    return key[:part] + ("\x01" if part == len(key) else "0")


def successor(prefix: str) -> str | None:
    r"""Return the smallest string after every string that starts with ``prefix``, or None if there is none.

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
    """The keys of one scan: at or after ``low`` and before ``high`` (None: no end).

    If ``hides``, the reserved keys are left out. ``key in span`` checks all three conditions. An adapter
    whose store applies the bounds itself only needs `shows`.

    >>> span = Span.of("invoices/", start="invoices/b")
    >>> span.low, span.high, "invoices/a" in span, "invoices/c" in span, "invoices/.holdall/x" in span
    ('invoices/b', 'invoices0', False, True, False)
    """

    low: str
    high: str | None
    hides: bool

    @classmethod
    def of(cls, prefix: str = "", start: str = "", stop: str | None = None) -> Self:
        """Return the span of ``scan(prefix, start=start, stop=stop)``. Raises the errors of `check_bounds`.

        The span is empty if no key can begin with ``prefix``, so that the adapter does not send the store a
        prefix that the store may refuse.
        """
        check_bounds(prefix, start, stop)
        hides = type(prefix) is not RawKey
        if not begins_key(prefix, hides):
            return cls("", "", hides)
        end = successor(prefix)
        if stop is not None and (end is None or stop < end):
            end = stop
        return cls(max(prefix, start), end, hides)

    @property
    def empty(self) -> bool:
        """Whether the span cannot contain any key."""
        return self.high is not None and self.high <= self.low

    def shows(self, key: str) -> bool:
        """Return whether the scan yields ``key``, a key within the bounds."""
        return not (self.hides and RESERVED in key and is_reserved(key))

    def __contains__(self, key: object) -> bool:
        return (
            isinstance(key, str)
            and self.low <= key
            and (self.high is None or key < self.high)
            and self.shows(key)
        )


def begins_key(prefix: str, hides: bool = True) -> bool:
    """Return whether a key can begin with ``prefix``; if ``hides``, a key that is not reserved.

    >>> begins_key("a/"), begins_key("a//"), begins_key(".holdall/"), begins_key(".holdall/", hides=False)
    (True, False, False, True)
    """
    longer = f"{prefix}a"
    return (fits(longer) or fits(prefix)) and not (hides and is_reserved(longer))


def check_bounds(prefix: str, start: str, stop: str | None) -> None:
    """Raise TypeError if a bound of a scan is not a str, and InvalidKey if it contains a lone surrogate.

    No key can match a bound with a lone surrogate.
    """
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
            raise InvalidKey(
                f"scan bound {format_key(bound)} contains a lone surrogate; remove it", key=bound
            ) from None
