"""SlateDB in folders: the whole suite, one writer at a time, and writers that are killed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from holdall.store import Store
from holdall.testing import StoreTests

pytest.importorskip("slatedb", reason="slatedb has no wheel for this machine")

from holdall.adapters.slatedb import SlateDB


@pytest.fixture(scope="class")
def few_examples() -> Iterator[None]:
    """Each example opens a database, and each of its writes waits to be durable."""
    profile = settings.get_current_profile_name()
    settings.register_profile("durable", max_examples=max(1, settings().max_examples // 10))
    settings.load_profile("durable")
    yield
    settings.load_profile(profile)


def make(folder: Path) -> SlateDB:
    return SlateDB(f"file://{folder}/{uuid4().hex}", flush_interval=0.001)


@pytest.mark.usefixtures("few_examples")
class TestSlateDB(StoreTests[bytes]):
    points = 8

    @pytest.fixture
    def open_store(self, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Store[bytes]]:
        folder = tmp_path_factory.mktemp("slatedb")
        return lambda: make(folder)
