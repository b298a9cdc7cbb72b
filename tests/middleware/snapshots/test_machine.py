"""Followers of a snapshot feed, dropped at any point, over small blocks, short memory and killed looks."""

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from holdall import Expired, Memory, SnapshotFeed
from holdall.middleware.snapshots import blocks, look
from holdall.testing.follower import Follower
from tests.faults.requests import Hooked, Hooks, Killed, die
from tests.soak import SOAK

KEYS = [*(f"{folder}/{number}" for folder in "abc" for number in range(9)), "é", "\U00010000"]
_keys = st.sampled_from(KEYS)
_followers = st.integers(0, 2)


class SnapshotMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store = Memory()
        self.hooks = Hooks()
        self.state = Hooked(Memory(), self.hooks)
        self.feeds = [SnapshotFeed(self.store, self.state) for _ in range(2)]
        self.followers = [Follower(), Follower("b/"), Follower()]

    @rule(keys=st.lists(_keys, max_size=20), number=st.integers(0, 9))
    def write(self, keys: list[str], number: int) -> None:
        self.store.set_many((key, b"%d" % number) for key in keys)

    @rule(keys=st.lists(_keys, max_size=20))
    def delete(self, keys: list[str]) -> None:
        self.store.delete_many(keys)

    @rule()
    def clear(self) -> None:
        self.store.clear()

    @rule(which=_followers, feed=st.integers(0, 1), most=st.one_of(st.none(), st.integers(0, 9)))
    def follow(self, which: int, feed: int, most: int | None) -> None:
        _follow(self.followers[which], self.feeds[feed], most)

    @rule(which=_followers, moment=st.integers(0, 30))
    def kill(self, which: int, moment: int) -> None:
        self.hooks.set(moment, die)
        with contextlib.suppress(Killed):
            _follow(_copy(self.followers[which]), self.feeds[0])
        self.hooks.clear()

    @rule()
    def look_while_another_looks(self) -> None:
        last = ""
        with contextlib.suppress(Expired):
            for number, change in enumerate(self.feeds[0].changes()):
                assert change.key > last
                last = change.key
                if number % 3 == 0:
                    self.store[f"c/{number % 9}"] = b"%d" % number
                    _follow(_copy(self.followers[2]), self.feeds[1])

    @invariant()
    def arrive(self) -> None:
        """Go on from the last position to the end, with copies of the followers, and compare."""
        for follower in map(_copy, self.followers):
            _follow(follower, self.feeds[1])
            assert follower.held == dict(self.store.scan_tags(follower.prefix))

    @invariant()
    def no_leftovers(self) -> None:
        """Once a look has ended, the state has no blocks but those of the manifest."""
        self.store["a/0"] = b"new"
        _follow(Follower(), self.feeds[0])
        manifest, _ = self.feeds[0]._state.load()
        held = {key for key in self.state.raw().scan() if "blocks" in key}
        assert {key.rpartition("/")[2] for key in held} == {block.name for block in manifest.blocks}


def _copy(follower: Follower) -> Follower:
    other = Follower(follower.prefix)
    other.held, other.position = dict(follower.held), follower.position
    return other


def _follow(follower: Follower, feed: SnapshotFeed[bytes], most: int | None = None) -> None:
    """Follow ``feed``; begin again if the position has expired."""
    try:
        follower.follow(feed, most)
    except Expired:
        follower.held, follower.position = {}, None
        follower.follow(feed, most)


@pytest.mark.parametrize(("rows", "looks", "deletions"), [(2, 1000, 1000), (4, 3, 4)])
def test_followers_and_the_store_stay_equal(monkeypatch, rows: int, looks: int, deletions: int):
    monkeypatch.setattr(look, "ROWS", rows)
    monkeypatch.setattr(blocks, "LOOKS", looks)
    monkeypatch.setattr(blocks, "DELETIONS", deletions)
    every: Any = list(HealthCheck)
    few = settings(
        max_examples=400 if SOAK else 6, stateful_step_count=15, deadline=None, suppress_health_check=every
    )
    run_state_machine_as_test(SnapshotMachine, settings=few)
