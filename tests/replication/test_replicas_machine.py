"""Replicas against a dict: writes, outages, kills at any request, several processes, and a full outbox."""

import logging
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from holdall import Memory, Replicas, Stale
from holdall.errors import Unavailable
from holdall.replication import at_least, run, stale_reads
from holdall.replication.replicas import by_outbox, epochs
from holdall.store import Delete, Feature, Put, Store
from tests.replication.faulty import Faulty, Switch
from tests.replication.mortal import Killed, Life, Mortal, Without
from tests.replication.test_machine import in_turn
from tests.soak import SOAK

KEYS = st.sampled_from([f"k{number}" for number in range(5)])
VALUES = st.binary(max_size=1)
EXAMPLES = 500 if SOAK else 12
NO_FEED = Feature.CHANGES
TARGETS = [Feature.NONE, Feature.ATOMIC, Feature.ATOMIC | Feature.REMOVE, Feature.ATOMIC | Feature.CHANGES]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Calls are made in this thread, so that a kill comes at the same request each time."""
    monkeypatch.setattr(run, "run_calls", in_turn)
    monkeypatch.setattr(by_outbox, "run_calls", in_turn)
    monkeypatch.setattr(epochs, "INTERVAL", 0.0)
    caplog.set_level(logging.ERROR, "holdall.replicas")


class Machine(RuleBasedStateMachine):
    """``states`` has the values of each key in their order, with None for a missing key."""

    @initialize(
        feed=st.booleans(),
        apart=st.booleans(),
        there=st.tuples(st.sampled_from(TARGETS), st.sampled_from(TARGETS)),
        limit=st.sampled_from([2, 100]),
    )
    def begin(self, feed: bool, apart: bool, there: tuple[Feature, Feature], limit: int) -> None:
        self.lacks = (Feature.NONE if feed else NO_FEED, *there)
        self.bare = [Memory() for _ in self.lacks]
        self.switches = [Switch() for _ in self.bare]
        self.box = Memory() if apart else None
        self.limit = limit
        self.states: dict[str, list[bytes | None]] = {f"k{number}": [None] for number in range(5)}
        if apart:  # a comparison does not believe that the primary has no keys if its outbox is elsewhere
            self.bare[0]["z"] = b""
            self.states["z"] = [b""]
        self.life = Life()
        self.restart()
        self.reopen_other()
        self.wanted: tuple[str, dict[str, int]] | None = None

    def open(self, life: Life, *, deliver: bool) -> Replicas[bytes]:
        stores: list[Store[bytes]] = [
            Without(Mortal(Faulty(store, switch), life), lacks)
            for store, switch, lacks in zip(self.bare, self.switches, self.lacks, strict=True)
        ]
        store = Replicas(*stores, outbox=self.box, deliver=deliver, limit=self.limit)
        store._here()._started = True  # its threads never run
        return store

    @rule()
    def restart(self) -> None:
        self.process = self.open(self.life, deliver=False)

    @rule()
    def reopen_other(self) -> None:
        """Another process, which does not record the end of its writes, since it delivers them itself."""
        self.other = self.open(Life(), deliver=True)

    def look(self) -> None:
        for key, states in self.states.items():
            value = self.bare[0].get(key)
            if states[-1] != value:
                states.append(value)

    def attempt(self, call: Any, *args: Any) -> None:
        with suppress(Unavailable):
            call(*args)
        self.look()

    # ---- Writes --------------------------------------------------------------------------------

    @rule(key=KEYS, value=VALUES, other=st.booleans())
    def write(self, key: str, value: bytes, other: bool) -> None:
        store = self.other if other else self.process
        with suppress(Unavailable):
            store[key] = value
            assert self.bare[0][key] == value
        self.look()

    @rule(key=KEYS, other=st.booleans())
    def delete(self, key: str, other: bool) -> None:
        self.attempt((self.other if other else self.process).discard, key)

    @rule(keys=st.sets(KEYS), value=VALUES)
    def write_many(self, keys: set[str], value: bytes) -> None:
        self.attempt(self.process.set_many, [(key, value) for key in sorted(keys)])

    @rule(key=KEYS, other=KEYS, value=VALUES)
    def transact(self, key: str, other: str, value: bytes) -> None:
        self.attempt(self.process.transact, [Put(key, value), Delete(other)])

    @rule(requests=st.integers(0, 8), key=KEYS, value=VALUES)
    def killed_write(self, requests: int, key: str, value: bytes) -> None:
        self.killed(requests, self.process.__setitem__, key, value)

    # ---- Deliveries ----------------------------------------------------------------------------

    @rule(other=st.booleans())
    def deliver(self, other: bool) -> None:
        (self.other if other else self.process).deliver()

    @rule(requests=st.integers(0, 60))
    def killed_delivery(self, requests: int) -> None:
        self.killed(requests, self.process.deliver)

    def killed(self, requests: int, call: Any, *args: Any) -> None:
        self.life.left = requests
        try:
            self.attempt(call, *args)
        except Killed:
            self.life.left = None
            self.look()
            self.restart()
        self.life.left = None

    @rule(number=st.integers(0, 2))
    def toggle(self, number: int) -> None:
        switch = self.switches[number]
        switch.up() if switch.error else switch.down()

    # ---- Reads ---------------------------------------------------------------------------------

    @rule()
    def want(self) -> None:
        if not self.switches[0].error:
            position = self.process.position()
            self.wanted = position, {key: len(states) - 1 for key, states in self.states.items()}

    @rule(key=KEYS)
    def read_at_least(self, key: str) -> None:
        if self.wanted is None:
            return
        position, since = self.wanted
        with suppress(Stale), at_least(position):
            assert self.other.get(key) in self.states[key][since[key] :]

    @rule(key=KEYS)
    def read(self, key: str) -> None:
        with suppress(Stale), stale_reads() as reads:
            value = self.process.get(key)
            assert value in self.states[key]
            assert reads or value == self.states[key][-1]

    # ---- Recovery ------------------------------------------------------------------------------

    @rule()
    def recover(self) -> None:
        for switch in self.switches:
            switch.up()
        self.process.deliver()
        lags = self.process.deliver()
        held = {key: states[-1] for key, states in self.states.items() if states[-1] is not None}
        assert [dict(store) for store in self.bare] == 3 * [held]
        assert [(lag.state, lag.error, lag.refused) for lag in lags] == 2 * [("following", "", 0)]

    def teardown(self) -> None:
        if hasattr(self, "process"):
            self.recover()


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=EXAMPLES, stateful_step_count=30, deadline=None)
