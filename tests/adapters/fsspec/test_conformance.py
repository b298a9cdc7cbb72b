"""The whole suite over file systems that need no server."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast
from uuid import uuid4

import pytest

from holdall.adapters.fsspec import Fsspec, systems
from holdall.store import Store
from holdall.testing import StoreTests
from tests.conformance.layered import FewFeedTests
from tests.conformance.planting import told
from tests.soak import rows

STORES = {
    "memory": lambda folder: f"memory://{uuid4().hex}/books",
    "file": lambda folder: f"file://{folder}/store",
}


pytestmark = pytest.mark.usefixtures("few_examples")


class TestFsspec(FewFeedTests[bytes], StoreTests[bytes]):
    names = {"Fsspec": Fsspec}
    many = 60

    @pytest.fixture(params=rows(STORES, {"memory"}))
    def open_store(
        self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Callable[[], Fsspec]:
        return lambda: Fsspec(STORES[request.param](tmp_path_factory.mktemp("fsspec")))

    def plant(self, store: Store[bytes]) -> dict[str, bytes]:
        names = [b"README", b"Sub/x", b"Sub/deep/y", b"b+/NOTES", b"%41"]
        for name in names:
            cast(Fsspec, store)._ask(
                None, lambda tree, name=name: tree.write(name.decode(), b"foreign " + name)
            )
        return told(names)


def test_threads_that_share_a_file_system_connect_once(monkeypatch):
    connect, made = systems._connect, []

    def slowly(*arguments: object) -> object:
        made.append(arguments)
        time.sleep(0.05)
        return connect(*arguments)

    monkeypatch.setattr(systems, "_connect", slowly)
    with Fsspec(f"memory://{uuid4().hex}") as store, ThreadPoolExecutor(4) as pool:
        list(pool.map(store.__setitem__, "abcd", [b"1"] * 4))
    assert len(made) == 1
