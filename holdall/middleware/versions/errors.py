"""The errors of versions: damaged or dropped revisions, and writes that fail between their requests."""

from typing import Final

from holdall.errors import (
    UNCHANGED,
    Corrupt,
    HoldallError,
    InvalidKey,
    NoRevision,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    TooLarge,
    Unsupported,
)

REFUSALS: Final = (InvalidKey, PermissionDenied, StoreFull, StoreNotFound, TooLarge, Unsupported)
"""After one of these errors, the failed request has changed nothing. After others, it may have."""


def corrupt_error(key: str, why: str) -> Corrupt:
    """The error for a stamped value that is damaged."""
    return Corrupt(
        f"the stored value of {key!r} is damaged ({why}); `holdall fsck` shows whether it can be mended",
        key=key,
    )


def dropped_error(key: str, number: int) -> NoRevision:
    """The error for a revision that no longer has a record."""
    return NoRevision(f"revision {number} of {key!r} was dropped; its history begins later", key=key)


# ---- A write takes several requests; each error says which effect the write had, or may have had -------


def unrecorded_error(error: HoldallError, key: str) -> HoldallError:
    """The error for a write that created a value, but failed to record it because of ``error``."""
    return _reword(
        error,
        key,
        f"{key!r} has its new value, but history lacks it: ",
        f"; the next write to {key!r} or `holdall fsck --mend` records it",
    )


def unsettled_error(error: HoldallError, key: str) -> HoldallError:
    """The error for a write that recorded a revision, or may have, but failed to advance the head."""
    return _reword(
        error,
        key,
        f"{key!r} may change to its new state now or later: ",
        f"; if the change is recorded, the next write to {key!r} or `holdall fsck --mend` completes it",
    )


def untagged_error(error: HoldallError, key: str) -> HoldallError:
    """The error for a swap that succeeded, but failed to read the new tag."""
    return _reword(error, key, f"{key!r} has its new value, but its tag cannot be read: ", "")


def _reword(error: HoldallError, key: str, before: str, after: str) -> HoldallError:
    reason = str(error).replace(UNCHANGED, "")
    return type(error)(f"{before}{reason}{after}", key=key)


def whole_error(key: str, action: str) -> Unsupported:
    """The error for a part of a value, or for a value as a file."""
    return Unsupported(
        f"Versions cannot {action} {key!r}: it keeps whole values as revisions; use store[key], a bucket that keeps "
        'versions itself (history="native"), or a store without this layer for large values',
        key=key,
    )
