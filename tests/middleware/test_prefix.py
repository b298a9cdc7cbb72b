"""A prefix is a boundary: nothing outside it is seen, written or cleared through it."""

import pytest

from holdall import Conflict, InvalidKey, Json, Memory, Prefix
from holdall.store import ABSENT
from tests.conformance.minimal import Minimal

NEIGHBOURS = ("a", "inv", "invoices", "invoices-1", "invoices0", "invoices2/1", "z")


@pytest.fixture
def store() -> Memory:
    store = Memory()
    store.update((key, b"neighbour") for key in NEIGHBOURS)
    store["invoices/1"] = b"1"
    return store


def test_what_is_outside_is_neither_seen_nor_touched(store: Memory) -> None:
    view = Prefix(store, "invoices")
    assert dict(view.items()) == {"1": b"1"}
    assert (len(view), list(view.scan("/")), list(view.scan(start="0", stop="~"))) == (1, [], ["1"])
    view["2"] = b"2"
    view.clear()
    assert list(store) == sorted(NEIGHBOURS)
    view["2"] = b"2"
    for prefix in ("/", "", "-1", "0"):
        view.delete_prefix(prefix)
    assert list(store) == sorted(NEIGHBOURS)


def test_a_slash_may_be_written_or_left_out(store: Memory) -> None:
    assert list(Prefix(store, "invoices/")) == list(Prefix(store, "invoices")) == ["1"]


@pytest.mark.parametrize("prefix", ["", "/", "/a", "a//", "..", "a/../b", ".holdall", "a\0"])
def test_a_prefix_is_a_key(prefix: str) -> None:
    with pytest.raises(InvalidKey):
        Prefix(Memory(), prefix)


def test_no_key_climbs_out(store: Memory) -> None:
    view = Prefix(store, "invoices")
    for key in ("../a", "..", "/a", "", ".holdall/x"):
        with pytest.raises(InvalidKey):
            view[key] = b""


def test_prefixes_nest(store: Memory) -> None:
    Prefix(Prefix(store, "invoices"), "2026/q4")["7"] = b"7"
    assert store["invoices/2026/q4/7"] == b"7"
    assert list(Prefix(store, "invoices/2026")) == ["q4/7"]


def test_a_missing_key_is_named_as_the_view_names_it() -> None:
    for below in (Memory(), Minimal()):
        with pytest.raises(KeyError) as missing:
            Prefix(below, "invoices")["7"]
        assert missing.value.args == ("7",)


def test_reserved_keys_of_a_view_are_its_own(store: Memory) -> None:
    view = Prefix(store, "invoices")
    view.raw()[".holdall/manifest"] = b"mine"
    assert store.raw()["invoices/.holdall/manifest"] == b"mine"
    assert list(view.raw()) == [".holdall/manifest", "1"]
    assert list(view) == ["1"]


def test_a_longest_key_fits_below_a_prefix_and_is_still_found(store: Memory) -> None:
    view = Prefix(store, "p" * 79)
    view["x" * 400] = b"1"
    assert [(len(key), value) for key, value in view.items()] == [(400, b"1")]
    assert len(dict(store.scan_items("p"))) == 1
    store.clear()
    assert list(view) == []


def test_tags_are_those_of_the_store_below(store: Memory) -> None:
    view = Prefix(store, "invoices")
    tag = view.swap("1", b"2", store.get_tagged("invoices/1").tag)
    assert list(view.scan_tags()) == [("1", tag)]
    with pytest.raises(Conflict):
        view.swap("1", b"3", ABSENT)


def test_a_typed_view_keeps_to_the_prefix() -> None:
    books = Json(Memory())
    books.update({"app/1": {"n": 1, "text": "x"}, "apps": {"n": 2}})
    assert dict(Prefix(books, "app").typed(dict).items()) == {"1": {"n": 1, "text": "x"}}
