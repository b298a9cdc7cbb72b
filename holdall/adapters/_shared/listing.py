"""Where a feed stopped while it was yielding every key in order: a key, written as numbers of a position."""

from holdall.changes import Position
from holdall.errors import InvalidPosition
from holdall.redact import brief

NEW = "new"
"""The origin of a position of which nothing was read. From there, a feed begins with every key."""

_BYTES = 7  # of a key in one number


def to_numbers(key: str) -> tuple[int, ...]:
    """Return ``key`` as numbers; no numbers are the key "".

    >>> to_key(to_numbers("invoices/2026/é"))
    'invoices/2026/é'
    """
    coded = key.encode()
    parts = (coded[at : at + _BYTES] for at in range(0, len(coded), _BYTES))
    return tuple(int.from_bytes(b"\1" + part, "big") for part in parts)


def to_key(numbers: tuple[int, ...]) -> str:
    """Return the key that `to_numbers` made these numbers of. Raises InvalidPosition if there is none."""
    try:
        return b"".join(_part(number) for number in numbers).decode()
    except UnicodeDecodeError:
        position = Position("…", numbers)
        raise InvalidPosition(f"{brief(str(position))} is not the position of a feed") from None


def _part(number: int) -> bytes:
    coded = number.to_bytes(9, "big").lstrip(b"\0")  # a number of a position has up to 20 digits
    return coded[1:]
