"""Syncs between parts of one store, and the names in refusals."""

import threading
from pathlib import Path
from typing import Any

import pytest

from holdall import Escape, Invalid, Memory, PermissionDenied, Prefix, ReadOnly, SQLite, Unsupported, Versions
from holdall.middleware.interceptor import Interceptor
from holdall.replication import Report, back_up, follow, restore, sync, sync_both
from holdall.store import Store
from tests.replication.mortal import Without


def test_two_prefixes_of_one_store_are_two_stores(tmp_path: Path) -> None:
    with SQLite(tmp_path / "a.db", durability="os") as store:
        live, copy = Prefix(store, "live"), Prefix(store, "copy")
        live.update({"a": b"1", "b": b"2"})
        assert sync(live, copy).copied == 2
        del live["a"]
        live["b"] = b"3"
        report = sync(live, copy)
        assert (report.copied, report.deleted, report.full) == (1, 1, False)
        assert dict(store) == {"live/b": b"3", "copy/b": b"3"}
        copy["c"] = b"4"
        sync_both(live, copy)
        assert dict(live) == dict(copy) == {"b": b"3", "c": b"4"}


@pytest.mark.parametrize(
    ("ours", "theirs"), [("", "copy"), ("copy", ""), ("a", "a/b"), ("a/b", "a")], ids="/".join
)
def test_a_part_of_the_other_store_is_refused(ours: str, theirs: str) -> None:
    store = Memory()
    store.update({"a/b/c": b"1", "copy/a": b"2"})
    one, other = (Prefix(store, each) if each else store for each in (ours, theirs))
    for way in (sync, sync_both, back_up, restore):
        with pytest.raises(Invalid, match="lies in"):
            way(one, other)
    assert dict(store.raw()) == {"a/b/c": b"1", "copy/a": b"2"}


def test_the_prefix_of_a_sync_counts() -> None:
    store = Memory()
    store.update({"a/1": b"1", "copy/b/1": b"2"})
    assert sync(store, Prefix(store, "copy"), prefix="a/").copied == 1
    assert dict(store) == {"a/1": b"1", "copy/a/1": b"1", "copy/b/1": b"2"}
    with pytest.raises(Invalid, match="lies in"):
        sync(store, Prefix(store, "copy"), prefix="co")


def test_keys_below_an_escape_are_not_compared_by_prefix() -> None:
    store = Memory()
    with pytest.raises(Invalid, match="are the same store"):
        sync(Prefix(Escape(store), "a"), Prefix(Escape(store), "b"))


def test_a_store_follows_a_part_of_itself_without_going_round(tmp_path: Path) -> None:
    done = threading.Semaphore(0)
    reports: list[Report] = []
    with SQLite(tmp_path / "a.db", durability="os") as store:
        live, copy = Prefix(store, "live"), Versions(Prefix(store, "copy"))
        live["a"] = b"1"

        def run() -> None:
            for report in follow(lambda: back_up(live, copy), live):
                reports.append(report)
                done.release()

        thread = threading.Thread(target=run)
        thread.start()
        for number in range(1, 10):
            assert done.acquire(timeout=60)
            live["a"] = b"%d" % number
        assert done.acquire(timeout=60)
    thread.join(60)
    assert not thread.is_alive()
    assert len(reports) < 30


@pytest.mark.parametrize(
    "target", [ReadOnly(Memory()), Versions(ReadOnly(Memory()))], ids=["plain", "versions"]
)
def test_a_target_that_refuses_writes_is_named(target: Store[bytes]) -> None:
    source = Memory()
    source["a"] = b"1"
    with pytest.raises(PermissionDenied) as refused:
        sync(source, target)
    assert repr(target) in str(refused.value)
    assert ".holdall" not in str(refused.value)


class _Refuses(Interceptor[bytes]):
    def _call(self, name: str, call: Any, /, *args: Any) -> Any:
        raise Unsupported("this service does not show reserved keys")

    def _stream(self, name: str, items: Any, /) -> Any:
        raise Unsupported("this service does not show reserved keys")


class _Hides(Without):
    """A store whose reserved keys only the store itself reaches, as a service without ``--raw``."""

    def raw(self, prefix: str = "") -> Store[bytes]:
        return _Refuses(super().raw(prefix))


def test_a_store_that_hides_its_reserved_keys_needs_another_for_the_tags() -> None:
    source, target, state = _Hides(Memory()), _Hides(Memory()), Memory()
    source["a"] = b"1"
    with pytest.raises(Unsupported, match=r"name another store with state= \(--state\)"):
        sync(source, target)
    assert sync(source, target, state=state).copied == 1
    assert sync(source, target, state=state).changed == 0
    assert sync(source, Memory()).copied == 1
    target["b"] = b"2"
    assert sync_both(source, target, state=state).copied == 1


def test_a_prefix_that_no_key_can_have_is_refused() -> None:
    source, target = Memory(), Memory()
    for prefix, problem in ((".holdall/history/", "reserved keys"), ("a//", "no key can begin")):
        for way in (sync, sync_both, back_up, restore):
            with pytest.raises(Invalid, match=problem):
                way(source, target, prefix=prefix)
    with pytest.raises(Invalid, match="no key can begin"):
        sync(source, target, prefix="a//", raw=True)
    Versions(source)["a"] = b"1"
    assert sync(source, target, prefix=".holdall/history/", raw=True).copied
    odd = Escape(source)
    odd["a//b"] = b"1"
    assert sync(odd, Escape(target), prefix="a//").copied == 1
