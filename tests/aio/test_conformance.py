"""The suite through the asynchronous interface: a row is a name, a backend of anyio, and a new, empty store."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from holdall import Expires, Json, Memory, SQLite, Versions
from holdall.store import Store
from holdall.testing import DOCUMENTS
from tests.aio.shim import Shim, close_portals
from tests.conformance.layered import LayeredTests
from tests.conformance.minimal import Minimal
from tests.conformance.test_conformance import Row, folder, named

pytestmark = pytest.mark.servers  # it needs no server, and more time than all other tests of this interface

ROWS: dict[str, tuple[str, Row]] = {
    "memory-on-asyncio": ("asyncio", lambda request: named()),
    "minimal-on-trio": ("trio", lambda request: Minimal()),
    "sqlite-on-trio": ("trio", lambda request: SQLite(folder(request) / "store.db", durability="os")),
    "expires-on-trio": ("trio", lambda request: Expires(named(), 3600)),
}
NAMES = {kind.__name__: kind for kind in (Expires, Json, Memory, Minimal, SQLite, Shim, Versions)}


@pytest.fixture(scope="module", autouse=True)
def portals() -> Iterator[None]:
    """The event loops end with the module."""
    yield
    close_portals()


class TestBytes(LayeredTests[bytes]):
    names = NAMES

    @pytest.fixture(params=ROWS)
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        backend, make = ROWS[request.param]
        return lambda: Shim(make(request), backend)


class TestDocuments(LayeredTests[Any]):
    names = NAMES
    values = DOCUMENTS

    @pytest.fixture
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        return lambda: Shim(Json(Versions(named())), "asyncio")
