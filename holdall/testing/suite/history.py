"""Any history of operations: a store and a dict stay equal (see `holdall.testing.machine`)."""

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from holdall.store import Store
from holdall.testing.machine import StoreMachine
from holdall.testing.suite.case import StoreCase

V = TypeVar("V")


class HistoryTests(StoreCase[V]):
    """Random histories, shrunk where they fail."""

    def test_a_store_and_a_dict_stay_equal(self, open_store: Callable[[], Store[V]]) -> None:
        values = self.values

        class Machine(StoreMachine):
            def __init__(self) -> None:
                super().__init__(open_store, values)

        # As many examples as the loaded profile says; a store may take its time over each.
        every: Any = list(HealthCheck)  # its metaclass iterates, which type checkers do not see
        patient = settings(deadline=None, suppress_health_check=every)
        run_state_machine_as_test(Machine, settings=patient)
