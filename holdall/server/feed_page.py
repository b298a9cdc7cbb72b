"""A page of a change feed, as JSON or as Server-Sent Events.

    JSON   = {"changes": [{"key": …, "tag": …, "position": …} …], "since": …, "position": …, "more": bool}
    events = *( "id: " position LF "data: " {"key": …, "tag": …} LF LF )

``tag`` is null for a key that is missing now. ``since`` is the position before the first change, and
``position`` the one after the last change. ``more`` says that further changes are there already. The id of
an event is the position after it, which a browser sends as ``Last-Event-ID`` when it connects again.
"""

from functools import cached_property
from itertools import islice
from typing import Any

from holdall.adapters._shared.etags import escape_tag
from holdall.changes import Change
from holdall.extras import needs
from holdall.store import Store

with needs("server"):
    import msgspec


class FeedPage:
    """The changes of a page, the positions before and after them, and whether there are more."""

    def __init__(self, changes: list[Change], since: str, position: str, more: bool) -> None:
        self.changes = changes
        self.since = since
        self.position = position
        self.more = more

    @classmethod
    def read(cls, store: Store[Any], since: str | None, prefix: str, limit: int) -> "FeedPage":
        """Return the first ``limit`` changes since a position. Raises the errors of `Store.changes`."""
        feed = store.changes(since, prefix=prefix)
        begin = feed.position
        changes = list(islice(feed, limit))
        position = feed.position
        more = len(changes) == limit and next(feed, None) is not None
        # At its end, a feed knows a position after changes that it left out.
        return cls(changes, begin, position if more else feed.position, more)

    @cached_property
    def json(self) -> bytes:
        """The page as JSON."""
        changes = [{**_describe(change), "position": change.position} for change in self.changes]
        return msgspec.json.encode(
            {"changes": changes, "since": self.since, "position": self.position, "more": self.more}
        )

    @cached_property
    def events(self) -> bytes:
        """The page as events."""
        return b"".join(
            b"id: %b\ndata: %b\n\n" % (change.position.encode(), msgspec.json.encode(_describe(change)))
            for change in self.changes
        )


def _describe(change: Change) -> dict[str, str | None]:
    return {"key": change.key, "tag": escape_tag(change.tag) or None}
