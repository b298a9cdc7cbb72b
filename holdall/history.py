"""What is told of a revision: number, time, who and why; and how a writer says who and why.

    with note(author="Ann", message="the discount was missing"):
        invoices["2026/17"] = corrected

A note holds for every write of this thread or task to whatever keeps history, until the block ends.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Final, NamedTuple, Protocol, runtime_checkable

from holdall.errors import Invalid, TooLarge

NOTE_BYTES: Final = 1000
"""How long author and message may be together, in UTF-8."""

_AUTHOR_BYTES = 255

UNKNOWN = "unknown"
"""The author of what was found in a store and written without history."""


def require_moment(time: datetime) -> None:
    """Raise TypeError if ``time`` is not a datetime, and ValueError if it has no time zone.

    >>> require_moment("2026-01-01")
    Traceback (most recent call last):
      ...
    TypeError: '2026-01-01' is not a datetime; give one with a time zone, as in datetime(2026, 1, 31, tzinfo=UTC)
    """
    if not isinstance(time, datetime):
        raise TypeError(
            f"{time!r} is not a datetime; give one with a time zone, as in datetime(2026, 1, 31, tzinfo=UTC)"
        )
    if time.tzinfo is None:
        raise ValueError(f"{time!r} has no time zone; add one, as in datetime.now(UTC)")


class Note(NamedTuple):
    """Who wrote a revision, and why; either may be empty."""

    author: str = ""
    message: str = ""

    @property
    def encoded(self) -> tuple[bytes, bytes]:
        """Author and message in UTF-8; TooLarge where they are too long to be kept, Invalid where they are no text."""
        try:
            author, message = self.author.encode(), self.message.encode()
        except UnicodeEncodeError:
            raise Invalid(
                "author or message holds a lone surrogate, which is no text; leave it out"
            ) from None
        if len(author) > _AUTHOR_BYTES or len(author) + len(message) > NOTE_BYTES:
            raise TooLarge(
                f"author and message are {len(author)} and {len(message)} bytes of UTF-8; "
                f"at most {_AUTHOR_BYTES}, and {NOTE_BYTES} together, are kept with a revision"
            )
        return author, message


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


class Version(NamedTuple):
    """What a store that keeps versions by itself lists of one: ``id`` is its own name for it, ``time`` in UTC."""

    key: str
    id: str
    time: datetime
    deleted: bool


class Past(Protocol):
    """The versions that a store keeps by itself. They may be dropped at any time by rules of its own."""

    def of(self, key: str) -> Iterator[Version]:
        """Those of ``key``, newest first."""
        ...

    def scan(self, prefix: str, start: str, stop: str | None) -> Iterator[Version]:
        """Those of the keys that `Store.scan` could show, key by key in order, newest first of each."""
        ...

    def read(self, versions: Iterable[Version]) -> Iterator[bytes | None]:
        """The value of each of ``versions``, which are no deletions, in their order; None: it is dropped."""
        ...

    def notes(self, versions: Iterable[Version]) -> Iterator[Note]:
        """The note of each of ``versions``, in their order; by UNKNOWN where there is none."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A store that can keep versions by itself."""

    def past(self, author: str = "", /) -> Past:
        """The versions it keeps. From now on each write stores its note, `noted` by ``author``.

        Unsupported where it is not set up to keep versions. Costs a request.
        """
        ...


_noted: ContextVar[Note] = ContextVar("holdall.note")
_NOTHING = Note()


@contextmanager
def note(author: str | None = None, message: str | None = None) -> Iterator[None]:
    """Note that writes in the block are by ``author``, for the reason ``message``; None: as outside it."""
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
    """The note that holds here, by ``author`` where it names none."""
    note = _noted.get(_NOTHING)
    return note if note.author or not author else note._replace(author=author)
