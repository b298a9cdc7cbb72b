"""The asynchronous interface beside the synchronous one: threads, connections, watching, history and closing."""

import contextlib
import gc
import inspect
import os
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

import holdall.aio
from holdall import InvalidAddress, Json, Memory, PassThrough, SQLite, Store, Versions, note
from holdall.aio import AsyncStore
from holdall.aio import rows as module
from tests.aio.conftest import Run
from tests.aio.stores import until

OTHERWISE = {
    "__setitem__": "set",
    "__delitem__": "delete",
    "__contains__": "contains",
    "__len__": "count",
    "__iter__": "__aiter__",
    "keys": "scan",
    "items": "scan_items",
    "values": "scan_items",
    "set_many": "update",
    "foreign_names": "scan_names",
    "close": "aclose",
    "__enter__": "__aenter__",
    "__exit__": "__aexit__",
    "__bool__": "scan",
    "__ior__": "update",
}
"""The methods of a Store whose asynchronous counterparts have other names."""

APART = {"__init_subclass__", "__or__", "__ror__", "__new__", "__reduce__", "__eq__", "copy", "raw"}
"""The methods without a counterpart: they are refused, are for authors of layers, or mean something else here."""


def test_every_method_of_a_store_has_a_counterpart() -> None:
    missing = [
        name
        for name, value in inspect.getmembers(Store)
        if (inspect.isfunction(value) or isinstance(value, property))
        and (not name.startswith("_") or name.startswith("__"))
        and name not in APART
        and not callable(getattr(AsyncStore, OTHERWISE.get(name, name), None))
    ]
    assert missing == []


def test_the_operators_that_cannot_be_awaited_are_refused() -> None:
    store: Any = AsyncStore(Memory())
    for use in (lambda: "a" in store, lambda: iter(store), lambda: reversed(store), lambda: len(store)):
        with pytest.raises(TypeError):
            use()


@pytest.mark.parametrize(
    "name",
    ["get", "read", "open", "size", "swap", "remove", "modify", "pop", "scan", "scan_items", "at", "changes"],
)
def test_counterparts_take_the_same_parameters(name: str) -> None:
    ours, theirs = (
        [(each.name, each.kind, each.default) for each in inspect.signature(method).parameters.values()]
        for method in (getattr(AsyncStore, name), getattr(Store, name))
    )
    assert ours == theirs


def test_a_thousand_tasks_share_sixteen_connections(run: Run[None], tmp_path: Path) -> None:
    path = tmp_path / "store.db"

    async def main() -> None:
        async with AsyncStore(SQLite(path, durability="os")) as store:
            before = threading.active_count()
            done, connections, threads = [], set(), set()

            async def use(number: int) -> None:
                await store.set(f"{number:04}", b"%d" % number)
                assert await store[f"{number:04}"] == b"%d" % number
                done.append(number)
                if number % 100 == 0:
                    connections.add(count_open(path))
                    threads.add(threading.active_count() - before)

            async with anyio.create_task_group() as tasks:
                for number in range(1000):
                    tasks.start_soon(use, number)
            assert sorted(done) == list(range(1000))
            assert await store.count() == 1000
            assert max(connections) <= 16
            assert max(threads) <= 16

    run(main)
    assert count_open(path) == 0


def count_open(path: Path) -> int:
    """The number of open handles of the file ``path``."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed in the meantime
            found += os.readlink(each) == str(path)
    return found


def test_a_program_that_makes_one_call_at_a_time_uses_one_thread(run: Run[None]) -> None:
    class Seen(PassThrough[bytes]):
        def __setitem__(self, key: str, value: bytes, /) -> None:
            idents.append(threading.get_ident())

    idents: list[int] = []

    async def main() -> None:
        async with AsyncStore(Seen(Memory())) as store:
            for number in range(50):
                await store.set(f"{number}", b"")
        assert len(set(idents)) == 1

    run(main)


def test_calls_have_the_context_of_their_task(run: Run[None]) -> None:
    async def main() -> None:
        async with AsyncStore(Versions(Memory())) as store:
            with note(author="Ann", message="first"):
                await store.set("a", b"1")
            await store.set("a", b"2")
            found = [(each.number, each.author, each.message) async for each in store.history("a")]
            assert found == [(2, "", ""), (1, "Ann", "first")]
            assert await store.at("a", 1) == b"1"
            [*_, first] = [each async for each in store.history("a")]
            view = await store.as_of(first.time)
            assert await view["a"] == b"1"

    run(main)


def test_reading_a_revision_costs_nothing_in_the_event_loop(run: Run[None]) -> None:
    async def main() -> None:
        below = Memory()
        async with AsyncStore(Versions(below)) as store:
            with note(author="Ann"):
                await store.set("a", b"1")
            [revision] = [each async for each in store.history("a")]
            await store.call(lambda _: below.raw().clear())
            assert (revision.author, revision.id) == ("Ann", revision.id)
            with pytest.raises(KeyError):
                [each async for each in store.history("a")]

    run(main)


def test_a_missing_key_raises_key_error(run: Run[None]) -> None:
    async def main() -> None:
        async with AsyncStore(Memory()) as store:
            for call in (store.__getitem__, store.delete, store.pop, store.get_tagged):
                with pytest.raises(KeyError, match="missing"):
                    await call("missing")
            await store.discard("missing")
            assert await store.pop("missing", None) is None
            assert await store.get("missing") is None
            assert not await store.contains("missing")

    run(main)


def test_modify_refuses_a_coroutine_function(run: Run[None]) -> None:
    async def change(value: bytes) -> bytes:
        return value

    async def main() -> None:
        async with AsyncStore(Memory()) as store:
            with pytest.raises(TypeError, match="use get_tagged and swap"):
                await store.modify("a", change, default=b"")  # type: ignore[arg-type]
            assert await store.modify("a", lambda value: value + b"1", default=b"") == b"1"

    run(main)


def test_tasks_count_together(run: Run[None]) -> None:
    async def main() -> None:
        async with AsyncStore(Memory()) as store:

            async def add() -> None:
                await store.modify("counter", lambda value: b"%d" % (int(value) + 1), default=b"0")

            async with anyio.create_task_group() as tasks:
                for _ in range(50):
                    tasks.start_soon(add)
            assert await store["counter"] == b"50"

    run(main)


def test_many_tasks_watch(run: Run[None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLICE", 0.01)

    async def main() -> None:
        async with AsyncStore(Memory(), threads=1) as store:
            since = (await store.changes()).position
            assert not await store.watch(since, timeout=0)
            told = []

            async def watch(prefix: str) -> None:
                told.append((prefix, await store.watch(since, prefix=prefix)))

            async with anyio.create_task_group() as tasks:
                for number in range(10):
                    tasks.start_soon(watch, f"{number}/")
                await until(lambda: len(store._pools().watches._started) == 4)
                for number in range(10):  # writes do not wait for those that watch
                    await store.set(f"{number}/a", b"")
            assert sorted(told) == [(f"{number}/", True) for number in range(10)]

    run(main)


def test_closing_ends_a_watch(run: Run[None]) -> None:
    async def main() -> None:
        store = AsyncStore(Memory())
        since = (await store.changes()).position
        told = []

        async def watch() -> None:
            told.append(await store.watch(since))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            await until(lambda: store._pools().watches._started)
            await store.aclose()
        assert told == [False]

    run(main)


def test_a_closed_store_takes_no_call(run: Run[None]) -> None:
    async def main() -> None:
        before = threading.active_count()
        async with AsyncStore(Memory()) as store:
            await store.set("a", b"1")
        with pytest.raises(RuntimeError, match="this store is closed; open it again"):
            await store.get("a")
        await store.aclose()
        await until(lambda: threading.active_count() <= before)

    run(main)


def test_a_forgotten_store_leaves_no_thread(run: Run[None]) -> None:
    async def main() -> None:
        before = threading.active_count()
        store = AsyncStore(Memory())
        await store.set("a", b"1")
        del store
        await until(lambda: gc.collect() or threading.active_count() <= before)

    run(main)


def test_open_takes_the_options_of_open(run: Run[None], tmp_path: Path) -> None:
    async def main() -> None:
        address = f"sqlite:///{tmp_path / 'books.db'}"
        async with holdall.aio.open(address, serializer="json", threads=2) as store:
            await store.set("a", {"b": 1})
            assert repr(store).startswith("AsyncStore(")
        async with holdall.aio.open(address, type=dict[str, int], serializer="json") as store:
            assert await store["a"] == {"b": 1}
            assert await store.typed(dict[str, int])["a"] == {"b": 1}
        with pytest.raises(InvalidAddress):
            async with holdall.aio.open("sqlit:///a"):
                pass

    run(main)


@pytest.mark.parametrize("threads", [0, -1])
def test_a_store_has_a_thread_at_least(threads: int) -> None:
    with pytest.raises(ValueError, match="is not a number of threads; give 1 or more"):
        AsyncStore(Memory(), threads=threads)


def test_an_address_is_not_a_store() -> None:
    with pytest.raises(TypeError, match="AsyncStore needs a store, not a str"):
        AsyncStore("memory://")  # type: ignore[arg-type]


def test_if_no_thread_can_start_the_call_fails(run: Run[None], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        below: dict[str, Any] = {}
        store = AsyncStore(Json(Memory()))
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fail)
            with pytest.raises(RuntimeError, match="can't start new thread"):
                await store.set("a", below)
        await store.set("b", below)
        assert [key async for key in store] == ["b"]
        await store.aclose()

    run(main)
