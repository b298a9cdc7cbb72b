"""Whether a server honours conditional requests: tried out where nobody vouches for it.

Servers that speak a cloud's protocol were seen to ignore every condition, those on deletes, or those on
uploads in parts. Compare-and-swap on such a server would be check-then-write, so it is refused.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from holdall.adapters.traces import State
from holdall.errors import Conflict, HoldallError, PermissionDenied, Unsupported
from holdall.keys import RESERVED, RawKey
from holdall.store import ABSENT, Feature, Tag


@dataclass(frozen=True)
class Conditions:
    """The features that hold at a server, and why the others do not."""

    features: Feature
    reason: str = ""


TAGS_UNKNOWN = "its server does not know its own tags again"
"""The reason not to offer compare-and-swap if no write succeeds on the tag that the object carries."""

HONOURED = Conditions(Feature.SWAP | Feature.REMOVE)
"""Every condition is honoured."""


class Objects(Protocol):
    """A bucket, as far as trying it out needs it."""

    def write(self, key: str, value: bytes, expected: Tag | None = None) -> Tag:
        """Write, if ``key`` carries ``expected`` where that is given; Conflict where it does not."""
        ...

    def delete(self, key: str, expected: Tag | None = None) -> None:
        """Delete, on the same condition; KeyError where there is nothing."""
        ...

    def head(self, key: str) -> State:
        """What is there; KeyError where nothing is."""
        ...


def tried(objects: Objects, never: Tag) -> Conditions:
    """What the server of ``objects`` does with conditions: ten requests at most about a reserved key.

    ``never`` is a tag that it does not issue. Errors are raised but for a lack of permission, which is a
    reason not to offer what needs it.
    """
    try:
        with scratch(objects) as key:
            return _writes(objects, key, never)
    except PermissionDenied as error:
        return Conditions(Feature.NONE, f"it could not be tried out: {error}")


def _writes(objects: Objects, key: str, never: Tag) -> Conditions:
    tag = objects.write(key, b"1")
    if _may_write(objects, key, ABSENT):
        return Conditions(Feature.NONE, "its server lets a key be created twice: every writer would win")
    if _may_write(objects, key, never):
        return Conditions(Feature.NONE, "its server ignores conditions on writes: every writer would win")
    _may_write(objects, key, tag)  # where its answer gets lost, it is refused when it is sent again: so look
    now = objects.head(key).tag
    if now == tag:
        return Conditions(Feature.NONE, TAGS_UNKNOWN)
    return _deletes(objects, key, now, never)


def _deletes(objects: Objects, key: str, tag: Tag, never: Tag) -> Conditions:
    with contextlib.suppress(Conflict, Unsupported):
        with contextlib.suppress(KeyError):  # gone, by an earlier try of the client's whose answer got lost
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
    """A reserved key to try things on, which is deleted afterwards."""
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
