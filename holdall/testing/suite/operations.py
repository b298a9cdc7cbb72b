"""Tests of random operations: a store and a dict must stay equal (see `holdall.testing.machine`)."""

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from holdall.store import Store
from holdall.testing.machine import StoreMachine
from holdall.testing.suite.case import StoreCase

V = TypeVar("V")


class OperationTests(StoreCase[V]):
    """Tests of random sequences of operations. Hypothesis shrinks a sequence that fails."""

    def test_a_store_and_a_dict_stay_equal(self, open_store: Callable[[], Store[V]]) -> None:
        values = self.values

        class Machine(StoreMachine):
            def __init__(self) -> None:
                super().__init__(open_store, values)

        # The loaded profile decides the number of examples. A store may need any time for each.
        every: Any = list(HealthCheck)  # type checkers do not see that its metaclass can be iterated
        patient = settings(deadline=None, suppress_health_check=every)
        run_state_machine_as_test(Machine, settings=patient)
