"""Expiry through the layers above Expires: for each key, with the remaining time, and by touch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner

import holdall
from holdall import (
    Cache,
    Escape,
    Expires,
    Json,
    Memory,
    Metrics,
    PermissionDenied,
    Prefix,
    ReadOnly,
    Unsupported,
    Versions,
)
from holdall.adapters.http import HTTP
from holdall.aio import AsyncStore
from holdall.cli.app import app
from holdall.middleware.deadline import stamp
from holdall.store import Store


class Clock:
    """A wall clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


STACKS: dict[str, Callable[[Store[bytes]], Store[Any]]] = {
    "alone": lambda store: store,
    "codec": Json,
    "prefix": lambda store: Json(Prefix(Escape(store), "app")),
    "metrics": lambda store: Metrics(Json(store)),
    "versions": lambda store: Versions(Json(store)),
}


@pytest.mark.parametrize("stack", STACKS)
def test_values_expire_through_a_stack(stack: str) -> None:
    clock = Clock()
    store = STACKS[stack](Expires(Memory(), ttl=100, clock=clock))
    one, two = (b"1", b"2") if stack == "alone" else ({"n": 1}, {"n": 2})
    store["a"] = one
    store.lasting(10)["b"] = two
    store.lasting(None)["c"] = one
    assert [store.remaining(key) for key in "abc"] == [100, 10, None]
    with pytest.raises(KeyError, match="'d'"):
        store.remaining("d")
    clock.now += 10
    assert list(store) == ["a", "c"]
    with pytest.raises(KeyError, match="'b'"):
        store.remaining("b")
    store.touch("a", 5)
    assert store["a"] == one
    assert store.remaining("a") == 5
    store.touch("a", None)
    assert store.remaining("a") is None
    with pytest.raises(KeyError, match="'b'"):
        store.touch("b", 5)
    store.lasting(7).update({"b": two})
    assert store.remaining("b") == 7
    assert store.sweep() == 0
    clock.now += 7
    assert (store.sweep("a"), store.sweep("b"), store.sweep()) == (0, 1, 0)
    assert list(store) == ["a", "c"]


def test_an_address_may_have_expiry_for_each_key(tmp_path: Path) -> None:
    with holdall.open(
        f"sqlite:///{tmp_path / 'store.db'}", serializer="json", expires="1h", history="on"
    ) as store:
        store.lasting(60)["a"] = {"n": 1}
        assert 0 < (store.remaining("a") or 0) <= 60
        store["b"] = {"n": 1}
        assert 3500 < (store.remaining("b") or 0) <= 3600
        assert ReadOnly(store).remaining("b") is not None
        assert len(list(store.history("a"))) == 1


@pytest.mark.parametrize(
    "store", [Memory(), Json(Memory()), ReadOnly(Memory()), Cache(Expires(Memory(), 1), 60)]
)
def test_a_store_whose_values_do_not_expire_says_so(store: Store[Any]) -> None:
    for call in (lambda: store.lasting(1), lambda: store.remaining("a"), lambda: store.touch("a", 1)):
        with pytest.raises(Unsupported, match="Expires"):
            call()
    with pytest.raises(PermissionDenied if isinstance(store, ReadOnly) else Unsupported):
        store.sweep()
    assert list(store.raw()) == []


def test_a_served_store_says_that_it_cannot_tell() -> None:
    with HTTP("http://127.0.0.1:1/v1/sessions") as store:
        for call in (
            lambda: store.lasting(1),
            lambda: store.remaining("a"),
            lambda: store.touch("a", 1),
            lambda: store.sweep(),
        ):
            with pytest.raises(Unsupported, match="served store"):
                call()


def test_the_command_sweep_deletes_expired_values(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'store.db'}?serializer=json&expires=1h"
    with holdall.open(address) as store:
        store["web/a"] = 1
        store.raw().update({f"web/{key}": stamp(b"1", 1) for key in "bcd"} | {"old": stamp(b"2", 1)})
        assert list(store) == ["web/a"]
    for arguments, said in (["web/"], "deleted 3 expired values"), ([], "deleted 1 expired value\n"):
        result = CliRunner().invoke(app, ["sweep", address, *arguments])
        assert (result.exit_code, said in result.output) == (0, True), result.output
    with holdall.open(address) as store:
        assert [key for key in store.raw() if ".holdall" not in key] == ["web/a"]


def test_expiry_through_the_asynchronous_interface() -> None:
    async def main() -> None:
        clock = Clock()
        async with AsyncStore(Json(Expires(Memory(), clock=clock))) as store:
            await store.set("a", 1, ttl=10)
            await store.set("b", 2)
            await (await store.lasting(20)).set("c", 3)
            assert [await store.remaining(key) for key in "abc"] == [10, None, 20]
            await store.touch("b", 1)
            clock.now += 10
            assert [row async for row in store.scan_items()] == [("c", 3)]
            assert (await store.sweep("b"), await store.sweep()) == (1, 1)
        async with AsyncStore(Memory()) as plain:
            with pytest.raises(Unsupported, match="expires=1h in its address"):
                await plain.set("a", b"1", ttl=10)
            assert await plain.count() == 0

    anyio.run(main)
