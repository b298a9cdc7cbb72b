"""Test whether a server honours conditional requests, if that is not known.

Some servers that speak a cloud's protocol ignore every condition, or those on deletes, or those on uploads in
parts. Compare-and-swap on these servers would be check-then-write, so it is refused.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from holdall.adapters._objectstore.write_ids import State
from holdall.errors import Conflict, HoldallError, PermissionDenied, Unsupported
from holdall.keys import RESERVED, RawKey
from holdall.store import ABSENT, Feature, Tag


@dataclass(frozen=True)
class Conditions:
    """The conditional features of a server, and the reason why others are missing."""

    features: Feature
    reason: str = ""


TAGS_UNKNOWN = "its server refuses a write that expects the current tag"
"""The reason not to offer compare-and-swap if no write succeeds that expects the object's current tag."""

HONOURED = Conditions(Feature.SWAP | Feature.REMOVE)
"""The server honours every condition."""


class Objects(Protocol):
    """The operations of a bucket that the tests need."""

    def write(self, key: str, value: bytes, expected: Tag | None = None) -> Tag:
        """Write ``value``, and return the new tag.

        Raises Conflict if ``expected`` is given and ``key`` does not carry it.
        """
        ...

    def delete(self, key: str, expected: Tag | None = None) -> None:
        """Delete ``key``, on the same condition as `write`. Raises KeyError if it is missing."""
        ...

    def head(self, key: str) -> State:
        """The state of ``key``. Raises KeyError if it is missing."""
        ...


def probe_conditions(objects: Objects, never: Tag) -> Conditions:
    """Test how the server of ``objects`` treats conditions, with up to ten requests about a reserved key.

    ``never`` is a tag that the server does not issue. Raises the errors of the requests, except
    PermissionDenied: without permission for the test, no conditional feature is offered.
    """
    try:
        with scratch(objects) as key:
            return _writes(objects, key, never)
    except PermissionDenied as error:
        return Conditions(Feature.NONE, f"it could not be tested: {error}")


def _writes(objects: Objects, key: str, never: Tag) -> Conditions:
    tag = objects.write(key, b"1")
    if _may_write(objects, key, ABSENT):
        return Conditions(Feature.NONE, "its server lets a key be created twice: every writer would win")
    if _may_write(objects, key, never):
        return Conditions(Feature.NONE, "its server ignores conditions on writes: every writer would win")
    _may_write(objects, key, tag)  # if the answer is lost, the retry is refused: so check the tag
    now = objects.head(key).tag
    if now == tag:
        return Conditions(Feature.NONE, TAGS_UNKNOWN)
    return _deletes(objects, key, now, never)


def _deletes(objects: Objects, key: str, tag: Tag, never: Tag) -> Conditions:
    with contextlib.suppress(Conflict, Unsupported):
        with contextlib.suppress(KeyError):  # deleted by an earlier attempt whose answer was lost
            objects.delete(key, never)
        return Conditions(Feature.SWAP, "its server ignores conditions on deletes")
    _may_delete(objects, key, tag)
    if _is_there(objects, key):
        return Conditions(Feature.SWAP, "its server has no conditional deletes")
    if _may_delete(objects, key, tag):
        return Conditions(Feature.SWAP, "its server lets more than one delete of an object win")
    return HONOURED


@contextlib.contextmanager
def scratch(objects: Objects) -> Iterator[str]:
    """A reserved key for tests, which is deleted afterwards."""
    key = RawKey(f"{RESERVED}/probe/{uuid4().hex}")
    try:
        yield key
    finally:
        with contextlib.suppress(HoldallError, KeyError):
            objects.delete(key)


def _may_write(objects: Objects, key: str, expected: Tag) -> bool:
    with contextlib.suppress(Conflict, KeyError, Unsupported):
        objects.write(key, b"2", expected)
        return True
    return False


def _may_delete(objects: Objects, key: str, expected: Tag) -> bool:
    with contextlib.suppress(Conflict, KeyError, Unsupported):
        objects.delete(key, expected)
        return True
    return False


def _is_there(objects: Objects, key: str) -> bool:
    with contextlib.suppress(KeyError):
        objects.head(key)
        return True
    return False
