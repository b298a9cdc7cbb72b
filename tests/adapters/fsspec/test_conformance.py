"""The whole suite over file systems that need no server."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from holdall.adapters.fsspec import Fsspec
from holdall.testing import StoreTests

STORES = {
    "memory": lambda folder: f"memory://{uuid4().hex}/books",
    "file": lambda folder: f"file://{folder}/store",
}


pytestmark = pytest.mark.usefixtures("few_examples")


class TestFsspec(StoreTests[bytes]):
    names = {"Fsspec": Fsspec}
    many = 60

    @pytest.fixture(params=STORES)
    def open_store(
        self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Callable[[], Fsspec]:
        return lambda: Fsspec(STORES[request.param](tmp_path_factory.mktemp("fsspec")))
