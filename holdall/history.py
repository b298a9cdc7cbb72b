"""What is told of a revision: number, time, who and why; and how a writer says who and why.

    with note(author="Ann", message="the discount was missing"):
        invoices["2026/17"] = corrected

A note holds for every write of this thread or task to whatever keeps history, until the block ends.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import NamedTuple

UNKNOWN = "unknown"
"""The author of what was found in a store and written without history."""


class Note(NamedTuple):
    """Who wrote a revision, and why; either may be empty."""

    author: str = ""
    message: str = ""


class Revision:
    """One state that a key had: ``number`` from 1 up, ``time`` in UTC, and whether it was ``deleted``.

    Numbers order revisions; times tell when, by the clock of the writer, and never go back from one
    revision of a key to the next. ``note`` (and so ``author`` and ``message``) may cost a read when it
    is first asked for.

    >>> from datetime import UTC, datetime
    >>> Revision(2, datetime(2026, 9, 30, 12, tzinfo=UTC), False, lambda: Note("Ann", "typing error"))
    <revision 2 of 2026-09-30 12:00:00+00:00 by 'Ann': 'typing error'>
    """

    def __init__(self, number: int, time: datetime, deleted: bool, note: Callable[[], Note]) -> None:
        self.number = number
        self.time = time
        self.deleted = deleted
        self._note = note

    @property
    def note(self) -> Note:
        """Who and why."""
        return self._note()

    @property
    def author(self) -> str:
        return self.note.author

    @property
    def message(self) -> str:
        return self.note.message

    def __repr__(self) -> str:
        what = "deletion" if self.deleted else "revision"
        return f"<{what} {self.number} of {self.time} by {self.author!r}: {self.message!r}>"


_noted: ContextVar[Note] = ContextVar("holdall.note")
_NOTHING = Note()


@contextmanager
def note(author: str | None = None, message: str | None = None) -> Iterator[None]:
    """Writes within say that ``author`` made them, for the reason ``message``; None: as around it."""
    around = noted()
    inner = Note(
        around.author if author is None else author,
        around.message if message is None else message,
    )
    token = _noted.set(inner)
    try:
        yield
    finally:
        _noted.reset(token)


def noted(author: str = "") -> Note:
    """The note that holds here; where it names no author, ``author`` is it."""
    note = _noted.get(_NOTHING)
    return note if note.author or not author else note._replace(author=author)
