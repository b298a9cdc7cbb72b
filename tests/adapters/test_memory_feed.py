"""The change feed of Memory: a signal may end a write at any line, and the feed misses nothing."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from holdall import Memory
from holdall.adapters import memory
from holdall.adapters.memory import _Table
from holdall.errors import Expired
from holdall.store import Delete, Put
from holdall.testing.follower import Follower

WRITES: dict[str, Callable[[Memory], object]] = {
    "change": lambda store: store.__setitem__("a", b"2"),
    "create": lambda store: store.__setitem__("new", b"2"),
    "delete": lambda store: store.__delitem__("a"),
    "transact": lambda store: store.transact([Put("a", b"2"), Delete("b"), Put("new", b"2")]),
}
STEPS = {function.__code__ for function in (_Table.put, _Table.delete, _Table._record)}


def interrupt(call: Callable[[], object], at: int) -> bool:
    """Interrupt ``call`` before line number ``at`` of the functions that write; return whether it has such a line."""
    lines = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal lines
        if frame.f_code not in STEPS:
            return None
        lines += event == "line"
        if event == "line" and lines == at:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_follower_misses_no_write_that_was_interrupted(write: Callable[[Memory], object]) -> None:
    for line in range(1, 100):
        store = Memory()
        store.changes()
        store.update(a=b"1", b=b"1", c=b"1")
        del store["c"]
        follower = Follower()
        follower.follow(store)
        if not interrupt(lambda: write(store), line):  # noqa: B023 - it is called at once
            assert line > 3
            break
        follower.follow(store)
        assert follower.held == dict(store.scan_tags())
        write(store)
        follower.follow(store)
        assert follower.held == dict(store.scan_tags())


def test_a_position_expires_when_the_log_is_full_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_RECORDED", 3)
    store = Memory()
    position = store.changes().position
    interrupt(lambda: store.__setitem__("a", b"1"), 2)
    store.update(b=b"1", c=b"1")
    assert {change.key for change in store.changes(position)} >= {"b", "c"}
    store.update(d=b"1", e=b"1")
    with pytest.raises(Expired):
        store.changes(position)
    assert {change.key for change in store.changes()} >= {"b", "c", "d", "e"}
