"""The change feed of a store on a Redis server.

    position = epoch "." tick "." seen *( "." part )
    epoch    = the newest epoch when the server was asked last, or "new", or "old"
    tick     = of the last change that was told
    seen     = the newest tick when the server was asked last
    part     = a part of the last key that was listed

A feed without a position first lists the keys in their order, and then tells the changes since it began. A
position with parts belongs to this list. The next one goes on with the list, and then with the changes.

``seen`` says up to where the history of the server was seen. If the server goes back to an earlier state, the
next epoch begins before this tick, and the position is refused. Each request checks the position again,
because the server may forget deletions or go back while a feed is read.
"""

from collections.abc import Generator
from typing import Final, NamedTuple

from holdall.adapters._shared.servers import after, cut_page
from holdall.adapters.redis.link import Link, lexical
from holdall.adapters.redis.log import DELETIONS
from holdall.adapters.redis.script import Script
from holdall.changes import NEW, OLD, Change, Changes, Found, Position, expired, pack_key, unpack_key
from holdall.errors import InvalidPosition
from holdall.keys import Foreign, Span, to_name
from holdall.store import ABSENT, Tag

_PAGE = 1000  # rows that one request reads
_NOW = -1  # as the last tick that a request asks for

_ASK: Final = Script(f"""
local order, tags, state, changes, epochs = KEYS[1], KEYS[3], KEYS[5], KEYS[6], KEYS[8]
local epoch, tick, seen, last, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local is_old = redis.call('TYPE', state).ok == 'zset'
local head = is_old and {{}} or redis.call('HMGET', state, 'log', 'tick', 'horizon')
local moved, horizon = tonumber(head[2] or 0), tonumber(head[3] or 0)
local now = moved + (head[1] and redis.call('LLEN', head[1]) or 0)
local newest = redis.call('ZRANGE', epochs, -1, -1)[1] or (is_old and '{OLD}' or '{NEW}')

local function lapse()
    local begun = redis.call('ZSCORE', epochs, epoch)
    if not begun then return 'it is of another store, or too old' end
    local ended = redis.call('ZRANGEBYSCORE', epochs, '(' .. begun, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
    if seen > tonumber(ended or now) then return 'the server went back to an earlier state' end
    if tick < horizon then return 'it is older than the last {DELETIONS:,} deletions' end
    return ''
end

local rows = {{}}
local function add(key, tick)
    if string.byte(key) == 0 then key = string.sub(key, 2) end
    rows[#rows + 1] = key
    rows[#rows + 1] = redis.call('HGET', tags, key)
    rows[#rows + 1] = tick
end

local function list(low, high)
    local keys = redis.call('ZRANGEBYLEX', is_old and state or order, low, high, 'LIMIT', 0, count)
    for _, key in ipairs(keys) do add(key, 0) end
end

local function tell(last)
    local found = redis.call('ZRANGEBYSCORE', changes, '(' .. ARGV[2], last, 'WITHSCORES', 'LIMIT', 0, count)
    for at = 1, #found, 2 do add(found[at], found[at + 1]) end
    local low = math.max(tick - moved, 0)
    local high = math.min(last - moved, low + count - #found / 2)
    if not head[1] or low >= high then return end
    for at, key in ipairs(redis.call('LRANGE', head[1], low, high - 1)) do add(key, moved + low + at) end
end

local reason = epoch == '' and '' or lapse()
if reason ~= '' then return {{reason, newest, now, 0, rows}} end
if ARGV[6] then list(ARGV[6], ARGV[7]) else tell(last < 0 and now or last) end
return {{reason, newest, now, #rows == 3 * count and 1 or 0, rows}}
""")
"""epoch tick seen last count [ low high ]: return how a feed goes on.

The result is the reason why the position has expired or "", the newest epoch, the newest tick, whether more rows
may follow, and the rows, *( key tag tick ). With low and high, these are the keys between them, without ticks.
Else they are the changes after tick, up to last or, if last is -1, up to now. An empty epoch is not checked.
"""


class _Place(NamedTuple):
    """A position. ``listed`` is the last key that was listed, or None if the list is complete."""

    epoch: str
    tick: int
    seen: int
    listed: str | None

    def __str__(self) -> str:
        text = f"{self.epoch}.{self.tick}.{self.seen}"
        return text if self.listed is None else f"{text}.{_join(self.listed)}"


class _Page(NamedTuple):
    """An answer of the server. Its rows are (key, tag, tick)."""

    epoch: str
    now: int
    more: bool
    rows: list[tuple[str, Tag, int]]


class Feed:
    """Tells the changes of ``store``, which ``link`` connects to the server."""

    def __init__(self, store: object, link: Link) -> None:
        self._store = store
        self._link = link

    def changes(self, since: str | None, span: Span) -> Changes:
        """Return the changes of the keys in ``span``, as `Store.changes` does."""
        place = None if since is None else self._parse(since)
        if place is None:  # also for "new": who holds nothing goes on from the beginning
            page = self._list(_Place("", 0, 0, ""), span.low, span)
            place = _Place(page.epoch, page.now, page.now, "")
        elif place.listed is None:
            page = self._changes(place, _NOW)
        else:
            page = self._list(place, max(after(place.listed), span.low), span)
        return Changes(str(place), self._tell(place, page, span))

    def _parse(self, since: str) -> _Place | None:
        epoch, numbers = Position.parse(since)
        if epoch == NEW:
            return None
        if epoch == OLD:
            raise expired(self._store, "its feed begins with the first write after it")
        if len(numbers) < 2:
            raise expired(self._store, "it is of another store")
        tick, seen, *parts = numbers
        try:
            return _Place(epoch, tick, seen, unpack_key(parts) if parts else None)
        except InvalidPosition:
            raise expired(self._store, "it is of another store") from None

    def _tell(self, place: _Place, page: _Page, span: Span) -> Found:
        last = page.now
        if place.listed is not None:
            place = yield from self._tell_list(place, page, span)
            if place.tick == last:
                return str(place)
            page = self._changes(place, last)
        while True:
            place = _go_on(place, page)
            for key, tag, tick in page.rows:
                if type(key) is not Foreign and key in span:
                    yield Change(key, tag, str(place._replace(tick=tick)))
            if not page.more:
                return str(place._replace(tick=last))
            place = place._replace(tick=page.rows[-1][2])
            page = self._changes(place, last)

    def _tell_list(self, place: _Place, page: _Page, span: Span) -> Generator[Change, None, _Place]:
        while True:
            place = _go_on(place, page)._replace(listed=None)
            complete = str(place)
            rows, low = cut_page(page.rows, hides=span.hides, more=page.more)
            for key, tag, _ in rows:
                if type(key) is not Foreign:
                    yield Change(key, tag, f"{complete}.{_join(key)}")
            if low is None:
                return place
            page = self._list(place, low, span)

    def _list(self, place: _Place, low: str, span: Span) -> _Page:
        """Return the keys from ``low`` to the end of ``span``."""
        return self._ask(place, _NOW, *lexical(low, span.high))

    def _changes(self, place: _Place, last: int) -> _Page:
        """Return the changes after ``place`` up to the tick ``last``. A key comes once, with its last change."""
        page = self._ask(place, last)
        rows = {row[0]: row for row in reversed(page.rows)}
        return page._replace(rows=list(rows.values())[::-1])

    def _ask(self, place: _Place, last: int, *bounds: bytes) -> _Page:
        epoch = "" if place.epoch == OLD else place.epoch
        asked = self._link.run(_ASK, epoch, place.tick, place.seen, last, _PAGE, *bounds)
        reason, epoch, now, more, rows = asked
        if reason:
            raise expired(self._store, reason.decode())
        found = zip(map(to_name, rows[::3]), map(_tag, rows[1::3]), map(int, rows[2::3]), strict=True)
        return _Page(epoch.decode(), now, bool(more), list(found))


def _go_on(place: _Place, page: _Page) -> _Place:
    """Return ``place`` as of the state that ``page`` shows.

    A list that began without a feed keeps the epoch "old", because a holdall without a feed may write in the
    meantime.
    """
    return place._replace(epoch=place.epoch if place.epoch == OLD else page.epoch, seen=page.now)


def _tag(stored: bytes | None) -> Tag:
    return ABSENT if stored is None else Tag(stored.decode())


def _join(key: str) -> str:
    """Return ``key`` as parts of a position, of which there is at least one."""
    return ".".join(map(str, pack_key(key) or (0,)))
