"""Several stores with versions: whatever is written and synced in which order, all end equal and no value is lost."""

import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
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
from holdall.keys import RawKey
from holdall.middleware.versions.store import VersionedStore
from holdall.replication import conflicts, run, settle, sync_both
from holdall.replication.policies import Policy
from holdall.replication.revisions import rule as revised
from holdall.replication.revisions import tree
from holdall.replication.revisions.kept import TREES
from holdall.replication.revisions.settling import Conflicting, Settled, settle_by
from holdall.replication.revisions.tree import Record
from holdall.store import ABSENT, MISSING, Store
from tests.middleware.versions.weaker import Weaker
from tests.replication.mortal import Killed, Life, Mortal
from tests.replication.test_machine import in_turn
from tests.soak import SOAK

KEYS = ["a", "a/b", "b"]
HOUR = 3_600 * 10**9
NUMBERS = st.integers(0, 3)
COUNTS: Counter[str] = Counter()


def join(base: Any, ours: Any, theirs: Any) -> Any:
    """Return the words of both values."""
    words = {*words_of(ours), *words_of(theirs)}
    return b" ".join(sorted(words)) if words else MISSING


def words_of(value: Any) -> list[bytes]:
    return [] if value is MISSING else value.split()


POLICIES: list[Policy] = ["keep", "raise", "ours", "theirs", "newest", join]
LACKS = ["", "ATOMIC", "ATOMIC-REMOVE", "ATOMIC-REMOVE-UNIQUE_TAGS"]


@pytest.fixture(autouse=True)
def in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "run_calls", in_turn)


@pytest.fixture(scope="module", autouse=True)
def counts(pytestconfig: pytest.Config) -> Iterator[None]:
    """Tell how much a soak has tried."""
    yield
    if SOAK:
        said = ", ".join(f"{count:,} {name}" for name, count in COUNTS.items())
        pytestconfig.get_terminal_writer().line(f"\nconvergence: {said}")


class Stores(RuleBasedStateMachine):
    """Each written value is a word unlike all others, so it tells which revision it belongs to.

    A word is *alive* until somebody at a store that shows it writes another value, deletes the key, or settles a
    conflict that includes it, or a policy chooses another value. In the end all stores are equal, with every word
    that is alive, and the trees have every revision that is not pruned.

    They may have more words if syncs have settled the same conflict in two ways, or if a sync was killed at a
    store whose history was pruned before the next sync: then a value may be in conflict that somebody replaced. A
    store that was restored lost words that no other store has.
    """

    limit = tree.LIMIT

    @initialize(count=st.integers(2, 4), data=st.data())
    def open(self, count: int, data: st.DataObject) -> None:
        self.trees = pytest.MonkeyPatch()
        self.trees.setattr(tree, "LIMIT", self.limit)
        self.memories = [Weaker(uuid4().hex, data.draw(st.sampled_from(LACKS))) for _ in range(count)]
        self.clocks = [data.draw(st.integers(-5, 5)) * HOUR for _ in range(count)]
        self.alive: dict[str, set[bytes]] = defaultdict(set)
        self.ids: dict[str, set[str]] = defaultdict(set)
        self.backups: dict[int, dict[str, bytes]] = {}
        self.written = 0
        self.killed: set[int] = set()
        self.doubtful = self.restored = False
        COUNTS["histories"] += 1

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
            self.alive[key] -= set(words_of(old))
            if key in store or tag != ABSENT:
                self.ids[key].add(next(store.history(key)).id)
            return

    @rule(number=NUMBERS, keep=st.integers(1, 2))
    def prune(self, number: int, keep: int) -> None:
        number = self.pick(number)
        store = self.store(number)
        before = {key: self.history(store, key) for key in KEYS}
        store.prune(keep, None, "")
        for key in KEYS:
            self.ids[key] -= before[key] - self.history(store, key)
        self.doubtful |= number in self.killed

    def history(self, store: Store[bytes], key: str) -> set[str]:
        with contextlib.suppress(KeyError):
            return {revision.id for revision in store.history(key)}
        return set()

    def known(self, number: int, key: str) -> set[str]:
        """The revisions in the tree of ``key`` at a store."""
        data = self.memories[number].raw(TREES).get(RawKey(key))
        return set() if data is None else {*Record.load(key, data).tree}

    @rule(number=NUMBERS)
    def back_up(self, number: int) -> None:
        number = self.pick(number)
        self.backups[number] = dict(self.memories[number].raw().items())

    @rule(number=NUMBERS)
    def restore(self, number: int) -> None:
        number = self.pick(number)
        if number in self.backups:
            raw = self.memories[number].raw()
            raw.clear()
            raw.update(self.backups[number])
            for key in KEYS:
                others = set(range(len(self.memories))) - {number}
                self.ids[key] &= set().union(*(self.known(other, key) for other in others))
            self.restored = True

    @rule(number=NUMBERS, delete=st.booleans())
    def settle(self, number: int, delete: bool) -> None:
        store = self.store(self.pick(number))
        for found in list(conflicts(store)):
            self.alive[found.key] -= {word for each in found.siblings for word in words_of(each.value)}
            self.written += 1
            value = b"%d" % self.written
            settle(store, found.key, MISSING if delete else value, expected=found.tag)
            self.alive[found.key] |= set() if delete else {value}

    @rule(
        here=NUMBERS,
        there=NUMBERS,
        kill=st.none() | st.integers(0, 80),
        full=st.booleans(),
        policy=st.sampled_from(POLICIES),
    )
    def sync(self, here: int, there: int, kill: int | None, full: bool, policy: Policy) -> None:
        source, target = self.pick(here), self.pick(there)
        if source == target:
            return
        life = Life(kill)
        self.set_clock(target)
        self.patch.setattr(revised, "settle_by", self.settle_by)
        COUNTS["syncs"] += 1
        try:
            sync_both(self.store(source, life), self.store(target, life), conflict=policy, full=full)
        except Killed:
            COUNTS["kills"] += 1
            self.killed |= {source, target}
        except Conflict:
            assert policy == "raise"
        finally:
            self.patch.undo()

    def settle_by(self, policy: Policy, conflict: Conflicting) -> Settled | None:
        """Settle the conflict. The words of the values that were not chosen are not alive any more."""
        COUNTS["conflicts"] += 1
        settled = settle_by(policy, conflict)
        if settled is not None:
            self.doubtful = True
            words = {word for value in conflict.values.values() for word in words_of(value)}
            for alive in self.alive.values():
                alive -= words - set(words_of(settled.value))
        return settled

    def teardown(self) -> None:
        if hasattr(self, "memories"):
            try:
                self.compare()
            finally:
                self.trees.undo()

    def compare(self) -> None:
        there = [*pairwise(range(len(self.memories)))]
        for source, target in [*there, *there[::-1]] * 2:
            self.sync(source, target, None, full=False, policy="keep")
        states = [self.state(self.store(number)) for number in range(len(self.memories))]
        assert all(state == states[0] for state in states), states
        for key in KEYS:
            found = {word for _, value in states[0].get(key, []) for word in words_of(value)}
            if not self.restored:
                assert self.alive[key] <= found if self.doubtful else self.alive[key] == found, key
            known = [self.known(number, key) for number in range(len(self.memories))]
            assert all(ids >= self.ids[key] for ids in known) or not any(known)  # deleted before any sync
        open = sum(len(state) > 1 for state in states[0].values())
        for source, target in there:
            life, kept = Life(), Memory()
            for _ in range(2):
                stores = self.store(source, life), self.store(target, life)
                report = sync_both(*stores, conflict="keep", state=kept)
                assert (report.changed, report.siblings, report.left) == (0, open, 0)
            assert not {"swap", "remove", "transact"} & set(life.calls)

    def state(self, store: Store[bytes]) -> dict[str, list[tuple[str, Any]]]:
        """The winner of each key, and the siblings if there are any."""
        found: dict[str, list[tuple[str, Any]]] = {key: [("", value)] for key, value in store.items()}
        for each in conflicts(store):
            assert each.siblings[0].value == store.get(each.key, MISSING)
            found[each.key] = [(one.revision, one.value) for one in each.siblings]
        return found


TestStores = Stores.TestCase
TestStores.settings = settings(max_examples=3_000 if SOAK else 15, stateful_step_count=25, deadline=None)


class ShortTrees(Stores):
    """Trees are short, so a store that was apart for long makes a conflict that nobody made."""

    limit = 3

    def teardown(self) -> None:
        if hasattr(self, "ids"):
            self.doubtful = True
            self.ids.clear()
        super().teardown()


TestShortTrees = ShortTrees.TestCase
TestShortTrees.settings = settings(TestStores.settings, max_examples=2_000 if SOAK else 10)


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
