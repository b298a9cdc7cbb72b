"""Asynchronous scans: by pages, closed early, cancelled, and with an error on the way."""

import gc
import threading
from collections.abc import AsyncIterator

import anyio
import pytest

from holdall import Json, Memory
from holdall.aio import AsyncStore
from holdall.store import ABSENT
from tests.aio.conftest import Run
from tests.aio.stores import Scans, until


def test_a_scan_between_two_rows_holds_no_thread(run: Run[None]) -> None:
    async def main() -> None:
        async with AsyncStore(Scans(), threads=1) as store:
            found = []
            async for key, value in store.scan_items():
                found.append(key)
                if len(found) % 100 == 1:
                    assert await store[key] == value
            assert found == [f"{number:04}" for number in range(2000)]

    run(main)


def test_rows_are_read_in_threads_and_only_a_page_ahead(run: Run[None]) -> None:
    async def main() -> None:
        below = Scans()
        async with AsyncStore(below) as store:
            ahead = []
            async for key, _ in store.scan_items():
                ahead.append(len(below.taken) - int(key))
        assert max(ahead) <= 128
        assert ahead[0] == 1
        assert threading.get_ident() not in below.idents

    run(main)


def test_values_are_decoded_in_threads(run: Run[None]) -> None:
    class Watched(Json[object]):
        def decode(self, key: str, data: bytes) -> object:
            idents.add(threading.get_ident())
            return super().decode(key, data)

    idents: set[int] = set()

    async def main() -> None:
        async with AsyncStore(Watched(Memory())) as store:
            await store.set("a", {"b": 1})
            assert await store["a"] == {"b": 1}
            assert [row async for row in store.scan_items()] == [("a", {"b": 1})]
        assert idents
        assert threading.get_ident() not in idents

    run(main)


def test_a_page_of_large_values_is_short(run: Run[None]) -> None:
    async def main() -> None:
        below = Scans()
        below.update((key, bytes(1 << 19)) for key in list(below))
        async with AsyncStore(below) as store, store.scan_items() as rows:
            async for _ in rows:
                assert len(below.taken) <= 4 * 2 + 1
                if len(below.taken) > 4:
                    break

    run(main)


def test_a_scan_that_is_left_early_is_closed(run: Run[None]) -> None:
    async def main() -> None:
        below = Scans()
        async with AsyncStore(below) as store:
            async for _ in store.scan_items():
                break
            await until(lambda: gc.collect() or below.closed)
            async with store.scan_items() as rows:
                await anext(rows)
            assert below.closed == 2
            with pytest.raises(StopAsyncIteration):
                await anext(rows)
            await store.scan_items().aclose()  # it had not begun
            assert below.closed == 2

    run(main)


def test_a_scan_outlives_its_store(run: Run[None]) -> None:
    async def main() -> None:
        below = Scans()
        async with AsyncStore(below) as store:
            rows = store.scan_items()
            await anext(rows)
        with pytest.raises(RuntimeError, match="this store is closed; open it again"):
            [row async for row in rows]
        await rows.aclose()
        assert below.closed == 1
        found = [key async for key in AsyncStore(Memory()).scan()]
        assert found == []

    run(main)


def test_a_cancelled_task_loses_no_row(run: Run[None]) -> None:
    async def main() -> None:
        below = Scans(waiting="0003")
        async with AsyncStore(below) as store:
            rows = store.scan_items()
            found = [await anext(rows)]
            with anyio.move_on_after(0.01) as scope:
                await anext(rows)
            assert scope.cancelled_caught
            below.go_on.set()
            found += [row async for row in rows]
        assert [key for key, _ in found] == [f"{number:04}" for number in range(2000)]

    run(main)


def test_a_scan_is_closed_after_the_page_that_a_cancelled_task_waited_for(run: Run[None]) -> None:
    async def main() -> None:
        below = Scans(waiting="0003")
        async with AsyncStore(below) as store:
            rows = store.scan_items()
            await anext(rows)
            with anyio.move_on_after(0.01):
                await anext(rows)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(rows.aclose)
                await anyio.lowlevel.checkpoint()
                assert below.closed == 0
                below.go_on.set()
            assert below.closed == 1

    run(main)


def test_two_tasks_do_not_share_a_scan(run: Run[None]) -> None:
    async def main() -> None:
        below = Scans(waiting="0000")
        async with AsyncStore(below) as store, anyio.create_task_group() as tasks:
            rows = store.scan_items()
            tasks.start_soon(rows.__anext__)
            await until(lambda: below.taken)
            with pytest.raises(RuntimeError, match="another task reads this scan"):
                await anext(rows)
            below.go_on.set()

    run(main)


def test_the_rows_before_an_error_come_first(run: Run[None]) -> None:
    async def main() -> None:
        async with AsyncStore(Scans(failing="0100")) as store:
            rows = store.scan_items()
            assert [(await anext(rows))[0] for _ in range(100)] == [f"{number:04}" for number in range(100)]
            with pytest.raises(OSError, match="the disk is gone"):
                await anext(rows)
            assert [row async for row in rows] == []

    run(main)


def test_changes_know_their_position(run: Run[None]) -> None:
    async def main() -> None:
        async with AsyncStore(Memory()) as store:
            start = await (await store.changes()).skip()
            await store.update((f"{number:04}", b"") for number in range(1500))
            changes = await store.changes(start)
            first = await anext(changes)
            assert changes.position == first.position
            await changes.aclose()
            with pytest.raises(StopAsyncIteration):
                await anext(changes)
            assert changes.position == first.position  # the rest was not yielded
            rest = await store.changes(changes.position)
            assert [change.key async for change in rest] == [f"{number:04}" for number in range(1, 1500)]
            await store.delete("0003")
            last = await store.changes(rest.position)
            assert [(change.key, change.tag) async for change in last] == [("0003", ABSENT)]
            again = await store.changes(start)
            await anext(again)
            await anext(again)
            assert await again.skip() == last.position
            assert await again.skip() == last.position

    run(main)


def test_a_store_is_filled_by_the_scan_of_another(run: Run[None]) -> None:
    async def numbers() -> AsyncIterator[tuple[str, bytes]]:
        for number in range(3):
            yield f"{number}", b"new"

    async def main() -> None:
        async with AsyncStore(Scans()) as here, AsyncStore(Memory()) as there:
            await there.update(here.scan_items())
            assert await there.call(dict) == await here.call(dict)
            await there.update(numbers())
            await there.update({"3": b"new"})
            assert [row async for row in there.get_many(["2", "x", "3"])] == [("2", b"new"), ("3", b"new")]

    run(main)
