"""Every table of views against a dict: two instances, one of whose requests may be the last of its process."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from holdall import Conflict, Memory
from holdall.query.views.segments import merge
from holdall.query.views.table import Head
from tests.faults.requests import Hooks, Killed, die
from tests.query.views.tables import KINDS, NAMES, Changes, Kind, State, applied, state
from tests.soak import SOAK

_names = st.sampled_from(NAMES)
_changes = st.dictionaries(_names, st.none() | st.binary(max_size=30), max_size=10)
_who = st.integers(0, 1)


class TableMachine(RuleBasedStateMachine):
    kind: Kind

    def __init__(self) -> None:
        super().__init__()
        self.store = Memory()
        self.hooks = Hooks()
        self.tables = [self.kind.table(self.store, self.hooks) for _ in range(2)]
        self.heads: list[Head | None] = [None, None]
        self.seen = [0, 0]  # the versions of these heads
        self.held: State = (None, {})
        self.version = 0

    @rule(who=_who)
    def look(self, who: int) -> None:
        self.heads[who] = self.tables[who].head()
        self.seen[who] = self.version

    @rule(who=_who, changes=_changes, moment=st.none() | st.integers(0, 20))
    def commit(self, who: int, changes: Changes, moment: int | None) -> None:
        after: State = b"%d" % self.version, applied(self.held[1], changes)
        begins = self.heads[who] is None and self.held[0] is None  # a drop leaves no trace
        fresh = begins or self.seen[who] == self.version
        if moment is not None:
            self.hooks.set(moment, die)
        try:
            self.tables[who].commit(changes, b"%d" % self.version, self.heads[who])
        except Conflict:
            assert not fresh
        except Killed:
            self.tables[who] = self.kind.table(self.store, self.hooks)
            if state(self.kind.table(self.store)) == after:
                self.replace(after)
        else:
            assert fresh
            self.replace(after)
        self.hooks.clear()
        self.look(who)

    @rule(who=_who)
    def drop(self, who: int) -> None:
        self.tables[who].drop()
        self.replace((None, {}))

    def replace(self, held: State) -> None:
        self.held, self.version = held, self.version + 1

    @rule(who=_who, names=st.lists(_names, max_size=5))
    def read(self, who: int, names: list[str]) -> None:
        self.look(who)
        expected = {name: self.held[1][name] for name in names if name in self.held[1]}
        assert self.tables[who].get_many(names) == expected

    @invariant()
    def equals_the_dict(self) -> None:
        assert state(self.kind.table(self.store)) == self.held


@pytest.mark.parametrize("kind", ["rows-memory", "segments-memory"])
def test_a_table_equals_a_dict(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(merge, "LARGEST", 40)
    machine: Any = type("Machine", (TableMachine,), {"kind": KINDS[kind]})
    few = settings(
        max_examples=400 if SOAK else 10,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=few)
