"""Revisions (number, time, author and message), and `note`, with which a writer sets author and message.

    with note(author="Ann", message="the discount was missing"):
        invoices["2026/17"] = corrected

A note applies to every write of this thread or task to any store that keeps history, until the block ends.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Final, NamedTuple, Protocol, runtime_checkable

from holdall.errors import Invalid, TooLarge

NOTE_BYTES: Final = 1000
"""The limit for author and message together, in bytes of UTF-8."""

_AUTHOR_BYTES = 255

UNKNOWN = "unknown"
"""The author of a revision that was written without history and found in a store later."""


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
    """The author of a revision and the reason for it; either may be empty."""

    author: str = ""
    message: str = ""

    @property
    def encoded(self) -> tuple[bytes, bytes]:
        """Author and message in UTF-8. Raises TooLarge if they are too long, Invalid if they are not text."""
        try:
            author, message = self.author.encode(), self.message.encode()
        except UnicodeEncodeError:
            raise Invalid(
                "author or message contains a lone surrogate, which UTF-8 cannot encode; remove it"
            ) from None
        if len(author) > _AUTHOR_BYTES or len(author) + len(message) > NOTE_BYTES:
            raise TooLarge(
                f"author and message are {len(author)} and {len(message)} bytes of UTF-8; "
                f"shorten them to at most {_AUTHOR_BYTES}, and {NOTE_BYTES} together"
            )
        return author, message


class Revision:
    """One state that a key had: ``number`` from 1 up, ``time`` in UTC, and whether it was ``deleted``.

    Numbers order the revisions. Times come from the clock of the writer, and never go back from one revision
    of a key to the next. The first access to ``note`` (or to ``author`` or ``message``) or to ``id`` may cost a
    read.

    >>> from datetime import UTC, datetime
    >>> Revision(2, datetime(2026, 9, 30, 12, tzinfo=UTC), False, lambda: Note("Ann", "typing error"))
    <revision 2 of 2026-09-30 12:00:00+00:00 by 'Ann': 'typing error'>
    """

    def __init__(
        self,
        number: int,
        time: datetime,
        deleted: bool,
        note: Callable[[], Note],
        id: Callable[[], str] = lambda: "",
    ) -> None:
        self.number = number
        self.time = time
        self.deleted = deleted
        self._note = note
        self._id = id

    @property
    def id(self) -> str:
        """Sixteen hex digits that no other revision of the key has; "" if the store does not keep such ids.

        A sync with ``conflict="keep"`` gives a revision the same id at every store.
        """
        return self._id()

    @property
    def note(self) -> Note:
        """The author and the message."""
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
    """One entry in the list of versions that a store keeps by itself.

    ``id`` is the store's own name for the version. ``time`` is in UTC.
    """

    key: str
    id: str
    time: datetime
    deleted: bool


class Past(Protocol):
    """The versions that a store keeps by itself. The store may drop them at any time by its own rules."""

    def of(self, key: str) -> Iterator[Version]:
        """Yield the versions of ``key``, newest first."""
        ...

    def scan(self, prefix: str, start: str, stop: str | None) -> Iterator[Version]:
        """Yield the versions of the keys that `Store.scan` could yield.

        Keys are in order; the versions of one key are newest first.
        """
        ...

    def read(self, versions: Iterable[Version]) -> Iterator[bytes | None]:
        """Yield the value of each of ``versions``, in their order, or None if the version was dropped.

        None of ``versions`` may be a deletion.
        """
        ...

    def notes(self, versions: Iterable[Version]) -> Iterator[Note]:
        """Yield the note of each of ``versions``, in their order. Without a note, the author is UNKNOWN."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A store that can keep versions by itself."""

    def past(self, author: str = "", /) -> Past:
        """Return the versions that the store keeps. Each later write stores its `current_note`.

        ``author`` is the author of a note that names none. Raises Unsupported if the store is not set up to
        keep versions. This costs a request.
        """
        ...


_current: ContextVar[Note] = ContextVar("holdall.note")
_NOTHING = Note()


@contextmanager
def note(author: str | None = None, message: str | None = None) -> Iterator[None]:
    """Set ``author`` and ``message`` for the writes in the block. None keeps the value from outside it."""
    around = current_note()
    inner = Note(
        around.author if author is None else author,
        around.message if message is None else message,
    )
    token = _current.set(inner)
    try:
        yield
    finally:
        _current.reset(token)


def current_note(author: str = "") -> Note:
    """Return the note that applies here. If it has no author, its author is ``author``."""
    note = _current.get(_NOTHING)
    return note if note.author or not author else note._replace(author=author)


_arriving: ContextVar[bytes | None] = ContextVar("holdall.arriving", default=None)


@contextmanager
def arriving(id: bytes) -> Iterator[None]:
    """Give the revision that the block writes this ``id`` of eight bytes, which it has at another store."""
    token = _arriving.set(id)
    try:
        yield
    finally:
        _arriving.reset(token)


def arriving_id() -> bytes | None:
    """Return the id of `arriving` that applies here; None means that a new revision is made."""
    return _arriving.get()
