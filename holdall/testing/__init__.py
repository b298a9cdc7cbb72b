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

from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdall.extras import needs

if TYPE_CHECKING:
    from holdall.testing.machine import StoreMachine
    from holdall.testing.suite import BrokenStoreTests, LayerTests, StoreTests
    from holdall.testing.values import BYTES, DOCUMENTS, Values

# Imported when first asked for: the plugin beside them is loaded wherever pytest runs, with or without
# hypothesis.
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
    """Have pytest rewrite the suite's asserts before it is imported, as it does with test modules."""
    import sys

    import pytest

    new = [module for each in _asserting if (module := f"{__name__}.{each}") not in sys.modules]
    pytest.register_assert_rewrite(*new)
