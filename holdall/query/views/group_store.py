"""The groups of a view as a read-only store, with a feed of those that changed. A view of a view reads it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice, takewhile
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from holdall.changes import NEW, Change, Changes, Found, Position, expired
from holdall.errors import PermissionDenied, Unsupported
from holdall.keys import check_bounds
from holdall.query.collation import to_key
from holdall.query.rows import Row
from holdall.query.views.index import Index
from holdall.query.views.keys import key_of, text_before
from holdall.query.views.log import Entry
from holdall.query.views.packing import encode
from holdall.query.views.reader import Reader
from holdall.query.views.refresher import Snapshot
from holdall.store import ABSENT, Feature, Store, Tag, Tagged

R = TypeVar("R")
T = TypeVar("T")

_PAGE: Final = 1000  # groups
_Logged: TypeAlias = tuple[str, Tag, Position]


class GroupStore(Store[Row[R]]):
    """The groups of ``view``: each is a document whose value is its row. `View.as_store` makes it."""

    def __init__(self, view: Any, *, stale: bool = False) -> None:
        self._view = view
        self._reader: Reader = view._reader
        self._stale = stale

    @property
    def definition(self) -> str:
        """The hash of the definition of the view."""
        return f"{self._reader.refresher.definition}.{self._reader.number}"

    @property
    def features(self) -> Feature:
        shared: Feature = self._view._index.features & self._view._store.features
        return (
            Feature.SEEK
            | Feature.BATCH
            | Feature.TAGS
            | Feature.CHANGES
            | (shared & (Feature.SHARED | Feature.DURABLE))
        )

    # ---- Reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> Row[R]:
        return self.get_tagged(key).value

    def get_tagged(self, key: str, /) -> Tagged[Row[R]]:
        def find(index: Index) -> Tagged[Row[Any]]:
            for value in _find(index, [key]).values():
                return Tagged(_row(index, value), _tag(value))
            raise KeyError(key)

        return self._reader.read(find, self._stale)

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, Row[R]]]:
        def read(index: Index) -> list[tuple[str, Row[Any]]]:
            return [(key, _row(index, value)) for key, value in _find(index, page).items()]

        rest, stale = iter(keys), self._stale
        while page := list(islice(rest, _PAGE)):
            yield from self._reader.read(read, stale)
            stale = True

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (key for key, _ in self._scan(lambda index, value: None, prefix, start, stop))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Row[R]]]:
        return self._scan(_row, prefix, start, stop)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return self._scan(lambda index, value: _tag(value), prefix, start, stop)

    def _scan(
        self, show: Callable[[Index, Any], T], prefix: str, start: str, stop: str | None
    ) -> Iterator[tuple[str, T]]:
        check_bounds(prefix, start, stop)
        return self._pages(show, prefix, max(prefix, start), stop)

    def _pages(
        self, show: Callable[[Index, Any], T], prefix: str, start: str, stop: str | None
    ) -> Iterator[tuple[str, T]]:
        def read(index: Index) -> list[tuple[str, T]]:
            groups = ((key_of(text), value) for text, value in index.groups.items(text_before(start)))
            inside = takewhile(lambda each: each[0] < start or _is_inside(each[0], prefix, stop), groups)
            page = islice(((key, value) for key, value in inside if key >= start), _PAGE)
            return [(key, show(index, value)) for key, value in page]

        stale = self._stale
        while page := self._reader.read(read, stale):
            yield from page
            start, stale = f"{page[-1][0]}\0", True

    def typed(self, type: Any, /) -> NoReturn:
        """Raise Unsupported: nothing decodes the rows of a view."""
        raise Unsupported(f"{self!r} has rows, which are not decoded; leave out type= of the query")

    # ---- Changes -------------------------------------------------------------------------------

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        check_bounds(prefix, "", None)
        begun = Position(NEW, (0,)) if since is None else Position.parse(since)
        if begun.origin == NEW:
            return Changes(str(begun), self._all(self._now(), begun, prefix))
        return Changes(str(begun), self._after(begun, self._entries(begun, self._stale), prefix))

    def _now(self) -> Position:
        """Return the position of now. Begin a log if there is none."""

        def last(snapshot: Snapshot) -> Position | None:
            log = self._reader.open(snapshot).log
            entries = log.entries(snapshot.nodes, log.last) if log else iter(())
            return next((self._position(snapshot, entry) for entry in entries), None)

        while True:
            self._reader.refresher.begin_log(self._reader.number)
            if found := self._reader.refresher.read(last, stale=True):
                return found

    def _all(self, now: Position, begun: Position, prefix: str) -> Found:
        for key, tag in self.scan_tags(prefix):
            yield Change(key, tag, str(begun))
        return str(now)

    def _after(self, position: Position, page: list[_Logged], prefix: str) -> Found:
        while page:
            for key, tag, position in page:
                if key.startswith(prefix):
                    yield Change(key, tag, str(position))
            page = self._entries(position, stale=True)
        return str(position)

    def _entries(self, since: Position, stale: bool) -> list[_Logged]:
        """Return the next entries of the log after ``since``. Raises Expired if they are not known."""

        def read(snapshot: Snapshot) -> list[_Logged]:
            index = self._reader.open(snapshot)
            known = _known(index, since.numbers[1])
            if not known or self._position(snapshot, known[0]) != since:
                raise expired(self, "the view was built again, or it is too far behind")
            entries = known[1:]
            found = index.groups.get_many(sorted({entry.text for entry in entries}))
            tags = {text: _tag(value) for text, value in found.items()}
            return [
                (key_of(each.text), tags.get(each.text, ABSENT), self._position(snapshot, each))
                for each in entries
            ]

        if len(since.numbers) != 3:
            raise expired(self, "it is of another store")
        return self._reader.refresher.read(read, stale)

    def _position(self, snapshot: Snapshot, entry: Entry) -> Position:
        return Position(snapshot.id, (self._reader.number, entry.number, int.from_bytes(entry.stamp)))

    # ---- Writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: Row[R], /) -> None:
        self._refuse(key)

    def __delitem__(self, key: str, /) -> None:
        self._refuse(key)

    def _refuse(self, key: str) -> NoReturn:
        raise PermissionDenied(f"{key!r} cannot be written: {self!r} shows the groups of a view")


def _find(index: Index, keys: Sequence[str]) -> dict[str, Any]:
    """Return the values of the groups with those of ``keys`` that exist, in the order of ``keys``."""
    texts = {key: text_before(key) for key in keys}
    found = index.groups.get_many(sorted({text for key, text in texts.items() if key_of(text) == key}))
    return {key: found[text] for key, text in texts.items() if text in found and key_of(text) == key}


def _known(index: Index, number: int) -> list[Entry]:
    """Return the entry of the log with this number and the next ones, or nothing if it is not known."""
    log = index.log
    if log is None or not log.first <= number <= log.last:
        return []
    return list(islice(log.entries(index.nodes, number), _PAGE + 1))


def _row(index: Index, value: Any) -> Row[Any]:
    group = index.load(value)
    return Row(to_key(group.place), index.upkeep.result([group]))


def _tag(value: Any) -> Tag:
    return Tag(blake2b(encode(value), digest_size=16).hexdigest())


def _is_inside(key: str, prefix: str, stop: str | None) -> bool:
    return key.startswith(prefix) and (stop is None or key < stop)
