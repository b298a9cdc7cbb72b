"""The format of a stored value with its deadline."""

from struct import Struct
from typing import Final

from holdall.errors import Corrupt, Invalid
from holdall.store import to_bytes

NEVER: Final = (1 << 64) - 1
"""The deadline of a value that does not expire."""

_MAGIC = 0xFB  # UTF-8 text never begins with this byte
_head = Struct(">BQ")


def stamp(value: bytes, deadline: int) -> bytes:
    """``value`` with ``deadline``, in microseconds since 1970 UTC.

        stored   = %xFB deadline value
        deadline = 8 OCTET              ; big-endian; 2**64 - 1: never

    >>> stamp(b"a", 1_000_000).hex()
    'fb00000000000f424061'
    """
    return _head.pack(_MAGIC, deadline) + to_bytes(value)


def split(key: str, data: bytes) -> tuple[bytes, int]:
    """The value and the deadline that `stamp` joined. Raises Corrupt if `stamp` did not write ``data``.

    >>> split("key", stamp(b"a", 1_000_000))
    (b'a', 1000000)
    """
    if len(data) < _head.size or data[0] != _MAGIC:
        raise Corrupt(f"the value of {key!r} does not begin with a deadline that Expires wrote", key=key)
    deadline: int = _head.unpack_from(data)[1]
    return data[_head.size :], deadline


def micros(seconds: float) -> int:
    """Seconds as whole microseconds. Raises Invalid unless 0 < ``seconds`` < 1e11.

    >>> micros(1.5)
    1500000
    """
    if not 0 < seconds < 1e11:
        raise Invalid(
            f"values cannot expire after {seconds!r} seconds; give a number over 0, or None for never"
        )
    return round(seconds * 1_000_000)
