"""The entry that a cache keeps for one key, and how a near store holds it."""

import struct
from typing import NamedTuple

from holdall.errors import Corrupt
from holdall.store import MISSING, Missing, Tag

_VALUE, _NONE = 0xFC, 0xFD  # UTF-8 text never begins with these bytes
_head = struct.Struct(">BQH")


class Entry(NamedTuple):
    """The ``value`` (MISSING for none) and ``tag`` that the far store had at some moment since ``checked``.

    ``tag`` is ABSENT if it is not known. ``checked`` is in seconds, by the clock of the cache.
    """

    value: bytes | Missing
    tag: Tag
    checked: float


def pack(entry: Entry) -> bytes:
    """``entry`` as a near store holds it.

        kept    = kind checked length tag value
        kind    = %xFC / %xFD           ; a value / the key is missing, and no value follows
        checked = 8 OCTET               ; big-endian microseconds since 1970 UTC
        length  = 2 OCTET               ; big-endian, of the tag in UTF-8; 0: not known

    >>> pack(Entry(b"a", Tag("7"), 1.0)).hex()
    'fc00000000000f424000013761'
    """
    tag = entry.tag.encode()
    missing = entry.value is MISSING
    head = _head.pack(_NONE if missing else _VALUE, int(entry.checked * 1_000_000), len(tag))
    return head + tag + (b"" if entry.value is MISSING else entry.value)


def unpack(key: str, data: bytes) -> Entry:
    """The entry that `pack` turned into ``data``. Raises Corrupt if `pack` did not write ``data``.

    >>> unpack("key", pack(Entry(b"a", Tag(""), 1.5)))
    Entry(value=b'a', tag='', checked=1.5)
    """
    try:
        kind, checked, length = _head.unpack_from(data)
        tag = str(data[_head.size : _head.size + length], "utf-8")
    except (ValueError, struct.error) as error:
        raise _foreign(key) from error
    body = data[_head.size + length :]
    if kind not in (_VALUE, _NONE) or (kind == _NONE and body):
        raise _foreign(key)
    return Entry(MISSING if kind == _NONE else body, Tag(tag), checked / 1_000_000)


def _foreign(key: str) -> Corrupt:
    return Corrupt(
        f"the near store holds a value under {key!r} that is not a cache entry; give the cache a near store of its own",
        key=key,
    )
