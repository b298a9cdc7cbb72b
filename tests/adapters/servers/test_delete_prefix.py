"""Database servers delete the keys under a prefix by one statement or script, and no other key."""

from collections.abc import Callable
from typing import Any

import pytest

from holdall.adapters.redis import link as redis_link
from holdall.adapters.redis import scripts
from holdall.adapters.redis.scripts import ERASED
from holdall.adapters.sql.link import Link
from holdall.keys import RESERVED, fits, to_name
from holdall.store import ABSENT, Store
from tests.adapters.test_sql_grammar import BROKEN, PIECES
from tests.servers import redis, sql

KEYS = ["a", "a/1", "a/2", "a/é", "a0", "b/1"]
HIDDEN = f"a/{RESERVED}/x"


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    """How many statements, scripts or commands a call sends."""
    sent: list[object] = []

    def counting(target: Any, name: str) -> None:
        send = getattr(target, name)
        monkeypatch.setattr(target, name, lambda *args: sent.append(args) or send(*args))

    counting(Link, "run")
    counting(redis_link, "ask")

    def count(call: Callable[[], object]) -> int:
        sent.clear()
        call()
        return len(sent)

    return count


@pytest.fixture(params=["mysql", "postgresql", "redis_server"])
def store(request: pytest.FixtureRequest) -> Store[bytes]:
    """A store with a feed that has begun."""
    server: redis.Server | sql.Server = request.getfixturevalue(request.param)
    store = server.store(feed=True) if isinstance(server, sql.Server) else server.store()
    store.update(dict.fromkeys(KEYS, b"x"))
    store.raw()[HIDDEN] = b"x"
    return store


@pytest.mark.servers
def test_one_request_deletes_the_keys_under_a_prefix(store: Any, count: Any) -> None:
    start = list(store.changes())[-1].position
    store.delete_prefix("nothing/")  # the server knows the script from now on
    assert count(lambda: store.delete_prefix("a/")) == 1
    assert list(store) == ["a", "a0", "b/1"]
    assert HIDDEN in store.raw()
    assert {each.key: each.tag for each in store.changes(start)} == dict.fromkeys(KEYS[1:4], ABSENT)
    assert count(store.clear) == 1
    assert list(store.raw()) == [HIDDEN]
    assert count(lambda: store.delete_prefix("a//")) == 0
    assert count(store.raw("a/").clear) == 1
    assert not store.raw()


@pytest.mark.servers
@pytest.mark.parametrize("server", ["mysql", "postgresql"])
def test_one_statement_deletes_a_bounded_number_of_rows(
    server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, count: Any
) -> None:
    monkeypatch.setattr(f"holdall.adapters.sql.{server}.ERASED", 3)
    store = request.getfixturevalue(server).store()
    store.update(dict.fromkeys(KEYS, b"x"))
    store.raw()[HIDDEN] = b"x"
    assert 2 <= count(lambda: store.delete_prefix("")) <= 3
    assert list(store.raw()) == [HIDDEN]


@pytest.mark.servers
def test_one_script_deletes_a_bounded_number_of_keys(redis_server: redis.Server, count: Any) -> None:
    store = redis_server.store()
    store.update((f"a/{number:05}", b"") for number in range(ERASED + 1))
    store["b"] = b""
    store.delete_prefix("nothing/")
    assert count(lambda: store.delete_prefix("a/")) == 3  # the last one tidies the log
    assert list(store) == ["b"]


@pytest.mark.servers
def test_a_script_knows_the_names_that_are_not_keys(redis_server: redis.Server) -> None:
    store = redis_server.store()
    pieces = [*(piece.encode() for piece in PIECES), *BROKEN]
    names = {one + other for one in pieces for other in pieces} | {b"x" * 480, b"x" * 481}
    for name in names:
        store._link.write(scripts.PUT, "tag", name, b"")
    store.raw().clear()
    left = {name for name in names if not fits(to_name(name))}
    assert set(store._link.command("ZRANGE", store._link._channel, 0, -1)) == left
