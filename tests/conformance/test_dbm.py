"""The suite on dbm files: on one flavor in `make test`, on all five in `make soak`."""

from collections.abc import Callable

import pytest

from holdall import DBM
from holdall.adapters.dbm.flavors import FLAVORS
from holdall.store import Store
from holdall.testing import StoreTests
from tests.adapters.dbm.flavors import needs_module
from tests.conformance.planting import plant
from tests.conformance.test_conformance import folder
from tests.soak import SOAK


class TestDBM(StoreTests[bytes]):
    names = {"DBM": DBM}

    @pytest.fixture(params=FLAVORS if SOAK else ["gnu"])
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        needs_module(request.param)
        if request.param == "dumb":  # it writes its whole index at each change
            self.many, self.points = 250, 8
        return lambda: DBM(folder(request) / "store", flavor=request.param, durability="os")

    def plant(self, store: Store[bytes]) -> dict[str, bytes]:
        return plant(store)
