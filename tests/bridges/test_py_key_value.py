"""py-key-value's protocol: collections, names of any text, expiry, bulk operations, and its optional protocols."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from key_value.aio._utils.serialization import SerializationAdapter
from key_value.aio.errors import InvalidTTLError, SerializationError
from key_value.aio.protocols import AsyncKeyValue
from key_value.aio.stores import base

from holdall import DBM, Memory, SQLite, Unsupported
from holdall.bridges._names import decode, encode, join
from holdall.bridges.py_key_value import KeyValue
from holdall.keys import check_key
from holdall.store import Feature, Store
from tests.conformance.minimal import Minimal

LONG = "long" * 200
Use = Callable[[KeyValue], Awaitable[None]]


@pytest.fixture(params=["memory", "sqlite", "dbm"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store[bytes]:
    """A store of bytes."""
    if request.param == "memory":
        return Memory()
    if request.param == "sqlite":
        return SQLite(tmp_path / "store.db", durability="os")
    return DBM(tmp_path / "store", flavor="dumb", durability="os")


def run(store: Store[bytes], use: Use) -> None:
    """Use ``store`` by the protocol, and close it."""

    async def main() -> None:
        async with KeyValue(store) as entries:
            await use(entries)

    asyncio.run(main())


def test_entries_are_put_got_and_deleted(store: Store[bytes]) -> None:
    async def use(entries: KeyValue) -> None:
        shared: AsyncKeyValue = entries
        assert await shared.get("a") is None
        await shared.put("a", {"b": [1, None, "ü"]})
        await shared.put("a", {"of": "another"}, collection="other")
        assert await shared.get("a") == {"b": [1, None, "ü"]}
        assert await shared.delete("a")
        assert not await shared.delete("a")
        assert await shared.get("a") is None
        assert await shared.get("a", collection="other") == {"of": "another"}

    run(store, use)


def test_many_entries_at_once(store: Store[bytes]) -> None:
    async def use(entries: KeyValue) -> None:
        await entries.put_many(["a", "b"], [{"n": 1}, {"n": 2}], ttl=60)
        assert await entries.get_many(["b", "missing", "a", "b"]) == [{"n": 2}, None, {"n": 1}, {"n": 2}]
        [(value, seconds), missing] = await entries.ttl_many(["a", "missing"])
        assert value == {"n": 1}
        assert seconds is not None
        assert 0 < seconds <= 60
        assert missing == (None, None)
        assert await entries.delete_many(["a", "missing", "b"]) == 2
        with pytest.raises(ValueError, match="different number"):
            await entries.put_many(["a"], [])

    run(store, use)


NAMES = ["", ".", "..", ".holdall", "a/b", "a\\b", "a\0b", "%", "%~", " ", "ü\ud800", LONG, LONG + "2"]


def test_names_may_be_any_text(store: Store[bytes]) -> None:
    async def use(entries: KeyValue) -> None:
        for name in NAMES:
            await entries.put(name, {"key": 1}, collection="names")
            await entries.put("key", {"collection": name.encode(errors="replace").decode()}, collection=name)
        assert sorted(await entries.keys("names")) == sorted(NAMES)
        found = await entries.collections()
        # An empty collection is the default one.
        assert sorted(found) == sorted([*NAMES[1:], "names", "default_collection"])
        assert await entries.get("key", collection=LONG) == {"collection": LONG}
        assert len(await entries.keys("names", limit=2)) == len(await entries.collections(limit=2)) == 2

    run(store, use)


@given(st.text(), st.text(min_size=1))
def test_every_text_has_a_valid_name_of_its_own(one: str, other: str) -> None:
    check_key(join(one, other))
    assert decode(encode(one)) in {one, None}
    assert (encode(one) == encode(other)) == (one == other)


def test_an_expired_entry_is_missing_and_is_culled(store: Store[bytes]) -> None:
    async def use(entries: KeyValue) -> None:
        await entries.put("old", {"n": 1}, ttl=60)
        await entries.put("new", {"n": 2}, ttl=60)
        await entries.put("lasting", {"n": 3})
        name = join(entries.default_collection, "old")
        earlier = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        entry = await entries._get_managed_entry(collection=entries.default_collection, key="old")
        assert entry
        entry.expires_at = datetime.fromisoformat(earlier)
        await entries._put_managed_entry(
            collection=entries.default_collection, key="old", managed_entry=entry
        )
        assert await entries.get("old") is None
        assert await entries.ttl("old") == (None, None)
        assert name in store
        if Feature.REMOVE in store.features:
            await entries.cull()
            assert name not in store
        assert await entries.get_many(["new", "lasting"]) == [{"n": 2}, {"n": 3}]
        assert await entries.ttl("lasting") == ({"n": 3}, None)

    run(store, use)


def test_culling_needs_a_conditional_delete() -> None:
    async def use(entries: KeyValue) -> None:
        await entries.put("a", {}, ttl=1e-9)
        with pytest.raises(Unsupported):
            await entries.cull()

    run(Minimal(), use)


def test_collections_and_stores_are_destroyed(store: Store[bytes]) -> None:
    async def use(entries: KeyValue) -> None:
        await entries.put("a", {}, collection="one")
        await entries.put("a", {}, collection="one more")
        assert await entries.destroy_collection("one")
        assert not await entries.destroy_collection("one")
        assert await entries.collections() == ["one more"]
        assert await entries.destroy()
        assert list(store) == []

    run(store, use)


def test_wrong_values_raise_its_errors() -> None:
    async def use(entries: KeyValue) -> None:
        with pytest.raises(SerializationError):
            await entries.put("a", {"b": {1, 2}})
        for ttl in (0, -1, True):
            with pytest.raises(InvalidTTLError):
                await entries.put("a", {}, ttl=ttl)

    run(Memory(), use)


def test_every_optional_protocol_is_there() -> None:
    optional = [getattr(base, name) for name in dir(base) if name.startswith("Base") and name != "BaseStore"]
    assert len(optional) >= 6
    assert [kind for kind in optional if not issubclass(KeyValue, kind)] == []


def test_the_event_loop_neither_encodes_nor_decodes_a_value(
    store: Store[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, set[int]] = {}

    def record(name: str) -> None:
        method = getattr(SerializationAdapter, name)

        def call(self: SerializationAdapter, **arguments: Any) -> Any:
            threads.setdefault(name, set()).add(threading.get_ident())
            return method(self, **arguments)

        monkeypatch.setattr(SerializationAdapter, name, call)

    async def use(entries: KeyValue) -> None:
        await entries.put("a", {"n": 1})
        await entries.put_many(["b", "c"], [{"n": 2}, {"n": 3}])
        assert await entries.get("a") == {"n": 1}
        assert await entries.get_many(["b", "c"]) == [{"n": 2}, {"n": 3}]

    record("load_json")
    record("dump_json")
    run(store, use)
    assert threads.keys() == {"load_json", "dump_json"}
    assert threading.get_ident() not in set().union(*threads.values())


def test_no_entry_is_put_if_one_of_them_cannot_be_encoded(store: Store[bytes]) -> None:
    async def use(entries: KeyValue) -> None:
        with pytest.raises(SerializationError):
            await entries.put_many(["a", "b"], [{"n": 1}, {"n": {2}}])
        assert await entries.get_many(["a", "b"]) == [None, None]

    run(store, use)
