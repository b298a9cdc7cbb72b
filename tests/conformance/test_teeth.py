"""The suite has teeth: each wrong store is rejected, by the very checks that are there to catch its defect."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from holdall.store import Store
from holdall.testing import BrokenStoreTests, StoreTests
from holdall.testing.suite import feeds, lifetime
from holdall.testing.suite.foreign import ForeignTests
from tests.conformance import (
    wrong_feeds,
    wrong_foreign,
    wrong_keys,
    wrong_lives,
    wrong_parts,
    wrong_scans,
    wrong_stores,
    wrong_swaps,
)

# The first failure is enough, so none is shrunk or saved. Derandomized examples depend on the modules that are
# loaded, and 100 examples miss some faults, so the limit is high. A test ends at the first failure.
settings.register_profile(
    "teeth",
    max_examples=1000,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)

MODULES = (
    wrong_stores,
    wrong_keys,
    wrong_foreign,
    wrong_scans,
    wrong_swaps,
    wrong_lives,
    wrong_feeds,
    wrong_parts,
)
WRONG: dict[type[Store[Any]], tuple[str, ...]] = {
    kind: vars(kind)["caught_by"]
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and "caught_by" in vars(kind)
}
"""Each wrong store and the checks that must fail on it."""

Case = type[StoreTests[Any]] | type[BrokenStoreTests[Any]]


class Suite(StoreTests[bytes]):
    secrets = ("hunter2",)

    def plant(self, store: Store[bytes]) -> dict[str, bytes]:
        return store.plant() if isinstance(store, wrong_foreign.Shared) else {}

    def back_up(self, store: Store[bytes]) -> Callable[[], Store[bytes]] | None:
        return store.back_up() if isinstance(store, wrong_feeds.Restorable) else None


@pytest.fixture(autouse=True)
def profile(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(lifetime, "PATIENCE", 0.1)
    monkeypatch.setattr(feeds, "PATIENCE", 0.1)
    before = settings.get_current_profile_name()
    settings.load_profile("teeth")
    yield
    settings.load_profile(before)


def rejects(case: Case, check: str, open_store: Callable[[], Store[Any]]) -> bool:
    """Whether one check of the suite fails on the stores that ``open_store`` opens."""
    suite = case()
    method = getattr(suite, check)
    given = open_store if "open_store" in inspect.signature(method).parameters else open_store()
    try:
        method(given)
    except (Exception, pytest.fail.Exception) as failure:
        if "pytest-timeout" in str(failure):
            raise
        return True
    return False


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        pytest.param(kind, check, id=f"{kind.__name__}-{check}")
        for kind, checks in WRONG.items()
        for check in checks
    ],
)
def test_the_check_rejects_the_wrong_store(kind: type[Store[Any]], check: str, tmp_path: Path) -> None:
    # On a machine with much else to do, the second of two calls may come too late for a race to show.
    assert any(rejects(Suite, check, lambda: wrong_lives.opened(kind, tmp_path)) for _ in range(3))


@pytest.mark.parametrize("kind", [wrong_keys.TakesRefusalForMissing, wrong_keys.TakesRefusalForEmpty])
def test_a_failure_read_as_missing_is_rejected(kind: type[Store[Any]]) -> None:
    assert rejects(BrokenStoreTests, "test_no_operation_takes_a_failure_for_a_missing_key", kind)


def test_a_store_that_passes_foreign_names_over_is_accepted() -> None:
    checks = [name for name in vars(ForeignTests) if name.startswith("test_")]
    assert [check for check in checks if rejects(Suite, check, wrong_foreign.Shared)] == []


def test_every_part_of_the_suite_has_its_wrong_stores() -> None:
    parts = [
        part for part in StoreTests.__mro__ if part.__name__.endswith("Tests") and part is not StoreTests
    ]
    caught = {check for checks in WRONG.values() for check in checks}
    assert len(parts) >= 12
    assert [part.__name__ for part in parts if not caught & set(vars(part))] == []
