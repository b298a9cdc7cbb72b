"""Tests of a store that cannot be reached or that refuses: it raises an error and never looks empty."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from holdall.errors import HoldallError
from holdall.store import Store
from holdall.testing.suite.case import StoreCase, expect_error

V = TypeVar("V")


class BrokenStoreTests(StoreCase[V]):
    """Tests for a store whose server is unreachable, forbids access, was deleted or is not a store.

    ``open_store`` opens a broken store: opening it works, but all operations fail.
    """

    @pytest.fixture
    def store(self, open_store: Callable[[], Store[V]]) -> Store[V]:
        return open_store()

    def test_no_operation_takes_a_failure_for_a_missing_key(self, store: Store[V]) -> None:
        for name, operation in self._operations(store):
            error = expect_error(Exception, operation, by=name)
            assert isinstance(error, HoldallError), (
                f"{name} raised {error!r}, which is not an error of holdall"
            )
            assert not isinstance(error, KeyError), f"{name} took a failure for a missing key"

    def test_errors_are_one_line_without_secrets(self, store: Store[V]) -> None:
        for name, operation in self._operations(store):
            message = str(expect_error(HoldallError, operation, by=name))
            assert message
            assert "\n" not in message
            assert [secret for secret in self.secrets if secret in message] == []

    def test_a_broken_store_can_be_closed(self, store: Store[V]) -> None:
        store.close()
        store.close()

    def _operations(self, store: Store[V]) -> list[tuple[str, Callable[[], object]]]:
        value = self.values.of(1)
        return [
            ("[]", lambda: store["a"]),
            ("get", lambda: store.get("a")),
            ("in", lambda: "a" in store),
            ("len", lambda: len(store)),
            ("bool", lambda: bool(store)),
            ("scan", lambda: list(store.scan())),
            ("scan_items", lambda: list(store.scan_items())),
            ("get_many", lambda: list(store.get_many(["a", "b"]))),
            ("[] =", lambda: store.__setitem__("a", value)),
            ("set_many", lambda: store.set_many([("a", value), ("b", value)])),
            ("del", lambda: store.__delitem__("a")),
            ("discard", lambda: store.discard("a")),
            ("delete_many", lambda: store.delete_many(["a", "b"])),
        ]
