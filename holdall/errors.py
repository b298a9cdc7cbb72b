"""Every error that holdall raises by name, in one tree.

    HoldallError
    ├── InvalidKey (ValueError)             a key outside the portable grammar; nothing was read or written
    ├── InvalidAddress (ValueError)         an address that makes no sense; says what to write instead
    ├── MissingExtra (ImportError)          a library is not installed; says which extra brings it
    ├── Invalid (ValueError)                a value that its schema refuses, field by field
    ├── InvalidQuery (ValueError)           a query that makes no sense, or values that it cannot sort or add up
    ├── QueryFailed                         a map or reduce raised; names the document or the group
    ├── OverBudget                          more requests than the app allowed itself; says how to scan instead
    ├── TooLarge (ValueError)               a key or value over a limit of this store
    ├── Conflict                            compare-and-swap lost: the key is not as it was expected
    ├── Fenced                              another writer took the store over; open it again to take it back
    ├── NoRevision (LookupError)            a revision that never was, or is dropped; the key may well be there
    ├── Unsupported (NotImplementedError)   this store cannot promise that, so it does not try
    ├── Corrupt (ValueError)                stored bytes that cannot be what was written
    ├── Mismatch (ValueError)               the store was written by another stack than the one that opens it
    ├── PermissionDenied (PermissionError)  the store is there and refuses
    ├── StoreNotFound (FileNotFoundError)   no such bucket, table, database or folder
    ├── StoreFull (OSError)                 no room left: disk, quota or map size
    └── Unavailable (ConnectionError)       the store did not answer within its time
        └── Throttled                       it answered: slow down

A missing key is the builtin KeyError, and nothing else is: none of these is a KeyError.
Each also inherits the builtin in brackets, so that a caller who knows only Python catches it.
"""

from typing import Final

from holdall.redact import message as _shown

UNCHANGED: Final = ", so this write changed nothing"
"""How a store that refuses a write says in its message that the write had no effect.

A layer whose write is several writes of its store leaves this out of the message if it is not true of all.
"""


class HoldallError(Exception):
    """The root of the tree.

    ``key`` is the key at fault if there is one, else None. The message is one line that names the thing and
    its remedy. It has 2,000 characters at most, and every login of an address in it is hidden.

    >>> HoldallError("stored bytes are no JSON", key="invoices/7").key
    'invoices/7'
    """

    def __init__(self, message: str, *, key: str | None = None) -> None:
        super().__init__(_shown(message))
        self.key = key


class InvalidKey(HoldallError, ValueError):
    """A key outside the portable grammar (see `holdall.keys`)."""


class InvalidAddress(HoldallError, ValueError):
    """An address that makes no sense: unknown scheme or parameter, a missing part, a secret in it."""


class MissingExtra(HoldallError, ImportError):
    """A library that this address or layer needs is not installed."""


class Invalid(HoldallError, ValueError):
    """A value that validation refuses.

    ``errors`` holds the reasons: a mapping of field name to a reason, a nested mapping, or a list with
    one entry (or None) an item.

    >>> problem = Invalid("not valid", errors={"items": [None, {"code": "missing"}]})
    >>> problem.flat()
    {'items-1.code': 'missing'}
    """

    def __init__(self, message: str, *, key: str | None = None, errors: object = None) -> None:
        super().__init__(message, key=key)
        self.errors = errors

    def flat(self) -> dict[str, str]:
        """Reasons by field name, written as FormEncode's NestedVariables writes them: ``items-1.code``."""
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
    """A query that makes no sense: an unknown reducer, a range upside down, a key that has no order."""


class QueryFailed(HoldallError):
    """A map or a reduce raised (see ``__cause__``); ``key`` is the document's, None for a reduce."""


class OverBudget(HoldallError):
    """More requests than the app allowed itself. Nothing was read or written by this one."""


class TooLarge(HoldallError, ValueError):
    """A key or value over a limit of this store."""


class Conflict(HoldallError):
    """Compare-and-swap lost: the key no longer carries the expected tag. Read it again and retry."""


class Fenced(HoldallError):
    """Another writer took over a store that has one writer at a time. This write may or may not be kept."""


class NoRevision(HoldallError, LookupError):
    """No such revision of the key: it never was, or its record is dropped. Says which there are."""


class Unsupported(HoldallError, NotImplementedError):
    """This store cannot promise that operation, so it refuses rather than races."""


class Corrupt(HoldallError, ValueError):
    """Stored bytes that cannot be what was written: they are reported, never returned."""


class Mismatch(HoldallError, ValueError):
    """The store was written by another stack of layers than the one that opens it."""


class PermissionDenied(HoldallError, PermissionError):
    """The store is there and refuses the operation."""


class StoreNotFound(HoldallError, FileNotFoundError):
    """No such bucket, table, database or folder."""


class StoreFull(HoldallError, OSError):
    """No room left (disk, quota, map size). The key keeps its old value, unless the message says otherwise."""


class Unavailable(HoldallError, ConnectionError):
    """The store did not answer within its time. A write may or may not have happened."""


class Throttled(Unavailable):
    """The store answered, and asked to be asked less often."""
