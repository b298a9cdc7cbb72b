"""A closed period of books: no document and no entry that is dated in it is added, changed or removed any more.

`record` is the document that keeps the day, and each closing and reopening. `period` decides whether a change is
allowed, and `guard` makes changes so that none of them gets past a close.
"""

from holdall.domain.closing.guard import Guard
from holdall.domain.closing.period import Period
from holdall.domain.closing.record import Closing, ClosingChange, close, read_closing, reopen

__all__ = ["Closing", "ClosingChange", "Guard", "Period", "close", "read_closing", "reopen"]
