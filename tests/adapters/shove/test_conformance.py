"""The whole suite over Shove's own stores."""

import dbm.dumb
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import pytest

from holdall.adapters.shove import Shove
from holdall.store import Store
from holdall.testing import StoreTests
from tests.conformance.layered import FewFeedTests
from tests.conformance.planting import told
from tests.soak import rows


def made(open_dbm: Callable[[str, str], object], path: Path) -> str:
    """The address of a new dbm."""
    open_dbm(str(path), "c").close()
    return f"dbm://{path}"


STORES = {
    "simple": lambda path: "simple://",
    "memory": lambda path: "memory://",
    "file": lambda path: f"file://{path}",
    "lite": lambda path: f"lite://{path}",
    "dbm-dumb": lambda path: made(dbm.dumb.open, path),
}
if find_spec("dbm.sqlite3"):  # since Python 3.13
    STORES["dbm-sqlite3"] = lambda path: made(import_module("dbm.sqlite3").open, path)

MORE = {"simple", "lite", "dbm-sqlite3"}  # only with HOLDALL_SOAK

pytestmark = pytest.mark.usefixtures("few_examples")


class TestShove(FewFeedTests[bytes], StoreTests[bytes]):
    names = {"Shove": Shove}
    many = 40

    @pytest.fixture(params=rows(STORES, MORE))
    def open_store(
        self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Callable[[], Shove]:
        return lambda: Shove(STORES[request.param](tmp_path_factory.mktemp("shove") / "store"))

    def plant(self, store: Store[bytes]) -> dict[str, bytes]:
        names = [b"a//b", b"b/", b"C:\\path", b"x" * 490]
        for name in names:
            cast(Shove, store)._worker().put(name.decode(), b"foreign " + name)
        return told(names)
