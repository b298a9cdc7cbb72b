"""Stores of zarr: the tests that zarr publishes for stores, on stores of several kinds, and what these leave out."""

from pathlib import Path
from uuid import uuid4

import pytest
from zarr.core.buffer import cpu
from zarr.testing.store import StoreTests

import holdall
from holdall import Store
from holdall.bridges.zarr import HoldallStore
from tests.servers.s3 import Server

# Apart from tests that fork, because zarr leaves threads behind: see `make test-clusters`.
pytestmark = [pytest.mark.servers, pytest.mark.anyio, pytest.mark.usefixtures("anyio_backend")]

KINDS = ["memory", "file", "sqlite", "sqlite-zstd", "dbm", "lmdb", "s3"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=KINDS)
def below(request: pytest.FixtureRequest, tmp_path: Path) -> Store[bytes]:
    """A store of bytes."""
    if request.param == "s3":
        server: Server = request.getfixturevalue("seaweed")
        return server.view()
    address = {
        "memory": f"memory://{uuid4().hex}",
        "file": f"file://{tmp_path}/store",
        "sqlite": f"sqlite:///{tmp_path}/store.db",
        "sqlite-zstd": f"sqlite:///{tmp_path}/store.db?compress=zstd",
        "dbm": f"dbm://{tmp_path}/store?flavor=dumb",
        "lmdb": f"lmdb://{tmp_path}/store",
    }
    return holdall.open(address[request.param])


class TestHoldallStore(StoreTests[HoldallStore, cpu.Buffer]):
    store_cls = HoldallStore
    buffer_cls = cpu.Buffer

    @pytest.fixture
    def store_kwargs(self, below: Store[bytes]) -> dict[str, Store[bytes]]:
        return {"store": below}

    async def set(self, store: HoldallStore, key: str, value: cpu.Buffer) -> None:
        store._store.store[key] = value.to_bytes()

    async def get(self, store: HoldallStore, key: str) -> cpu.Buffer:
        return self.buffer_cls.from_bytes(store._store.store[key])

    def test_store_repr(self, store: HoldallStore) -> None:
        assert str(store) == repr(store) == f"HoldallStore({store._store.store!r})"

    def test_store_supports_writes(self, store: HoldallStore) -> None:
        assert store.supports_writes

    def test_store_supports_listing(self, store: HoldallStore) -> None:
        assert store.supports_listing


# It has no methods that call a store in the thread of the caller, which may be that of an event loop.
for name in (
    "get_sync",
    "get_sync_missing",
    "set_sync",
    "delete_sync",
    "delete_sync_missing",
    "sync_async_set_get_parity",
    "delete_sync_visible_to_async_get",
    "get_sync_byte_range_parity",
):
    setattr(TestHoldallStore, f"test_{name}", None)
