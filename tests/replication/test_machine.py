"""Two stores against two dicts: writes, deletions, syncs, kills at any request, and restored backups."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from holdall import Memory
from holdall.replication import run, state, sync
from holdall.store import Feature, Store
from holdall.threads import Call
from tests.replication.mortal import Killed, Life, Mortal, Without
from tests.soak import SOAK

KEYS = st.sampled_from([f"k{number}" for number in range(7)])
EXAMPLES = 3_000 if SOAK else 15
VALUES = st.binary(max_size=1)
# The features that the stores of a machine lack.
SOURCES = [Feature.NONE, Feature.CHANGES, Feature.CHANGES | Feature.TAGS | Feature.SWAP]
TARGETS = [
    Feature.NONE,
    Feature.ATOMIC,
    Feature.ATOMIC | Feature.REMOVE,
    Feature.ATOMIC | Feature.REMOVE | Feature.SWAP,
    Feature.ATOMIC | Feature.REMOVE | Feature.SWAP | Feature.TAGS,
]


def in_turn(calls: Iterable[tuple[str, Call[Any]]], workers: int) -> Iterator[tuple[str, Any]]:
    """Make ``calls`` in this thread, so that a kill comes at the same request each time."""
    for label, call in calls:
        call.run()
        yield label, call.result()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few keys take several blocks, batches and chunks."""
    monkeypatch.setattr(run, "run_calls", in_turn)
    monkeypatch.setattr(state.Rewriting, "ROWS", 2)
    monkeypatch.setattr(run, "BATCH", 2)
    monkeypatch.setattr(run, "_CHUNK", 2)
    monkeypatch.setattr(run, "_FEW", 2)


class Follower(RuleBasedStateMachine):
    """One way. A key that begins with x was only ever at the target."""

    def __init__(self) -> None:
        super().__init__()
        self.backups: list[dict[str, bytes]] = []

    @initialize(here=st.sampled_from(SOURCES), there=st.sampled_from(TARGETS), apart=st.booleans())
    def open(self, here: Feature, there: Feature, apart: bool) -> None:
        self.source, self.target = Memory(), Memory()
        self.lacks = here, there
        self.state = Memory() if apart else None
        self.here: dict[str, bytes] = {}
        self.extra: dict[str, bytes] = {}
        self.feeds = Feature.CHANGES not in here
        self.synced: set[str] = set()
        self.drifted = False

    @rule(key=KEYS, value=VALUES)
    def write(self, key: str, value: bytes) -> None:
        self.source[key] = self.here[key] = value

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.source.discard(key)
        self.here.pop(key, None)

    @rule(key=KEYS, value=VALUES)
    def drift(self, key: str, value: bytes) -> None:
        """Another writer changes a key of the source at the target."""
        if key in self.synced:
            self.target[key] = value
            self.drifted = True

    @rule(key=KEYS)
    def lose(self, key: str) -> None:
        self.target.discard(key)
        self.drifted = True

    @rule(key=KEYS, value=VALUES)
    def add_extra(self, key: str, value: bytes) -> None:
        self.target["x" + key] = self.extra["x" + key] = value

    @rule()
    def back_up(self) -> None:
        self.backups.append(dict(self.target))

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """The target has the values of a backup again, and may have keys that were deleted since."""
        if self.backups:
            for key in list(self.target):
                del self.target[key]
            self.target.update(data.draw(st.sampled_from(self.backups)))
            self.extra = {key: value for key, value in dict(self.target).items() if key.startswith("x")}
            self.drifted = True

    def sync(self, life: Life, **options: Any) -> None:
        here: Store[bytes] = Without(Mortal(self.source, life), self.lacks[0])
        there: Store[bytes] = Without(Mortal(self.target, life), self.lacks[1])
        kept = None if self.state is None else Mortal(self.state, life)
        sync(here, there, state=kept, allow_empty=True, **options)

    @rule(requests=st.integers(0, 60), full=st.booleans())
    def killed(self, requests: int, full: bool) -> None:
        try:
            self.sync(Life(requests), full=full)
        except Killed:
            self.synced |= set(self.target) & set(self.here)

    @rule(full=st.booleans(), verify=st.booleans(), delete=st.booleans())
    def synced_whole(self, full: bool, verify: bool, delete: bool) -> None:
        before = dict(self.target)
        self.sync(Life(), full=full or (self.feeds and self.drifted), verify=verify, delete=delete)
        self.drifted = False
        if delete and (full or not self.feeds):
            self.extra = {}
        found = dict(self.target)
        assert {key: value for key, value in found.items() if key[0] == "k"} == self.here
        extra = {key: value for key, value in found.items() if key[0] == "x"}
        assert extra == self.extra or (delete and not extra), (extra, before)
        self.extra = extra
        self.synced |= self.here.keys()

    @rule()
    def nothing_is_left_to_do(self) -> None:
        self.synced_whole(full=True, verify=False, delete=False)
        life = Life()
        here: Store[bytes] = Without(Mortal(self.source, life), self.lacks[0])
        there: Store[bytes] = Without(Mortal(self.target, life), self.lacks[1])
        report = sync(here, there, state=self.state, full=True, allow_empty=True)
        assert report.changed == report.replaced == report.left == 0
        assert report.extra == len(self.extra)


TestFollower = Follower.TestCase
TestFollower.settings = settings(max_examples=EXAMPLES, stateful_step_count=25, deadline=None)
