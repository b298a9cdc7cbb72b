"""Changes the keys of one node, and says where a hash of the keys divides them into nodes."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any, Final, NamedTuple, TypeAlias
from zlib import crc32

from holdall.query.views.nodes import Node

Changes: TypeAlias = Node
"""Keys in order, and the new value of each; None deletes the key."""


class Edited(NamedTuple):
    """A changed node, and where it ends: after how many keys each of the nodes in its place ends."""

    node: Node
    ends: list[int]


def edit(node: Node, changes: Changes, zeros: int) -> Edited | None:
    """Return a copy of ``node`` with ``changes``, or None if they change nothing. ``zeros`` is as in `ends_of`."""
    if not node.keys or (changes.keys and node.keys[-1] < changes.keys[0]):
        return _append(node, changes, zeros)
    keys, values = node.keys.copy(), node.values.copy()
    changed, inserted = False, []
    for key, value in zip(*changes, strict=True):
        index = bisect_left(keys, key)
        exists = index < len(keys) and keys[index] == key
        if value is None:
            if not exists:
                continue
            del keys[index], values[index]
        elif exists:
            if values[index] == value:
                continue
            values[index] = value
        else:
            keys.insert(index, key)
            values.insert(index, value)
            inserted.append(key)
        changed = True
    return Edited(Node(keys, values), ends_of(keys, inserted + node.keys[-1:], zeros)) if changed else None


def _append(node: Node, changes: Changes, zeros: int) -> Edited | None:
    """Return ``node`` with ``changes``, which come after its keys. This is faster than to insert each key."""
    keys, values = changes
    if None in values:
        keys = [key for key, value in zip(keys, values, strict=True) if value is not None]
        values = [value for value in values if value is not None]
    if not keys:
        return None
    edited = Node(node.keys + keys, node.values + values)
    return Edited(edited, ends_of(edited.keys, node.keys[-1:] + keys, zeros))


def ends_of(keys: list[str], candidates: Sequence[str], zeros: int) -> list[int]:
    """Return after how many of ``keys`` a node ends. Of ``keys``, only ``candidates`` can end a node.

    A node ends after each key whose hash begins with at least so many ``zeros``.
    """
    ending = sorted(compress(candidates, map(zeros.__le__, map(_ZEROS.__getitem__, candidates))))
    found = ((bisect_left(keys, key), key) for key in ending)
    return [index + 1 for index, key in found if keys[index : index + 1] == [key]]


def order(changes: Mapping[str, Any]) -> Changes:
    """Return ``changes`` with their keys in order."""
    keys = sorted(changes)
    return Node(keys, list(map(changes.__getitem__, keys)))


class _Zeros(dict[str, int]):
    """The number of zeros at the beginning of a hash of each key.

    A batch asks for the same documents again in each of their groups. So it remembers the last keys, as a dict:
    a cache of functools takes twice as long for each of them.
    """

    def __missing__(self, key: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        # CRC-32 is linear, so that keys with consecutive numbers would end nodes at regular places, or never.
        mixed = crc32(key.encode()) * 0x9E3779B1 & 0xFFFFFFFF
        self[key] = zeros = 32 - mixed.bit_length()
        return zeros


_REMEMBERED: Final = 1 << 15
_ZEROS: Final = _Zeros()
