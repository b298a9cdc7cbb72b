"""Every error that holdall raises by name, in one tree.

    HoldallError
    ├── InvalidKey (ValueError)             a key outside the portable grammar; nothing was read or written
    ├── InvalidAddress (ValueError)         an address that is not valid; says how to write it
    ├── MissingExtra (ImportError)          a library is not installed; says which extra installs it
    ├── Invalid (ValueError)                a value that its schema refuses, field by field
    ├── InvalidQuery (ValueError)           a query that is not valid, or values that it cannot sort or add up
    ├── QueryFailed                         a map or reduce raised; names the document or the group
    ├── InvalidPosition (ValueError)        a text that is not the position of any feed
    ├── OverBudget                          more requests than the app allowed itself; says how to scan instead
    ├── TooLarge (ValueError)               a key or value over a limit of this store
    ├── Conflict                            compare-and-swap lost: the key does not have the expected tag
    ├── Expired (LookupError)               a feed cannot go on from this position; read the whole store again
    ├── Fenced                              another writer took the store or the lease over
    ├── NoRevision (LookupError)            a revision that never existed or was dropped; the key may exist
    ├── Unsupported (NotImplementedError)   this store cannot guarantee the operation, so it refuses it
    ├── Corrupt (ValueError)                stored bytes that are damaged, or that another program wrote
    ├── Mismatch (ValueError)               the store was written by another stack than the one that opens it
    ├── PermissionDenied (PermissionError)  the store exists, but refuses the operation
    ├── StoreNotFound (FileNotFoundError)   no such bucket, table, database or folder
    ├── StoreFull (OSError)                 no room left: disk, quota or map size
    └── Unavailable (ConnectionError)       the store did not answer within its time
        ├── Stale                           only a replica answers, and what it has may be out of date
        ├── Throttled                       the store answered, and asked for fewer requests
        └── Unacknowledged                  the primary has the write, and too few replicas have it yet

A missing key raises the builtin KeyError. No other problem does, and none of these classes is a KeyError.
Each class also inherits the builtin in brackets, so that a caller can catch it without knowing holdall.
"""

from typing import Final

from holdall.redact import message as _shown

UNCHANGED: Final = ", so this write changed nothing"
"""The words with which a store that refuses a write says in its message that the write had no effect.

If one write of a layer is several writes of the store below, and only some had no effect, the layer removes
these words from the message.
"""


class HoldallError(Exception):
    """The root of the tree.

    ``key`` is the key that caused the error, or None. The message is one line that names the problem and its
    remedy. It has at most 2,000 characters, and every login in an address in it is hidden.

    >>> HoldallError("the stored bytes are not JSON", key="invoices/7").key
    'invoices/7'
    """

    def __init__(self, message: str, *, key: str | None = None) -> None:
        super().__init__(_shown(message))
        self.key = key


class InvalidKey(HoldallError, ValueError):
    """A key outside the portable grammar (see `holdall.keys`)."""


class InvalidAddress(HoldallError, ValueError):
    """The address is not valid: it has an unknown scheme or parameter, lacks a part, or contains a secret."""


class MissingExtra(HoldallError, ImportError):
    """A library that this address or layer needs is not installed."""


class Invalid(HoldallError, ValueError):
    """A value that validation refuses.

    ``errors`` holds the reasons. It maps each field name to a reason, to a nested mapping, or to a list with
    one entry (or None) per item.

    >>> problem = Invalid("not valid", errors={"items": [None, {"code": "missing"}]})
    >>> problem.flat()
    {'items-1.code': 'missing'}
    """

    def __init__(self, message: str, *, key: str | None = None, errors: object = None) -> None:
        super().__init__(message, key=key)
        self.errors = errors

    def flat(self) -> dict[str, str]:
        """Return the reasons by field name, named as FormEncode's NestedVariables does: ``items-1.code``."""
        return dict(_flatten("", self.errors))


def _flatten(name: str, errors: object) -> list[tuple[str, str]]:
    if isinstance(errors, dict):
        parts = [(f"{name}.{field}" if name else str(field), inner) for field, inner in errors.items()]
    elif isinstance(errors, list):
        parts = [(f"{name}-{index}", inner) for index, inner in enumerate(errors)]
    else:
        return [] if errors is None else [(name, _shown(str(errors)))]
    return [pair for part, inner in parts for pair in _flatten(part, inner)]


class InvalidQuery(HoldallError, ValueError):
    """The query is not valid: it has an unknown reducer, a reversed range, or a key that has no order."""


class InvalidPosition(HoldallError, ValueError):
    """The text is not a position of any feed."""


class QueryFailed(HoldallError):
    """A map or a reduce raised an error (see ``__cause__``). ``key`` is the document's, None for a reduce."""


class OverBudget(HoldallError):
    """The app made more requests than it allowed itself. This request did not read or write anything."""


class TooLarge(HoldallError, ValueError):
    """A key or value over a limit of this store."""


class Conflict(HoldallError):
    """A compare-and-swap lost: the key no longer has the expected tag. Read it again and retry."""


class Expired(HoldallError, LookupError):
    """The feed cannot go on from this position, so it answers nothing rather than a part.

    The position is too old, or it belongs to another store, or to one that was replaced or restored.
    """


class Fenced(HoldallError):
    """Another writer took over a store that allows one writer at a time, or a `Lease`.

    A write that raises it may be stored or not. Open the store, or acquire the lease, to take it back.
    """


class NoRevision(HoldallError, LookupError):
    """The revision of the key never existed, or it was dropped. The message names the existing revisions."""


class Unsupported(HoldallError, NotImplementedError):
    """This store cannot guarantee the operation, so it refuses it instead of risking a race condition."""


class Corrupt(HoldallError, ValueError):
    """Stored bytes are damaged: they cannot be the bytes that were written. They are never returned."""


class Mismatch(HoldallError, ValueError):
    """The store was written with other layers than those that it is opened with."""


class PermissionDenied(HoldallError, PermissionError):
    """The store exists, but it refuses the operation."""


class StoreNotFound(HoldallError, FileNotFoundError):
    """The bucket, table, database or folder does not exist."""


class StoreFull(HoldallError, OSError):
    """The disk, quota or map size is full. The key keeps its old value, unless the message says otherwise."""


class Unavailable(HoldallError, ConnectionError):
    """The store did not answer within its time. A write may or may not have happened."""


class Throttled(Unavailable):
    """The store answered and asked for fewer requests."""


class Stale(Unavailable):
    """The primary did not answer, and the replicas may be behind. See `holdall.replication.stale_reads`."""


class Unacknowledged(Unavailable):
    """The primary has the write, but fewer replicas than asked for had it in time. They get it later."""
