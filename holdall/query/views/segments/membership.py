"""A Bloom filter of the names in a segment: it says that a name is missing, or that it may be there."""

import hashlib
from collections.abc import Collection, Iterator

_BITS = 10  # per name; with seven hashes, about one missing name in 120 passes
_HASHES = 7


def new_filter(names: Collection[str]) -> bytes:
    """Return the filter of ``names``.

    >>> present = new_filter(["a", "b"])
    >>> may_hold(present, hashed("a")), may_hold(present, hashed("c"))
    (True, False)
    """
    bits = bytearray(len(names) * _BITS // 8 + 1)
    for name in names:
        for place in _places(hashed(name), len(bits)):
            bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


def hashed(name: str) -> int:
    """Return the number by which filters know ``name``."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())


def may_hold(bits: bytes, number: int) -> bool:
    """Return whether the name with this number, the result of `hashed`, may be in the filter ``bits``."""
    return all(bits[place >> 3] >> (place & 7) & 1 for place in _places(number, len(bits)))


def _places(number: int, size: int) -> Iterator[int]:
    first, step = number >> 32, number & 0xFFFFFFFF | 1
    return ((first + turn * step) % (size * 8) for turn in range(_HASHES))
