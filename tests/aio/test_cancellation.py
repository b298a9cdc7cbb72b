"""What a cancelled call has done: nothing if it waited for a thread; otherwise it goes on to its end."""

import threading

import anyio
import pytest

from holdall.aio import AsyncStore
from tests.aio.conftest import Run
from tests.aio.stores import Gate, until


def test_a_write_that_waited_for_a_thread_never_happens(run: Run[None]) -> None:
    async def main() -> None:
        gate = Gate()
        async with AsyncStore(gate, threads=1) as store, anyio.create_task_group() as tasks:
            tasks.start_soon(store.set, "first", b"1")
            await until(lambda: gate.begun)
            with anyio.move_on_after(0.01) as scope:
                await store.set("second", b"2")
            assert scope.cancelled_caught
            gate.opened.set()
        assert gate.begun == ["first"]
        assert dict(gate) == {"first": b"1"}

    run(main)


def test_a_write_that_has_begun_goes_on(run: Run[None]) -> None:
    async def main() -> None:
        gate = Gate()
        async with AsyncStore(gate) as store:
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(store.set, "a", b"1")
                    await until(lambda: gate.begun)
                    scope.cancel()
            assert dict(gate) == {}  # the wait has ended, and the write has not
            gate.opened.set()
        assert dict(gate) == {"a": b"1"}  # closing waited for it

    run(main)


def test_a_time_limit_ends_the_wait_while_the_store_hangs(run: Run[None]) -> None:
    async def main() -> None:
        gate = Gate()
        async with AsyncStore(gate, threads=2) as store:
            with pytest.raises(TimeoutError):
                with anyio.fail_after(0.01):
                    await store.set("a", b"1")
            assert await store.get("a", b"none") == b"none"  # the other thread is free
            gate.opened.set()

    run(main)


def test_nothing_happens_in_a_task_that_is_cancelled_already(run: Run[None]) -> None:
    async def main() -> None:
        gate = Gate()
        gate.opened.set()
        async with AsyncStore(gate) as store:
            with anyio.CancelScope() as scope:
                scope.cancel()
                await store.set("a", b"1")
        assert gate.begun == []

    run(main)


def test_calls_begin_in_the_order_in_which_they_were_made(run: Run[None]) -> None:
    async def main() -> None:
        gate = Gate()
        made: list[str] = []
        async with AsyncStore(gate, threads=1) as store, anyio.create_task_group() as tasks:

            async def write(key: str) -> None:
                made.append(key)
                await store.set(key, b"")

            for number in range(100):
                tasks.start_soon(write, f"{number}")
            await until(lambda: len(made) == 100)
            gate.opened.set()
        assert sorted(made) == sorted(map(str, range(100)))
        assert gate.begun == made

    run(main)


def test_a_cancelled_close_goes_on(run: Run[None]) -> None:
    async def main() -> None:
        gate = Gate()
        closed = threading.Event()
        gate.close = closed.set  # type: ignore[method-assign]
        store = AsyncStore(gate)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(store.set, "a", b"1")
            await until(lambda: gate.begun)
            with anyio.move_on_after(0.01) as scope:
                await store.aclose()
            assert scope.cancelled_caught
            assert not closed.is_set()
            gate.opened.set()
        await until(closed.is_set)

    run(main)


def test_a_call_of_an_ended_event_loop_ends_quietly(run: Run[None]) -> None:
    gate = Gate()
    store = AsyncStore(gate)

    async def write() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(store.set, "a", b"1")
            await until(lambda: gate.begun)
            tasks.cancel_scope.cancel()

    async def main() -> None:
        async with store:
            await store.set("b", b"2")

    run(write)
    gate.opened.set()
    run(main)
    assert dict(gate) == {"a": b"1", "b": b"2"}
