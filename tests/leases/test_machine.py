"""Several holders, clocks that differ, slow requests and lost answers: one lease never has two holders."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from holdall import Fenced, Lease, Memory, Unavailable
from tests.leases.stage import Stage
from tests.soak import SOAK

TTL = 10
holders = st.integers(0, 2)
times = st.sampled_from([1, TTL - 1, TTL])
deeds = st.sampled_from(["acquire", "acquire", "renew", "release"])
events = st.lists(st.lists(st.just("fail") | times | st.tuples(deeds, holders), max_size=3), max_size=4)


class Racing(RuleBasedStateMachine):
    """``tokens`` has the token of each acquisition, in the order in which they returned."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.tokens: list[int] = [0]
        self.far = Memory()

    @initialize(offsets=st.tuples(*[st.integers(-500, 500)] * 3))
    def begin(self, offsets: tuple[int, ...]) -> None:
        self.stages = [Stage(self.far) for _ in offsets]
        self.leases = [
            Lease(stage, "work", TTL, clock=self.clock(offset))
            for stage, offset in zip(self.stages, offsets, strict=True)
        ]

    def clock(self, offset: int) -> Callable[[], float]:
        return lambda: self.now + offset

    @rule(holder=holders, deed=deeds, plan=events)
    def act(self, holder: int, deed: str, plan: list[list[object]]) -> None:
        self.stages[holder].plan.extend(partial(self.happen, holder, meanwhile) for meanwhile in plan)
        self.do(deed, holder)
        self.stages[holder].plan.clear()

    def happen(self, holder: int, meanwhile: list[object]) -> None:
        """Let events happen in the midst of an operation of ``holder``."""
        for event in meanwhile:
            if event == "fail":
                raise Unavailable("it did not answer")
            if isinstance(event, int):
                self.wait(event)
            elif isinstance(event, tuple) and event[1] != holder:
                self.do(*event)

    @rule(seconds=times)
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.at_most_one_holds_it()

    def do(self, deed: str, holder: int) -> None:
        lease = self.leases[holder]
        before = max(self.tokens)
        with suppress(Fenced, Unavailable):
            if deed == "renew":
                lease.renew()
            elif deed == "release":
                lease.release()
            elif not self.holds(lease) and lease.acquire(timeout=0):
                assert lease.token > before
                assert lease.token not in self.tokens
                self.tokens.append(lease.token)
        self.at_most_one_holds_it()

    def holds(self, lease: Lease) -> bool:
        try:
            lease.check()
        except Fenced:
            return False
        return True

    @invariant()
    def at_most_one_holds_it(self) -> None:
        assert sum(map(self.holds, getattr(self, "leases", ()))) <= 1

    def teardown(self) -> None:
        """Whatever happened, each can have the lease once it has watched it for its ttl."""
        for lease in getattr(self, "leases", ()):
            self.now += TTL
            if not lease.acquire(timeout=0):
                self.now += TTL
                assert lease.acquire(timeout=0)


def test_a_lease_never_has_two_holders() -> None:
    few = settings(max_examples=3000 if SOAK else 25, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(Racing, settings=few)
