"""Several stores with versions: whatever is written and synced in which order, all end equal and no value is lost."""

import contextlib
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from holdall import Memory
from holdall.errors import Conflict
from holdall.middleware.versions.store import VersionedStore
from holdall.replication import conflicts, run, settle, sync_both
from holdall.store import ABSENT, MISSING, Store
from tests.middleware.versions.weaker import Weaker
from tests.replication.mortal import Killed, Life, Mortal
from tests.replication.test_machine import in_turn
from tests.soak import SOAK

KEYS = ["a", "a/b", "b"]
HOUR = 3_600 * 10**9
NUMBERS = st.integers(0, 3)
LACKS = ["", "ATOMIC", "ATOMIC-REMOVE", "ATOMIC-REMOVE-UNIQUE_TAGS"]


@pytest.fixture(autouse=True)
def in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "run_calls", in_turn)


class Stores(RuleBasedStateMachine):
    """Each written value is unlike all others, so it tells which revision it belongs to.

    A value is *alive* until somebody at a store that shows it writes another value, deletes the key, or settles a
    conflict that includes it. In the end every store has exactly the values that are alive. If a sync was killed
    at a store, and its history was pruned before the next sync, a value may be in conflict that somebody replaced.
    """

    @initialize(count=st.integers(2, 4), data=st.data())
    def open(self, count: int, data: st.DataObject) -> None:
        self.memories = [Weaker(uuid4().hex, data.draw(st.sampled_from(LACKS))) for _ in range(count)]
        self.clocks = [data.draw(st.integers(-5, 5)) * HOUR for _ in range(count)]
        self.alive: dict[str, set[bytes]] = defaultdict(set)
        self.written = 0
        self.killed: set[int] = set()
        self.doubtful = False

    def store(self, number: int, life: Life | None = None) -> VersionedStore:
        memory = self.memories[number]
        return VersionedStore(memory if life is None else Mortal(memory, life))

    def pick(self, number: int) -> int:
        return number % len(self.memories)

    def set_clock(self, number: int) -> None:
        now = time.time_ns
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(time, "time_ns", lambda: now() + self.clocks[number])

    @rule(number=NUMBERS, key=st.sampled_from(KEYS), times=st.integers(1, 3))
    def write(self, number: int, key: str, times: int) -> None:
        number = self.pick(number)
        self.set_clock(number)
        for _ in range(times):
            self.written += 1
            value = b"%d" % self.written
            self.change(self.store(number), key, value)
            self.alive[key].add(value)
        self.patch.undo()

    @rule(number=NUMBERS, key=st.sampled_from(KEYS))
    def delete(self, number: int, key: str) -> None:
        self.change(self.store(self.pick(number)), key, None)

    def change(self, store: Store[bytes], key: str, value: bytes | None) -> None:
        """Replace the value of ``key`` that the store shows; a write that a kill left half-way may come first."""
        while True:
            old, tag = store.get_tagged(key) if key in store else (b"", ABSENT)
            try:
                if value is not None:
                    store.swap(key, value, tag)
                elif tag != ABSENT:
                    store.remove(key, tag)
            except Conflict:
                continue
            self.alive[key].discard(old)
            return

    @rule(number=NUMBERS, keep=st.integers(1, 2))
    def prune(self, number: int, keep: int) -> None:
        number = self.pick(number)
        self.store(number).prune(keep, None, "")
        self.doubtful |= number in self.killed

    @rule(number=NUMBERS, delete=st.booleans())
    def settle(self, number: int, delete: bool) -> None:
        store = self.store(self.pick(number))
        for found in list(conflicts(store)):
            self.alive[found.key] -= {each.value for each in found.siblings}
            self.written += 1
            value = b"%d" % self.written
            settle(store, found.key, MISSING if delete else value, expected=found.tag)
            self.alive[found.key] |= set() if delete else {value}

    @rule(here=NUMBERS, there=NUMBERS, kill=st.none() | st.integers(0, 80), full=st.booleans())
    def sync(self, here: int, there: int, kill: int | None, full: bool) -> None:
        source, target = self.pick(here), self.pick(there)
        if source == target:
            return
        life = Life(kill)
        self.set_clock(target)
        try:
            sync_both(self.store(source, life), self.store(target, life), conflict="keep", full=full)
        except Killed:
            self.killed |= {source, target}
        finally:
            self.patch.undo()

    def teardown(self) -> None:
        if not hasattr(self, "memories"):
            return
        there = [*pairwise(range(len(self.memories)))]
        for source, target in [*there, *there[::-1]] * 2:
            self.sync(source, target, None, full=False)
        states = [self.state(self.store(number)) for number in range(len(self.memories))]
        assert all(state == states[0] for state in states), states
        for key in KEYS:
            found = {value for _, value in states[0].get(key, []) if value is not MISSING}
            assert self.alive[key] <= found if self.doubtful else self.alive[key] == found, key
        for source, target in there:
            life = Life()
            report = sync_both(self.store(source, life), self.store(target, life), conflict="keep")
            assert report.changed == report.siblings == report.left == 0
            assert not {"swap", "remove", "transact"} & set(life.calls)

    def state(self, store: Store[bytes]) -> dict[str, list[tuple[str, Any]]]:
        """The winner of each key, and the siblings if there are any."""
        found: dict[str, list[tuple[str, Any]]] = {key: [("", value)] for key, value in store.items()}
        for each in conflicts(store):
            assert each.siblings[0].value == store.get(each.key, MISSING)
            found[each.key] = [(one.revision, one.value) for one in each.siblings]
        return found


TestStores = Stores.TestCase
TestStores.settings = settings(max_examples=5_000 if SOAK else 15, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("lacks", LACKS[1:])
def test_syncs_at_once_lose_no_value_while_others_write(lacks: str) -> None:
    stores = [VersionedStore(Weaker(uuid4().hex, lacks)) for _ in range(3)]
    pairs = [
        (stores[0], stores[1], Memory()),
        (stores[1], stores[2], Memory()),
        (stores[2], stores[0], Memory()),
    ]
    written: set[bytes] = set()
    replaced: set[bytes] = set()

    def write(number: int) -> None:
        for count in range(40 if SOAK else 12):
            value = b"%d-%d" % (number, count)
            old, tag = stores[number].get_tagged("a") if "a" in stores[number] else (b"", ABSENT)
            with contextlib.suppress(Conflict):
                stores[number].swap("a", value, tag)
                written.add(value)
                replaced.add(old)

    def sync(number: int) -> None:
        source, target, state = pairs[number]
        for _ in range(30 if SOAK else 6):
            sync_both(source, target, conflict="keep", state=state, workers=1)

    with ThreadPoolExecutor(6) as threads:
        for each in [threads.submit(call, number) for call in (write, sync) for number in range(3)]:
            each.result()
    for source, target, state in pairs * 2:
        assert sync_both(source, target, conflict="keep", state=state).left == 0
    found = [[one for each in conflicts(store) for one in each.siblings] for store in stores]
    assert found[0] == found[1] == found[2]
    assert {one.value for one in found[0]} | {stores[0]["a"]} == written - replaced
