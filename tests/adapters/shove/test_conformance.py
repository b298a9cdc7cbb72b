"""The whole suite over Shove's own stores."""

import dbm.dumb
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from holdall.adapters.shove import Shove
from holdall.testing import StoreTests


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


@pytest.fixture(scope="module", autouse=True)
def few_examples() -> Iterator[None]:
    """A tenth of the examples: each write is on the disk before it returns."""
    profile = settings.get_current_profile_name()
    settings.register_profile("on-disk", max_examples=max(1, settings().max_examples // 10))
    settings.load_profile("on-disk")
    yield
    settings.load_profile(profile)


class TestShove(StoreTests[bytes]):
    names = {"Shove": Shove}
    many = 40

    @pytest.fixture(params=STORES)
    def open_store(
        self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Callable[[], Shove]:
        return lambda: Shove(STORES[request.param](tmp_path_factory.mktemp("shove") / "store"))
