"""Servers that go away and come back, in the middle of what a store does."""

import contextlib
import itertools

import pytest

from holdall.errors import Unavailable
from holdall.store import ABSENT, Put, Tag
from tests.adapters.interrupts import interrupt

OPERATIONS = {
    "get": lambda store: store["a"],
    "in": lambda store: "a" in store,
    "set": lambda store: store.__setitem__("a", b"2"),
    "delete": lambda store: store.__delitem__("a"),
    "discard": lambda store: store.discard("a"),
    "scan": lambda store: list(store.scan()),
    "scan_items": lambda store: list(store.scan_items()),
    "scan_tags": lambda store: list(store.scan_tags()),
    "get_many": lambda store: list(store.get_many(["a", "b"])),
    "set_many": lambda store: store.set_many([("a", b"2"), ("b", b"2")]),
    "delete_many": lambda store: store.delete_many(["a", "b"]),
    "get_tagged": lambda store: store.get_tagged("a"),
    "swap": lambda store: store.swap("new", b"2", ABSENT),
    "remove": lambda store: store.remove("a", Tag("any")),
    "transact": lambda store: store.transact([Put("a", b"2")]),
}


@pytest.mark.parametrize("server", ["mysql", "postgresql"])
def test_what_is_written_after_an_interrupt_is_kept(server, request):
    running = request.getfixturevalue(server)
    with running.store() as store, running.store(table=store._table.name) as other:
        store["there"] = b"0"
        for call in itertools.count(1):
            try:
                interrupt(lambda: store.transact([Put("a", b"1"), Put("b", b"2")]), call)
            except KeyboardInterrupt:  # what is held by the exception is held meanwhile
                store["there"] = b"%d" % call
                assert other["there"] == b"%d" % call
            else:
                break


def test_a_silent_server_is_unavailable_and_works_again(mortal):
    with mortal.store(timeout=0.5) as store:
        at_last(lambda: store.__setitem__("a", b"1"))
        with mortal.daemon.paused():
            for call in (
                OPERATIONS["get"],
                OPERATIONS["set"],
                OPERATIONS["scan_items"],
                OPERATIONS["transact"],
            ):
                with pytest.raises(Unavailable):
                    call(store)
        at_last(lambda: store.__setitem__("b", b"3"))
        found = at_last(lambda: dict(store.scan_items()))
        assert found.keys() == {"a", "b"}
        assert found["b"] == b"3"
        assert found["a"] in (b"1", b"2")  # the server may carry out the writes that it had not answered


def at_last(call):
    """What ``call`` returns, once the server is as quick as this store wants it."""
    for _ in range(50):
        with contextlib.suppress(Unavailable):
            return call()
    return call()


def test_while_a_server_is_down_every_operation_is_unavailable(mortal):
    with mortal.store(timeout=30) as store:
        store["a"] = b"1"
        mortal.daemon.kill()
        try:
            for call in OPERATIONS.values():
                with pytest.raises(Unavailable):
                    call(store)
        finally:
            mortal.daemon.start()
        assert store["a"] == b"1"


def test_a_restart_between_two_operations_goes_unnoticed(mortal):
    with mortal.store() as store:
        store.set_many((f"k{number:04}", b"%d" % number) for number in range(500))
        mortal.daemon.kill()
        mortal.daemon.start()
        assert store["k0007"] == b"7"
        mortal.daemon.stop()
        mortal.daemon.start()
        store["k0007"] = b"new"
        assert len(store) == 500


def test_a_scan_that_meets_the_end_of_a_server_says_so(mortal):
    with mortal.store(timeout=30) as store:
        held = {f"k{number:04}": b"%d" % number for number in range(500)}
        store.set_many(held.items())
        scan = store.scan_items()
        first = next(scan)
        mortal.daemon.kill()
        try:
            with pytest.raises(Unavailable):
                list(scan)
        finally:
            mortal.daemon.start()
        assert first == ("k0000", b"0")
        assert dict(store.scan_items()) == held


def test_a_store_opened_while_the_server_is_down_works_once_it_is_up(mortal):
    mortal.daemon.kill()
    store = mortal.store(timeout=30)
    try:
        with pytest.raises(Unavailable):
            store.get("a")
    finally:
        mortal.daemon.start()
    with store:
        assert "a" not in store
        store["a"] = b"1"
        assert store["a"] == b"1"
