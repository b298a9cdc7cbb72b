"""The conformance kit: tests for every store and layer, which its author runs.

Ten lines test a store that is not part of holdall::

    import pytest
    from holdall.testing import StoreTests
    from mystore import MyStore

    class TestMyStore(StoreTests[bytes]):
        @pytest.fixture
        def open_store(self, tmp_path_factory):
            return lambda: MyStore(tmp_path_factory.mktemp("store"))

Stores may differ only by `holdall.Feature`. If a store lacks a feature, the suite checks that the store
refuses the operations that depend on it. The suite needs pytest and hypothesis. The loaded hypothesis profile
decides how many examples are tried.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdall.extras import needs

if TYPE_CHECKING:
    from holdall.testing.machine import StoreMachine
    from holdall.testing.suite import BrokenStoreTests, LayerTests, StoreTests
    from holdall.testing.values import BYTES, DOCUMENTS, Values

# Each module is imported at the first use of its name, because pytest always loads the plugin in this
# package, with or without hypothesis.
_lazy = {
    "BYTES": "values",
    "BrokenStoreTests": "suite",
    "DOCUMENTS": "values",
    "LayerTests": "suite",
    "StoreMachine": "machine",
    "StoreTests": "suite",
    "Values": "values",
}
_asserting = ("suite", "mapping_machine", "machine")

__all__ = [
    "BYTES",
    "DOCUMENTS",
    "BrokenStoreTests",
    "LayerTests",
    "StoreMachine",
    "StoreTests",
    "Values",
]


def __getattr__(name: str) -> Any:
    if name not in _lazy:
        raise AttributeError(f"module 'holdall.testing' has no attribute {name!r}")
    with needs("testing"):
        _explain_asserts()
        value = globals()[name] = getattr(import_module(f"holdall.testing.{_lazy[name]}"), name)
    return value


def _explain_asserts() -> None:
    """Let pytest rewrite the asserts of the suite before its import, as it does for test modules."""
    import sys

    import pytest

    new = [module for each in _asserting if (module := f"{__name__}.{each}") not in sys.modules]
    pytest.register_assert_rewrite(*new)
