"""The nodes of the trees of a view: how they are stored, and a session that reads, changes and commits them.

    value   = check payload             check: the CRC-32 of the name and the payload, 4 bytes
    payload = [stamp, keys, values]     as MessagePack
    stamp   = 8 random bytes, one for each commit

A slot is the name of a row. A changed node stays in its slot, with the stamp of its commit. Whoever refers to a
node names its slot and its stamp. So a reader notices that another commit changed the node.
"""

from collections.abc import Iterable, Sequence
from secrets import token_bytes
from typing import Any, Final, NamedTuple
from zlib import crc32

from holdall.extras import needs
from holdall.query.views.table import Table

with needs("json"):
    from msgspec import MsgspecError
    from msgspec.msgpack import Decoder, Encoder

_CHECK: Final = 4

_encode: Final = Encoder().encode
_decode: Final = Decoder(tuple[bytes, list[str], list[Any]]).decode


class Damaged(Exception):
    """A part of the index has bytes that a view did not write."""


class Stale(Exception):
    """Another commit changed or deleted a node since the head was read. Read the head again."""


class Node(NamedTuple):
    """The keys of a node in order, and the value of each."""

    keys: list[str]
    values: list[Any]


class Address(NamedTuple):
    """The slot and the stamp of a node. Without a stamp, any node in the slot will do."""

    slot: str
    stamp: bytes | None


class Nodes:
    """The nodes of ``table`` as they were at one head, and the changes that the next commit makes to them.

    ``slots`` is the number of slots that were ever in use, and ``size`` the number of bytes of the nodes.
    ``changes`` are the rows to commit. A node must be read before it is replaced.
    """

    def __init__(self, table: Table, slots: int = 0, size: int = 0) -> None:
        self._table = table
        self._found: dict[str, tuple[bytes, Node]] = {}
        self._sizes: dict[str, int] = {}
        self.slots = slots
        self.size = size
        self.stamp = token_bytes(8)
        self.changes: dict[str, bytes | None] = {}

    def load(self, addresses: Iterable[Address]) -> None:
        """Read those nodes that were not read before, in one request. Raises Stale and Damaged."""
        wanted = {slot: stamp for slot, stamp in addresses if slot not in self._found}
        if wanted:
            values = self._table.get_many(wanted)
            for slot in wanted:
                if slot not in values:
                    raise Stale(slot)
                self._found[slot] = _open(slot, values[slot])
                self._sizes[slot] = len(values[slot])

    def read(self, address: Address) -> Node:
        """Return the node at ``address``. Raises Stale if another commit changed it, and Damaged."""
        slot, stamp = address
        if slot not in self._found:
            self.load([address])
        found, node = self._found[slot]
        if stamp is not None and stamp != found:
            raise Stale(slot)
        return node

    def fetch(self, addresses: Sequence[Address]) -> list[Node]:
        """Return the nodes at ``addresses``, in one request, and do not keep them. Raises Stale and Damaged."""
        mine = Nodes(self._table)
        mine._found = {slot: self._found[slot] for slot, _ in addresses if slot in self._found}
        mine.load(addresses)
        return [mine.read(address) for address in addresses]

    def write(self, slot: str | None, node: Node) -> Address:
        """Put ``node`` into ``slot``, or into a new slot. Return its address."""
        if slot is None:
            slot = f"{self.slots:x}"
            self.slots += 1
        sealed = seal(slot, _encode((self.stamp, node.keys, node.values)))
        self.size += len(sealed) - self._sizes.get(slot, 0)
        self._sizes[slot] = len(sealed)
        self.changes[slot] = sealed
        self._found[slot] = self.stamp, node
        return Address(slot, self.stamp)

    def free(self, slot: str) -> None:
        """Delete the node in ``slot``."""
        self.size -= self._sizes.pop(slot)
        self.changes[slot] = None
        self._found.pop(slot, None)


def size(node: Node) -> int:
    """Return the number of bytes of ``node``."""
    return len(_encode(node))


def _open(slot: str, value: bytes) -> tuple[bytes, Node]:
    try:
        stamp, keys, values = _decode(unseal(slot, value))
    except (ValueError, MsgspecError) as problem:
        raise Damaged(f"node {slot}: {problem}") from problem
    return stamp, Node(keys, values)


def seal(name: str, payload: bytes) -> bytes:
    """Return ``payload`` with a check before it."""
    return crc32(payload, crc32(name.encode())).to_bytes(_CHECK) + payload


def unseal(name: str, value: bytes) -> bytes:
    """Return the payload that `seal` sealed. Raises ValueError if it was damaged, or sealed for another name."""
    payload = value[_CHECK:]
    if crc32(payload, crc32(name.encode())) != int.from_bytes(value[:_CHECK]):
        raise ValueError("its checksum does not match")
    return payload
