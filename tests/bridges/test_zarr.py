"""Stores of zarr: the tests that zarr publishes for stores, on stores of several kinds, and what these leave out."""

import asyncio
import doctest
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import zarr
from hypothesis import settings
from hypothesis.errors import UnsatisfiedAssumption
from hypothesis.stateful import run_state_machine_as_test
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import cpu, default_buffer_prototype
from zarr.testing.stateful import ZarrHierarchyStateMachine, ZarrStoreStateMachine
from zarr.testing.store import StoreTests

import holdall
from holdall import InvalidKey, Memory, SQLite, Store
from holdall.aio import AsyncStore
from holdall.bridges import zarr as bridge
from holdall.bridges.zarr import HoldallStore
from tests.adapters.s3.test_requests import costs
from tests.conformance.minimal import Minimal
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


# ---- The state machines that zarr publishes --------------------------------------------------------


class Short(HoldallStore):
    """Gives up an example whose path is longer than a key may be."""

    async def get(self, key: str, *args: Any, **options: Any) -> Any:
        return await super().get(short(key), *args, **options)

    async def exists(self, key: str) -> bool:
        return await super().exists(short(key))

    async def set(self, key: str, value: Any) -> None:
        await super().set(short(key), value)

    async def set_if_not_exists(self, key: str, value: Any) -> None:
        await super().set_if_not_exists(short(key), value)


def short(key: str) -> str:
    if len(key) > 400:
        raise UnsatisfiedAssumption
    return key


@pytest.mark.filterwarnings("ignore:The data type .* does not have a Zarr V3 specification")
@pytest.mark.parametrize("machine", [ZarrStoreStateMachine, ZarrHierarchyStateMachine])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_state_machines(machine: Any, kind: str, tmp_path: Path) -> None:
    few = settings(max_examples=5, stateful_step_count=20)
    with Memory() if kind == "memory" else SQLite(tmp_path / "store.db", durability="os") as store:
        run_state_machine_as_test(lambda: machine(Short(store)), settings=few)


# ---- What these leave out --------------------------------------------------------------------------


class Recording(Memory):
    """Knows how many bytes each read returned."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.seen = 0

    def __getitem__(self, key: str, /) -> bytes:
        return self._record(super().__getitem__(key))

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return self._record(super().read(key, start, length))

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        for key in super().scan(prefix, start=start, stop=stop):
            self.seen += 1
            yield key

    def _record(self, data: bytes) -> bytes:
        self.sizes.append(len(data))
        return data


def sharded(store: Store[bytes]) -> zarr.Array:
    """An array of 100 chunks of 1,000 bytes in one value."""
    array = zarr.create_array(
        HoldallStore(store), shape=(100_000,), shards=(100_000,), chunks=(1000,), dtype="u1", compressors=None
    )
    array[:] = np.arange(100_000) % 251 + 1
    return array


def test_a_chunk_of_a_shard_is_read_without_the_rest() -> None:
    with Recording() as store:
        array = sharded(store)
        assert len(store["c/0"]) > 100_000
        store.sizes.clear()
        assert array[50_000] == 50_000 % 251 + 1
        assert sum(store.sizes) < 4000
        store.sizes.clear()
        assert HoldallStore(store)._store.store.size("c/0") > 100_000
        assert store.sizes == []


def test_a_chunk_of_a_shard_costs_two_requests(seaweed: Server) -> None:
    with seaweed.store() as store:
        array = sharded(store)
        assert costs(store)(lambda: array[50_000]) == {"GetObject": 2}


@pytest.mark.parametrize("kind", [Memory, Minimal])
async def test_parts_of_values(kind: type[Store[bytes]]) -> None:
    with kind() as below:
        below["a"] = b"0123456789"
        store, prototype = HoldallStore(below), default_buffer_prototype()
        parts = [
            (RangeByteRequest(2, 5), b"234"),
            (RangeByteRequest(2, 50), b"23456789"),
            (RangeByteRequest(5, 5), b""),
            (RangeByteRequest(5, 2), b""),
            (OffsetByteRequest(8), b"89"),
            (OffsetByteRequest(50), b""),
            (SuffixByteRequest(3), b"789"),
            (SuffixByteRequest(50), b"0123456789"),
            (SuffixByteRequest(0), b""),
        ]
        for part, expected in parts:
            found = await store.get("a", prototype, part)
            assert found is not None
            assert found.to_bytes() == expected
            assert await store.get("missing", prototype, part) is None


async def test_a_key_is_created_once_also_without_swap() -> None:
    with Minimal() as below:
        store = HoldallStore(below)
        await store.set_if_not_exists("a", cpu.Buffer.from_bytes(b"1"))
        await store.set_if_not_exists("a", cpu.Buffer.from_bytes(b"2"))
        assert below["a"] == b"1"


async def names(store: HoldallStore, folder: str) -> list[str]:
    return [name async for name in store.list_dir(folder)]


async def test_listing_a_folder_leaves_out_the_chunks_of_its_arrays() -> None:
    with Recording() as below:
        below.update((f"a/{array}/c/{chunk:05}", b"") for array in ("x", "y") for chunk in range(20_000))
        below.update(dict.fromkeys(["a/x", "a/x-1", "a/z", "b", "a0/x", "a/y/zarr.json"], b""))
        store = HoldallStore(below)
        assert sorted(await names(store, "a/")) == ["x", "x-1", "y", "z"]
        assert below.seen < 3000
        assert sorted(await names(store, "")) == ["a", "a0", "b"]
        assert sorted(await names(store, "a/y")) == ["c", "zarr.json"]
        assert await names(store, "no such folder") == []


async def test_a_folder_of_a_store_that_cannot_seek_is_read_once() -> None:
    class Scans(Minimal):
        count = 0

        def scan(self, prefix: str = "", **bounds: Any) -> Iterator[str]:
            self.count += 1
            return super().scan(prefix, **bounds)

    with Scans() as below:
        below.update((f"{array}/{chunk}", b"") for array in ("x", "y") for chunk in range(3000))
        assert await names(HoldallStore(below), "") == ["x", "y"]
        assert below.count == 1


async def test_the_event_loop_goes_on_while_the_store_reads() -> None:
    class Waiting(Memory):
        def __getitem__(self, key: str, /) -> bytes:
            assert released.wait(60)
            return super().__getitem__(key)

    released = threading.Event()
    with Waiting() as below:
        below["a"] = b"1"
        reading = asyncio.create_task(HoldallStore(below).get("a", default_buffer_prototype()))
        await asyncio.sleep(0)
        released.set()
        assert (await reading).to_bytes() == b"1"


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_arrays_and_groups(below: Store[bytes], zarr_format: Any) -> None:
    root = zarr.create_group(HoldallStore(below), zarr_format=zarr_format, attributes={"by": "Ann"})
    array = root.create_array("deep/er/t", shape=(30, 30), chunks=(10, 10), dtype="f8")
    array[5:25, :] = 1
    array.resize((20, 30))
    read = zarr.open_group(HoldallStore(below), mode="r")
    assert read["deep/er/t"][:].sum() == 15 * 30
    assert [name for name, _ in read.members(max_depth=None)] == ["deep", "deep/er", "deep/er/t"]
    assert dict(read.attrs) == {"by": "Ann"}
    assert (".zgroup" in below) == (zarr_format == 2)
    with pytest.raises(ValueError, match="read-only"):
        read["deep/er/t"][0] = 1
    del root["deep"]
    assert [key for key in below if key.startswith("deep")] == []


def test_another_process_writes_the_array_of_a_pickled_store(tmp_path: Path) -> None:
    with HoldallStore(f"sqlite:///{tmp_path}/store.db") as store:
        array = zarr.create_array(store, shape=(4,), chunks=(2,), dtype="i4")
        array[:2] = 1
        (tmp_path / "array").write_bytes(pickle.dumps(array))
        code = "import pathlib, pickle, sys; pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())[2:] = 2"
        subprocess.run([sys.executable, "-c", code, tmp_path / "array"], check=True, timeout=200)
        assert list(array[:]) == [1, 1, 2, 2]


def test_a_name_that_is_not_a_key_is_refused() -> None:
    with Memory() as below:
        root = zarr.create_group(HoldallStore(below))
        for name in ("a\0b", "x" * 400, ".holdall"):
            with pytest.raises(InvalidKey):
                root.create_group(name)


def test_a_store_that_was_given_stays_open() -> None:
    with Memory() as below:
        for store in (HoldallStore(below), HoldallStore(AsyncStore(below))):
            with store:
                zarr.create_array(store, shape=(1,), dtype="i1", overwrite=True)
            assert "zarr.json" in below


def test_a_store_that_was_opened_by_its_address_is_closed(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/store.db"
    with HoldallStore(address) as store:
        zarr.create_array(store, shape=(1,), dtype="i1")
        zarr.open_array(store, mode="r").store.close()  # a read-only copy, which does not close the store
        assert zarr.open_array(store)[0] == 0
    with pytest.raises(RuntimeError, match="this store is closed"):
        zarr.open_array(store)


def test_which_stores_are_equal(tmp_path: Path) -> None:
    with Memory() as one, Memory() as other, SQLite(tmp_path / "a") as a, SQLite(tmp_path / "a") as also:
        assert HoldallStore(one) == HoldallStore(AsyncStore(one))
        assert HoldallStore(one) != HoldallStore(other)
        assert HoldallStore(a) == HoldallStore(also)
        assert HoldallStore(a) != HoldallStore(a, read_only=True)
        assert HoldallStore(a) != HoldallStore(one)
        assert HoldallStore(a) != a


async def test_opening_is_done_by_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    makers = []
    monkeypatch.setattr(holdall.registry, "open", lambda _: makers.append(threading.get_ident()) or Memory())
    store = await HoldallStore.open("memory://", read_only=True)
    assert store.read_only
    assert makers != [threading.get_ident()]


def test_its_examples() -> None:
    assert doctest.testmod(bridge).failed == 0
    assert doctest.testmod(bridge).attempted > 3
