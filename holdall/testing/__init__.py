"""The conformance kit: what a store or layer must do, as tests that its author runs.

A store that is no part of holdall is tested in ten lines::

    import pytest
    from holdall.testing import StoreTests
    from mystore import MyStore

    class TestMyStore(StoreTests[bytes]):
        @pytest.fixture
        def open_store(self, tmp_path_factory):
            return lambda: MyStore(tmp_path_factory.mktemp("store"))

What may differ between stores is decided by `holdall.Feature` alone: where a feature is missing, the
suite checks that what depends on it is refused. It needs pytest and hypothesis, and as many examples are
tried as the loaded hypothesis profile says.
"""

import pytest

_asserting = ("suite", "mapping_machine", "machine")
pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in _asserting))

# ruff: noqa: E402 - imported after their asserts were made to explain themselves
from holdall.testing.machine import StoreMachine
from holdall.testing.suite import BrokenStoreTests, LayerTests, StoreTests
from holdall.testing.values import BYTES, DOCUMENTS, Values

__all__ = [
    "BYTES",
    "DOCUMENTS",
    "BrokenStoreTests",
    "LayerTests",
    "StoreMachine",
    "StoreTests",
    "Values",
]
