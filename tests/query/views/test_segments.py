"""Segments: how many requests a commit and a read cost, and which bytes are refused."""

import contextlib
import random
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest

from holdall import Json, Memory, Mismatch, Store
from holdall.adapters.s3 import S3
from holdall.query import MapReduce
from holdall.query.views import View
from holdall.query.views.nodes import Damaged
from holdall.query.views.segments import SegmentTable, merge
from tests.adapters.s3.test_requests import costs
from tests.faults.requests import Hooks, Killed, at_each_moment, die
from tests.middleware.mutations import mutations
from tests.query.views.tables import KINDS, NAMES, PART, commit, state
from tests.servers.s3 import Server

NODES = {f"{number:05}": random.Random(number).randbytes(200) for number in range(2_000)}


def keys(raw: Store[bytes]) -> set[str]:
    return set(raw.scan())


# ---- Requests --------------------------------------------------------------------------------------


@pytest.fixture
def store(moto: Server) -> Iterator[S3]:
    with moto.store(prefix="views") as store:
        yield store


def test_a_commit_of_a_hundred_values_costs_few_requests(store: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "LARGEST", 100_000)
    table, cost = SegmentTable(store), costs(store)
    # The manifest is looked for and created, and then replaced; five segments hold 410,000 bytes.
    assert cost(lambda: table.commit(NODES, b"0", None)) == {"GetObject": 1, "PutObject": 7}
    drawn, total = random.Random(7), Counter[str]()
    for _ in range(10):
        changes = {name: drawn.randbytes(200) for name in drawn.sample(sorted(NODES), 100)}
        total += cost(partial(commit, table, changes, b"1"))
    # Each commit reads and replaces the manifest, and writes a segment or a few. Six of the ten merge it with
    # earlier segments, which are in memory. These list all segments, and delete those of the merge before.
    assert total == {"GetObject": 10, "PutObject": 25, "ListObjectsV2": 6, "DeleteObjects": 5}
    fresh = SegmentTable(store)
    assert cost(lambda: (fresh.head(), fresh.get_many(["00007"]))) == {"GetObject": 2}
    assert cost(lambda: fresh.get_many(["00007"])) == {}
    assert cost(lambda: fresh.get_many(NODES)) == {"GetObject": 5}


def by_customer(key: str, invoice: dict[str, int]) -> Iterator[tuple[str, int]]:
    yield from invoice.items()


def test_a_refresh_after_a_hundred_changes_costs_few_requests(moto: Server) -> None:
    store = Json(Memory())
    store.update({f"{number:05}": {f"customer {number % 20}": number} for number in range(3_000)})
    with moto.store(prefix="views") as index:
        view, cost = View(store, MapReduce(by_customer, "max"), index), costs(index)
        view.refresh()
        store.update({f"{number:05}": {f"customer {number % 20}": 1} for number in range(0, 3_000, 30)})
        found = cost(view.refresh)
        # It reads the manifest, writes a segment with all changes, and swaps the manifest.
        assert found["PutObject"] == 2
        assert found.total() <= 6
        assert cost(partial(view.rows, stale=True)) == {"GetObject": 1}
        assert view.rows() == MapReduce(by_customer, "max").run(store)


# ---- Sweeping --------------------------------------------------------------------------------------


def test_no_segment_of_a_crashed_commit_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "LARGEST", 40)
    store, kind = Memory(), KINDS["segments-memory"]

    def trial(number: int) -> bool:
        table = kind.table(store, hooks := Hooks())
        head = table.head()
        hooks.set(number, die)
        with contextlib.suppress(Killed):
            table.commit(dict.fromkeys(NAMES, b"%d" % number), b"1", head)
        reached = hooks.clear()
        for _ in range(3):
            commit(kind.table(store), dict.fromkeys(NAMES, b"1"), b"2")
        raw = store.raw(PART)
        assert len(keys(raw)) == 1 + 2 * 2  # the manifest, and two segments for each of the last two states
        return reached

    at_each_moment(trial)


def test_the_segments_stay_few_and_forget_deleted_names(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Memory()
    table, drawn = SegmentTable(store), random.Random(3)
    for number in range(100):
        names = [f"{drawn.randrange(1000):04}" for _ in range(drawn.choice([1, 5, 50]))]
        changes = {name: drawn.choice([None, bytes(100)]) for name in names}
        commit(table, changes, b"%d" % number)
        assert len(keys(store)) <= 1 + 2 * 6
    left = [f"{number:04}" for number in range(1000)]
    live = sum(map(len, table.get_many(left).values()))
    assert sum(len(store[key]) for key in keys(store) if key != "manifest") < 4 * live


# ---- Bytes of others -------------------------------------------------------------------------------


def test_damaged_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "LARGEST", 150)
    store = Memory()
    commit(SegmentTable(store), dict.fromkeys(NAMES, b"1" * 9), b"0")
    commit(SegmentTable(store), {"d0": b"new", "d1": None}, b"1")
    held = state(SegmentTable(store))
    for key in sorted(keys(store)):
        intact = store[key]
        for data in mutations([intact], 40, lambda drawn: drawn.randbytes(4)):
            store[key] = data
            if data != intact:
                with pytest.raises(Damaged, match="not as it was written"):
                    state(SegmentTable(store))
        store[key] = intact
    one, other = sorted(keys(store) - {"manifest"})[:2]
    intact = store[one]
    store[one] = store[other]  # a whole segment, but another one
    with pytest.raises(Damaged, match=one.removeprefix("segments/")):
        state(SegmentTable(store))
    del store[one]
    with pytest.raises(Damaged, match="a segment is missing"):
        state(SegmentTable(store))
    store[one] = intact
    assert state(SegmentTable(store)) == held


def test_the_index_of_a_later_version_is_refused() -> None:
    store = Memory()
    commit(SegmentTable(store), {"a": b"1"}, b"")
    store["manifest"] = b"segments2" + store["manifest"].removeprefix(b"segments1")
    with pytest.raises(Mismatch, match="upgrade holdall"):
        SegmentTable(store).head()
