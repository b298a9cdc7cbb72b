"""A table on a store that can swap one key: segments of many names, and a manifest that lists the segments.

    key = "manifest" / "segments/" 32HEXDIG

A commit writes its changes as a run of new segments, together with the runs before it that are small compared
with it, and then swaps the manifest. Before the swap, such a commit lists the segments. After the swap, it
deletes those of them that neither the old manifest nor the new one names. That is safe at any later moment: each
was written by a writer that had read the old manifest or an earlier one, and no manifest ever comes back, so the
swap of this writer fails. Readers of the old manifest keep their segments until the next such commit; after
that, they miss a segment and read the manifest again.

The manifest is created empty, before any segment is written: two writers that find no manifest expect the same
tag, ABSENT, and it comes back if the table is dropped.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple, cast

from holdall.errors import Conflict, HoldallError, Unavailable
from holdall.handles import PerProcess
from holdall.query.views.nodes import Damaged
from holdall.query.views.segments.manifest import Manifest, Rows, Run, Segment
from holdall.query.views.segments.membership import hashed
from holdall.query.views.segments.merge import cut, divide, merged
from holdall.query.views.segments.recent import Recent
from holdall.query.views.table import Head
from holdall.store import ABSENT, Store, Tag

_MANIFEST: Final = "manifest"
_SEGMENTS: Final = "segments/"
_AT_ONCE: Final = 8  # segments that a commit holds in memory and writes together


class _Gone(Exception):
    """A segment is missing, because a later commit deleted it."""


class _State(NamedTuple):
    """A manifest and the tag that it was read or written under."""

    manifest: Manifest
    tag: Tag


class _Here:
    """Parts of the table in the memory of this process."""

    def __init__(self) -> None:
        self.state: _State | None = None  # the last one that was read or written
        self.recent = Recent()


class SegmentTable:
    """A `Table` in ``raw``, a store of bytes that has SWAP and is the table's own, such as a `Store.raw`.

    `get_many` reads the state that this instance read or committed last, or a later one.

    >>> from holdall import Memory
    >>> table = SegmentTable(Memory())
    >>> table.commit({"a": b"1", "b": b"2"}, b"first", None)
    >>> table.commit({"a": None}, b"second", table.head())
    >>> table.head().data, table.get_many(["a", "b", "c"])
    (b'second', {'b': b'2'})
    """

    def __init__(self, raw: Store[bytes]) -> None:
        self._raw = raw
        self._here = PerProcess(_Here)

    def head(self) -> Head | None:
        state = self._read()
        if state is None or state.manifest.head is None:
            return None
        return Head(state.manifest.head, state)

    def get_many(self, names: Iterable[str], /) -> dict[str, bytes]:
        wanted = set(names)
        state = self._here().state or self._read()
        while state is not None:
            try:
                return self._find(state.manifest, wanted)
            except _Gone:
                state = self._reread(state)
        return {}

    def commit(self, changes: Mapping[str, bytes | None], data: bytes, expected: Head | None) -> None:
        old = self._create() if expected is None else cast(_State, expected.token)
        size = sum(len(name) + len(value or b"") for name, value in changes.items())
        count = divide(old.manifest.runs, size)
        try:
            unused = self._unused(old) if count else []
            run = self._write(changes, old.manifest.runs[:count], last=count == len(old.manifest.runs))
        except _Gone:
            self._reread(old)
            raise _conflict() from None
        runs = [*([run] if run else []), *old.manifest.runs[count:]]
        self._swap(Manifest.new(data, runs), old.tag)
        with suppress(Unavailable):  # the next commit that merges deletes them
            self._raw.delete_many(unused)

    def drop(self) -> None:
        """Delete everything that was written before; a commit against an earlier head fails from now on."""
        listed = list(self._raw.scan(_SEGMENTS))
        self._raw.discard(_MANIFEST)
        self._here().state = None
        self._raw.delete_many(listed)

    # ---- The manifest --------------------------------------------------------------------------

    def _read(self) -> _State | None:
        try:
            data, tag = self._raw.get_tagged(_MANIFEST)
        except KeyError:
            state = None
        else:
            state = _State(Manifest.load(data), tag)
        self._here().state = state
        return state

    def _reread(self, old: _State) -> _State | None:
        """Return the state after a segment of ``old`` was missing. Raises Damaged if it is still ``old``."""
        state = self._read()
        if state and state.manifest.id == old.manifest.id:
            raise Damaged("a segment is missing")
        return state

    def _create(self) -> _State:
        state = self._read()
        if state is None:
            return self._swap(Manifest.new(None, []), ABSENT)
        if state.manifest.head is not None:
            raise _conflict()
        return state

    def _swap(self, manifest: Manifest, expected: Tag) -> _State:
        """Replace the manifest. If the answer is lost, the manifest that is read afterwards decides."""
        try:
            state = _State(manifest, self._raw.swap(_MANIFEST, manifest.dump(), expected))
        except HoldallError as error:
            found = self._read()
            if found is None or found.manifest.id != manifest.id:
                raise (_conflict() if isinstance(error, Conflict) else error) from None
            state = found
        self._here().state = state
        return state

    # ---- Segments ------------------------------------------------------------------------------

    def _find(self, manifest: Manifest, names: set[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        places = {name: manifest.places(name, hashed(name)) for name in names}
        while places:
            asked: dict[Segment, list[str]] = {}
            for name, later in list(places.items()):
                segment = next(later, None)
                if segment is None:
                    del places[name]
                else:
                    asked.setdefault(segment, []).append(name)
            for segment, rows in self._load(asked):
                for name in asked[segment]:
                    if name in rows:
                        del places[name]
                        value = rows[name]
                        if value is not None:
                            found[name] = value
        return found

    def _load(self, segments: Iterable[Segment]) -> Iterator[tuple[Segment, Rows]]:
        """Yield the rows of each segment, in any order. Raises `_Gone` if one is missing."""
        recent = self._here().recent
        missing: dict[str, Segment] = {}
        for segment in segments:
            rows = recent.get(segment)
            if rows is None:
                missing[_SEGMENTS + segment.name] = segment
            else:
                yield segment, rows
        if not missing:
            return
        for key, data in self._raw.get_many(list(missing)):
            segment = missing.pop(key)
            rows = segment.load(data)
            recent.put(segment, rows)
            yield segment, rows
        if missing:
            raise _Gone

    def _load_one(self, segment: Segment) -> Rows:
        return next(rows for _, rows in self._load([segment]))

    def _write(self, changes: Mapping[str, bytes | None], runs: list[Run], *, last: bool) -> Run:
        """Write a run of ``changes`` and ``runs``. If it becomes the ``last`` run, it leaves deleted names out."""
        rows = merged(changes, runs, self._load_one)
        parts = cut((name, value) for name, value in rows if not last or value is not None)
        run: Run = []
        while few := [(*Segment.of(part), part) for part in islice(parts, _AT_ONCE)]:
            self._raw.set_many((_SEGMENTS + segment.name, data) for segment, data, _ in few)
            for segment, _, part in few:
                self._here().recent.put(segment, part)
                run.append(segment)
        return run

    def _unused(self, old: _State) -> list[str]:
        """Return the keys of the segments that no reader and no writer needs after the next swap."""
        used = {_SEGMENTS + name for name in old.manifest.names}
        return [key for key in self._raw.scan(_SEGMENTS) if key not in used]


def _conflict() -> Conflict:
    return Conflict("another process refreshed the view in the meantime; refresh it again")
