"""Errors of a write that takes several requests: each says which effect the write had, or may have had."""

from typing import Final

from holdall.errors import (
    UNCHANGED,
    HoldallError,
    InvalidKey,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    TooLarge,
    Unsupported,
)

REFUSALS: Final = (InvalidKey, PermissionDenied, StoreFull, StoreNotFound, TooLarge, Unsupported)
"""After one of these errors, the failed request has changed nothing. After others, it may have."""


def unrecorded(error: HoldallError, key: str) -> HoldallError:
    """The error for a write that created a value, but failed to record it because of ``error``."""
    return _said(
        error,
        key,
        f"{key!r} has its new value, but history lacks it: ",
        f"; the next write to {key!r} or `holdall fsck --mend` records it",
    )


def unsettled(error: HoldallError, key: str) -> HoldallError:
    """The error for a write that recorded a revision, or may have, but failed to advance the head."""
    return _said(
        error,
        key,
        f"{key!r} may change to its new state now or later: ",
        f"; if the change is recorded, the next write to {key!r} or `holdall fsck --mend` completes it",
    )


def untagged(error: HoldallError, key: str) -> HoldallError:
    """The error for a swap that succeeded, but failed to read the new tag."""
    return _said(error, key, f"{key!r} has its new value, but its tag cannot be read: ", "")


def _said(error: HoldallError, key: str, before: str, after: str) -> HoldallError:
    reason = str(error).replace(UNCHANGED, "")
    return type(error)(f"{before}{reason}{after}", key=key)
