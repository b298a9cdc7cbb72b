"""Read-only: every read goes through, every write is refused before it reaches the store."""

import pickle
from typing import Any

import pytest

from holdall import Feature, Json, Memory, PermissionDenied, ReadOnly
from holdall.store import ABSENT, Delete, Put, Store
from holdall.testing import recorder
from tests.conformance.minimal import Minimal

READS = {
    *("__getitem__", "__contains__", "__iter__", "__len__", "__bool__", "_find", "get_many"),
    *("scan", "scan_items", "scan_tags", "get_tagged", "size", "read", "tag", "raw", "info", "close"),
    *("scan_names", "get_foreign", "history", "at", "as_of", "changes", "watch"),
}


@pytest.fixture
def below() -> recorder.Recorder[bytes]:
    below = recorder.Recorder(Memory())
    below.update(a=b"1", b=b"2")
    below.raw()[".holdall/x"] = b"x"
    below.calls.clear()
    return below


def writes(store: Store[Any]) -> dict[str, Any]:
    """Every operation that writes."""
    tag = store.get_tagged("a").tag
    return {
        "__setitem__": lambda: store.__setitem__("a", b"3"),
        "__delitem__": lambda: store.__delitem__("a"),
        "set_many": lambda: store.update(a=b"3"),
        "open": lambda: store.open("a", "wb"),
        "discard": lambda: store.discard("a"),
        "delete_many": lambda: store.delete_many(["a"]),
        "delete_prefix": lambda: store.delete_prefix("a"),
        "clear": lambda: store.clear(),
        "_take": lambda: store.pop("a", None),
        "popitem": lambda: store.popitem(),
        "_setdefault": lambda: store.setdefault("c", b"3"),
        "swap": lambda: store.swap("c", b"3", ABSENT),
        "remove": lambda: store.remove("a", tag),
        "modify": lambda: store.modify("a", lambda value: value),
        "transact": lambda: store.transact([Put("a", b"3"), Delete("b")]),
    }


def test_every_write_is_refused_and_reaches_nothing(below: recorder.Recorder[bytes]) -> None:
    refusing = writes(ReadOnly(below))
    assert set(refusing) | READS == set(recorder.OPERATIONS)
    below.calls.clear()
    for write in refusing.values():
        with pytest.raises(PermissionDenied, match="read-only"):
            write()
    assert below.calls == []
    assert dict(below.items()) == {"a": b"1", "b": b"2"}


def test_the_raw_door_is_read_only_too(below: recorder.Recorder[bytes]) -> None:
    raw = ReadOnly(below).raw()
    assert raw[".holdall/x"] == b"x"
    with pytest.raises(PermissionDenied):
        raw[".holdall/x"] = b"y"


def test_reads_are_those_of_the_store(below: recorder.Recorder[bytes]) -> None:
    store = ReadOnly(below)
    assert (store["a"], store.get("x"), "b" in store, len(store), bool(store)) == (b"1", None, True, 2, True)
    assert list(store) == list(store.scan()) == ["a", "b"]
    assert list(store.scan_items("b")) == list(store.get_many(["b", "x"])) == [("b", b"2")]
    assert list(store.scan_tags()) == list(below.scan_tags())
    assert store.get_tagged("a") == below.get_tagged("a")


def test_a_bare_store_cannot_do_more_by_it() -> None:
    assert ReadOnly(Minimal()).features == Feature.NONE
    writes = Feature.SWAP | Feature.REMOVE | Feature.ATOMIC
    assert ReadOnly(Memory()).features == Memory().features & ~writes


def test_a_pickle_and_a_typed_view_stay_read_only() -> None:
    Json(Memory("test-readonly"))["a"] = {"n": 1}
    store = ReadOnly(Json(Memory("test-readonly")))
    for again in (pickle.loads(pickle.dumps(store)), store.typed(dict[str, int])):
        assert again["a"] == {"n": 1}
        with pytest.raises(PermissionDenied):
            again["a"] = {"n": 2}
