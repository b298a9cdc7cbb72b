"""The document that tells until which day books are closed, and who closed and reopened them, when and why.

    key   = "books/closed"
    value = {"until": "2026-09-30", "changes": [{"until": …, "at": …, "by": …, "reason": …}, …]}

``until`` is null if nothing is closed. ``changes`` has each closing and reopening, the oldest first.
"""

from collections.abc import Callable, Mapping, MutableMapping
from datetime import date, datetime
from typing import Any, Final

from msgspec import Struct

from holdall.errors import Corrupt, Invalid
from holdall.history import note
from holdall.store import Store

KEY: Final = "books/closed"
_LONGEST: Final = 500  # characters of a reason and of a name


class ClosingChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A closing or a reopening: the books are closed ``until`` this day from the time ``at`` on."""

    until: date | None
    at: datetime
    by: str
    reason: str


class Closing(Struct, frozen=True, forbid_unknown_fields=True):
    """The last day of the closed period, or None, and each change of it.

    >>> Closing().until is None
    True
    """

    until: date | None = None
    changes: tuple[ClosingChange, ...] = ()


OPEN: Final = Closing()
"""Books that were never closed."""


def read_closing(store: Mapping[str, Any]) -> Closing:
    """Return the closing of the books in ``store``. Raises Corrupt if its document is not one."""
    return checked(store.get(KEY, OPEN))


def checked(found: Any) -> Closing:
    """Return ``found``. Raises Corrupt if it is not a closing."""
    if not isinstance(found, Closing):
        raise Corrupt(
            f"the value of {KEY!r} is not the closing of books; restore it from a backup or its history",
            key=KEY,
        )
    return found


def close(
    store: MutableMapping[str, Any], until: date, *, at: datetime, by: str, reason: str = ""
) -> Closing:
    """Close the books in ``store`` until the day ``until``, included. Nothing changes if they are closed until then.

    ``at`` is the time of now, with a time zone. Raises Invalid if ``until`` is after that day, or if the books are
    closed until a later day.
    """

    def change(found: Closing) -> Closing:
        if found.until == until:
            return found
        if found.until and found.until > until:
            raise Invalid(
                f"the books are closed until {found.until}, which is after {until}; to reopen them, use "
                f"`holdall books reopen --until {until}`"
            )
        return _with(found, ClosingChange(until, at, by, reason))

    if until > at.date():
        raise Invalid(f"{until} is after today, {at.date()}; close a period when it has ended")
    return _modify(store, change, by, f"close until {until}" + (f": {reason}" if reason else ""))


def reopen(
    store: MutableMapping[str, Any], until: date | None, *, at: datetime, by: str, reason: str
) -> Closing:
    """Reopen the books in ``store``, so that they are closed only until ``until``, or not at all if it is None.

    Raises Invalid if ``reason`` is empty, or if the books are not closed until a later day.
    """

    def change(found: Closing) -> Closing:
        if found.until is None or (until is not None and until >= found.until):
            state = f"closed until {found.until}" if found.until else "not closed"
            raise Invalid(
                f"the books are {state}, so there is nothing to reopen; `holdall books status` shows the period"
            )
        return _with(found, ClosingChange(until, at, by, reason))

    if not reason.strip():
        raise Invalid("the reason to reopen the books is empty; write why")
    return _modify(store, change, by, f"reopen: {reason}")


def _with(found: Closing, change: ClosingChange) -> Closing:
    for name, text in (("reason", change.reason), ("name of the user", change.by)):
        if len(text) > _LONGEST:
            raise Invalid(f"the {name} has {len(text):,} characters; write at most {_LONGEST}")
    return Closing(change.until, (*found.changes, change))


def _modify(
    store: MutableMapping[str, Any], function: Callable[[Closing], Closing], by: str, message: str
) -> Closing:
    if not isinstance(store, Store):
        changed = store[KEY] = function(read_closing(store))
        return changed
    with note(author=by, message=message):
        closing: Closing = store.modify(KEY, lambda found: function(checked(found)), OPEN)
    return closing
