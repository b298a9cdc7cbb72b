"""Asynchronous files: they read and write values in threads, and a cancelled writer writes nothing."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

import holdall
from holdall import ABSENT, Conflict, Memory, Unsupported
from holdall.aio import AsyncStore
from holdall.files import Sink, ValueWriter
from tests.aio.conftest import Run
from tests.aio.stores import until
from tests.conformance.minimal import Minimal


class Gates(Memory):
    """Its writers wait, in each call named in ``closed``, until ``opened`` is set. ``calls`` are those that began."""

    def __init__(self, *closed: str) -> None:
        super().__init__()
        self["a"] = b"old"
        self.closed = closed
        self.opened = threading.Event()
        self.calls: list[str] = []
        self.threads: set[int] = set()

    def open(self, key: str, /, mode: str = "rb", *, expected: Any = None) -> Any:
        self.pass_gate("open")
        return ValueWriter(Gated(self, super().open(key, "wb", expected=expected)))

    def pass_gate(self, name: str) -> None:
        self.calls.append(name)
        self.threads.add(threading.get_ident())
        if name in self.closed:
            assert self.opened.wait(60)


class Gated(Sink):
    def __init__(self, gates: Gates, file: ValueWriter) -> None:
        self.gates = gates
        self.file = file

    def write(self, data: bytes) -> None:
        self.gates.pass_gate("write")
        self.file.write(data)

    def commit(self) -> Any:
        self.gates.pass_gate("commit")
        self.file.close()
        return self.file.tag

    def discard(self) -> None:
        self.gates.pass_gate("discard")
        self.file.discard()


@pytest.fixture(params=["memory", "file", "sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AsyncStore[bytes]]:
    address = {
        "memory": "memory://",
        "file": f"file://{tmp_path}/store?durability=os",
        "sqlite": f"sqlite:///{tmp_path}/store.db?durability=os",
    }
    return lambda: AsyncStore(holdall.open(address[request.param]))


def test_a_value_is_written_and_read_in_parts(
    run: Run[None], open_store: Callable[[], AsyncStore[bytes]]
) -> None:
    async def main() -> None:
        async with open_store() as store:
            async with store.open("a", "wb") as file:
                assert await file.write(b"0123") == 4
                assert await file.write(memoryview(b"456789")) == 6
                assert await file.tell() == 10
                assert not await store.contains("a")
            assert file.tag == await store.tag("a")
            async with store.open("a") as source:
                assert await source.read(3) == b"012"
                buffer = bytearray(4)
                assert await source.readinto(buffer) == 4
                assert (buffer, await source.tell()) == (b"3456", 7)
                assert await source.seek(-2, 2) == 8
                assert await source.read() == b"89"
                assert await source.readinto(buffer) == 0

    run(main)


def test_the_end_is_a_swap_if_a_tag_is_expected(
    run: Run[None], open_store: Callable[[], AsyncStore[bytes]]
) -> None:
    async def main() -> None:
        async with open_store() as store:
            async with store.open("a", "wb", expected=ABSENT) as file:
                await file.write(b"1")
            with pytest.raises(Conflict):
                async with store.open("a", "wb", expected=ABSENT) as late:
                    await late.write(b"2")
            async with store.open("a", "wb", expected=await store.tag("a")) as file:
                await file.write(b"3")
            assert await store["a"] == b"3"

    run(main)


def test_a_block_that_fails_or_discards_keeps_the_old_value(
    run: Run[None], open_store: Callable[[], AsyncStore[bytes]]
) -> None:
    async def main() -> None:
        async with open_store() as store:
            await store.set("a", b"old")
            with pytest.raises(ZeroDivisionError):
                await write(store, lambda: 1 // 0)
            async with store.open("a", "wb") as file:
                await file.write(b"new")
                await file.discard()
            assert file.tag is None
            with pytest.raises(ValueError, match="not open"):
                await file.write(b"more")
            assert dict([row async for row in store.scan_items()]) == {"a": b"old"}

    run(main)


def test_errors_are_raised_where_the_block_begins(run: Run[None]) -> None:
    async def main() -> None:
        async with AsyncStore(Memory()) as store, AsyncStore(Minimal()) as plain:
            with pytest.raises(KeyError):
                async with store.open("missing"):
                    pass
            with pytest.raises(Unsupported):
                async with plain.open("a", "wb"):
                    pass
            with pytest.raises(ValueError, match="not open"):
                await store.open("missing").read()

    run(main)


def test_a_writer_that_is_cancelled_writes_nothing(run: Run[None]) -> None:
    async def main() -> None:
        gates = Gates("write")
        async with AsyncStore(gates) as store:
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(write, store)
                    await until(lambda: "write" in gates.calls)
                    scope.cancel()
            assert gates.calls == ["open", "write"]  # the task went on at once
            gates.opened.set()
        assert gates.calls == ["open", "write", "discard"]
        assert dict(gates) == {"a": b"old"}
        assert threading.get_ident() not in gates.threads

    run(main)


def test_a_block_that_goes_on_after_a_cancelled_write_writes_nothing(run: Run[None]) -> None:
    async def main() -> None:
        gates = Gates("write")

        async def go_on(store: AsyncStore[bytes]) -> None:
            async with store.open("a", "wb") as file:
                with anyio.CancelScope() as scope:
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(file.write, b"new")
                        await until(lambda: "write" in gates.calls)
                        scope.cancel()
                with pytest.raises(RuntimeError, match="was cancelled"):
                    await file.tell()
                gates.opened.set()

        async with AsyncStore(gates) as store:
            with pytest.raises(RuntimeError, match="was cancelled"):
                await go_on(store)
        assert dict(gates) == {"a": b"old"}

    run(main)


def test_closing_that_is_cancelled_may_write_the_value_wholly(run: Run[None]) -> None:
    async def main() -> None:
        gates = Gates("commit")
        async with AsyncStore(gates) as store:
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(write, store)
                    await until(lambda: "commit" in gates.calls)
                    scope.cancel()
            assert dict(gates) == {"a": b"old"}
            gates.opened.set()
        assert dict(gates) == {"a": b"new"}

    run(main)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_file_that_was_opened_for_a_cancelled_task_is_discarded(run: Run[None], threads: int) -> None:
    async def main() -> None:
        gates = Gates("open")
        async with AsyncStore(gates, threads=threads) as store:
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(write, store)
                    await until(lambda: gates.calls)
                    scope.cancel()
            gates.opened.set()
        assert gates.calls == ["open", "discard"]
        assert dict(gates) == {"a": b"old"}

    run(main)


def test_a_file_outlives_its_store_without_being_written(run: Run[None]) -> None:
    async def main() -> None:
        gates = Gates()

        async def outlive(store: AsyncStore[bytes]) -> None:
            async with store.open("a", "wb") as file:
                await file.write(b"new")
                await store.aclose()

        with pytest.raises(RuntimeError, match="this store is closed"):
            await outlive(AsyncStore(gates))
        assert gates.calls == ["open", "write", "discard"]
        assert dict(gates) == {"a": b"old"}

    run(main)


def test_two_tasks_cannot_use_a_file_at_the_same_time(run: Run[None]) -> None:
    async def main() -> None:
        gates = Gates("write")
        async with (
            AsyncStore(gates) as store,
            store.open("a", "wb") as file,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(file.write, b"new")
            await until(lambda: "write" in gates.calls)
            for use in (file.tell, file.discard):
                with pytest.raises(RuntimeError, match="another task"):
                    await use()
            gates.opened.set()
        assert dict(gates) == {"a": b"new"}

    run(main)


async def write(store: AsyncStore[bytes], then: Callable[[], object] = bool) -> None:
    async with store.open("a", "wb") as file:
        await file.write(b"new")
        then()
