"""The change feed: ``GET /v1/{store}/changes``, at once, by long poll, or as a stream of Server-Sent Events.

The answers are drawn in `holdall.server.feed_page`. A client that accepts ``text/event-stream`` gets the
stream. The changes begin after the header ``Last-Event-ID``, or else after the parameter ``since``.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Final

from holdall.errors import Expired
from holdall.extras import needs
from holdall.server.access import Access
from holdall.server.connections import HAND_OVER, HAS_LEFT, Connection, QueueConnection
from holdall.server.feed_page import FeedPage
from holdall.server.negotiation import prefer
from holdall.server.notifier import Notifier
from holdall.server.openapi import (
    KEY,
    PROBLEM,
    TEXT,
    Operations,
    an_object,
    answer,
    content,
    header,
    list_of,
    nullable,
    operation,
    query,
    read,
    whole,
)
from holdall.server.parameters import read_number, read_parameters
from holdall.server.slots import Slots
from holdall.server.stores import Served, Stores
from holdall.server.waiters import PAGE, RETRY, EventStream, LongPoll, Place, Waiter, expired
from holdall.store import Feature

with needs("server"):
    import falcon

EVENTS: Final = "text/event-stream"
_position = r"[0-9a-z]{1,32}(?:\.[0-9]{1,20})+"
POSITION: Final = {"type": "string", "pattern": f"^{_position}$"}
"""The schema of a position."""
_LAST: Final = {"type": "string", "pattern": f"^(?:{_position})?$"}
LONGEST: Final = 60
"""The most seconds that a request may wait."""
_MOST: Final = 1000


class Feeds:
    """The resource of a change feed.

    A client that waits has one of ``slots`` if it holds a thread, and otherwise one of ``waiting``. A stream of
    events ends after ``seconds``. Clients that wait are answered at once when ``ending`` is set.
    """

    def __init__(
        self, stores: Stores, slots: Slots, waiting: Slots, seconds: float, ending: threading.Event
    ) -> None:
        self._stores = stores
        self._slots = slots
        self._waiting = waiting
        self._seconds = seconds
        self._ending = ending
        self._notifiers: dict[str, Notifier] = {}

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str) -> None:
        """Answer with the changes since a position; with ``wait``, as soon as there is one."""
        given = read_parameters(req, "since", "prefix", "limit", "wait")
        last, prefix = req.env.get("HTTP_LAST_EVENT_ID"), given.get("prefix", "")
        since = last or given.get("since")
        limit = read_number("limit", given.get("limit", "100"), _MOST)
        seconds = read_number("wait", given["wait"], LONGEST) if "wait" in given else 0
        req.context.access.check(store, prefix)
        served = self._stores.find(store, req)
        if prefer(req, "application/json", EVENTS) == EVENTS:
            self._stream(req, resp, served, since, prefix, resumes=bool(last))
            return
        page = FeedPage.read(served.store, since, prefix, limit)
        if seconds and since is not None and not page.changes and req.method == "GET":
            place = Place(page.position, prefix, limit)
            self._answer(req, resp, served, partial(LongPoll, place, seconds=seconds))
        else:
            resp.data = page.json

    on_head = on_get

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        if Feature.CHANGES not in served.store.features:
            return {}
        changes = list_of(an_object(key=KEY, tag=nullable(TEXT), position=POSITION))
        page = an_object(changes=changes, since=POSITION, position=POSITION, more={"type": "boolean"})
        found = operation(
            "Tell what changed since a position, and wait for changes",
            {200: answer("a page, or events", {**content(page), **content(TEXT, EVENTS)}), 410: PROBLEM},
            parameters=[
                query("since", POSITION, "The position after which the changes begin."),
                query("prefix", TEXT, "The beginning of the keys."),
                query("limit", whole(1, _MOST), "The most changes of a page."),
                query("wait", whole(1, LONGEST), "Wait for a change for so many seconds."),
                header("Last-Event-ID", _LAST, "The same as `since`, before which it goes; empty is none."),
            ],
        )
        return read(found)

    def _stream(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        served: Served,
        since: str | None,
        prefix: str,
        *,
        resumes: bool,
    ) -> None:
        resp.content_type = EVENTS
        resp.set_header("X-Accel-Buffering", "no")  # for nginx
        try:
            page = FeedPage.read(served.store, since, prefix, PAGE)
        except Expired as error:
            if not resumes:
                raise
            resp.data = RETRY + expired(error)
            return
        if req.method == "GET":
            place = Place(page.position, prefix, PAGE)
            self._answer(
                req, resp, served, partial(EventStream, place, seconds=self._seconds), RETRY + page.events
            )

    def _answer(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        served: Served,
        make: Callable[[Callable[[], object], Callable[[], None]], Waiter],
        first: bytes = b"",
    ) -> None:
        """Let the notifier answer ``req`` after ``first``, by the socket if the server hands it over."""
        hand_over = req.env.get(HAND_OVER)
        held = ExitStack()
        held.enter_context((self._waiting if hand_over else self._slots).take())
        recheck: Callable[[], Access] = req.context.check
        waiter = make(lambda: recheck().check(served.name, waiter.place.prefix), held.close)

        def begin(connection: Connection | None) -> None:
            if connection is None:
                held.close()
                return
            waiter.connection = connection
            notifier = self._notifiers.setdefault(served.name, Notifier(served.store, self._ending))
            notifier.add(waiter)

        if hand_over:
            resp.stream = iter((first,))  # not a list, whose length the server would send
            hand_over(begin)
        else:
            _answer_in_thread(req, resp, begin, first)


def _answer_in_thread(
    req: falcon.Request, resp: falcon.Response, begin: Callable[[Connection], None], first: bytes
) -> None:
    connection = QueueConnection(req.env.get(HAS_LEFT, _never))
    connection.send(first)
    begin(connection)
    if first:
        resp.stream = connection.parts()
        return
    try:
        resp.data = b"".join(connection.parts())
    except ConnectionAbortedError:
        raise falcon.HTTPServiceUnavailable(
            description="the feed cannot be read at this moment; try again", retry_after=1
        ) from None


def _never() -> bool:
    return False
