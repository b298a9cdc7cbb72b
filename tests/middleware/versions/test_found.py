"""Writers without versions: what they leave is adopted, and what they overwrite is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from holdall import Versions
from holdall.errors import Corrupt
from holdall.history import UNKNOWN
from holdall.middleware.versions.stamp import MAGIC
from holdall.store import ABSENT
from tests.middleware.versions.test_versions import numbers, values
from tests.middleware.versions.weaker import KINDS, Weaker


@pytest.fixture(params=KINDS)
def below(request):
    return Weaker("", request.param)


@pytest.fixture
def store(below):
    return Versions(below)


def authors(store, key):
    return [one.author for one in store.history(key)][::-1]


def test_what_was_there_before_is_read_as_it_stands(below, store):
    below.update(a=b"1", b=b"", c=MAGIC[:3])
    assert dict(store.items()) == {"a": b"1", "b": b"", "c": MAGIC[:3]}
    assert numbers(store, "a") == [1]
    assert authors(store, "a") == [UNKNOWN]
    assert store.at("a", 1) == b"1"
    assert dict(below.raw()) == dict(below)


def test_what_was_there_before_has_ever_been(below, store):
    below["a"] = b"1"
    long_ago = datetime(1990, 1, 1, tzinfo=UTC)
    assert dict(store.as_of(long_ago)) == {"a": b"1"}
    store["a"] = b"2"
    assert values(store, "a") == [b"1", b"2"]
    assert authors(store, "a") == [UNKNOWN, ""]
    assert dict(store.as_of(long_ago)) == {"a": b"1"}


def test_what_was_there_before_is_deleted_and_brought_back(below, store):
    below["a"] = b"1"
    tag = store.get_tagged("a").tag
    store.remove("a", tag)
    assert values(store, "a") == [b"1", None]
    store.undelete("a")
    assert store["a"] == b"1"


@pytest.mark.parametrize("written", [1, 2, 3])
def test_an_overwriting_is_a_revision_by_unknown(below, store, written):
    kept = [b"%d" % number for number in range(written)]
    for value in kept:
        store["a"] = value
    below["a"] = b"found"
    assert store["a"] == b"found"
    assert values(store, "a") == [*kept, b"found"]
    store["a"] = b"new"
    assert values(store, "a") == [*kept, b"found", b"new"]
    assert authors(store, "a") == [*[""] * written, UNKNOWN, ""]


@pytest.mark.parametrize("written", [1, 2, 3])
def test_a_deletion_is_a_revision_by_unknown(below, store, written):
    kept = [b"%d" % number for number in range(written)]
    for value in kept:
        store["a"] = value
    del below["a"]
    assert "a" not in store
    assert values(store, "a") == [*kept, None]
    with pytest.raises(KeyError):
        del store["a"]
    store.swap("a", b"new", ABSENT)
    assert values(store, "a") == [*kept, None, b"new"]
    assert authors(store, "a") == [*[""] * written, UNKNOWN, ""]


def test_both_again_and_again(below, store):
    store["a"] = b"1"
    below["a"] = b"1"
    store["a"] = b"2"
    below["a"] = b"1"
    del store["a"]
    below["a"] = b"1"
    below["a"] = b"unseen"
    below["a"] = b"seen"
    store["a"] = b"3"
    assert values(store, "a") == [b"1", b"1", b"2", b"1", None, b"seen", b"3"]


def test_a_found_value_is_of_when_it_was_found(below, store):
    store["a"] = b"1"
    before = datetime.now(UTC)
    below["a"] = b"found"
    assert store.as_of(before)["a"] == b"1"
    assert dict(store.as_of(before)) == {"a": b"1"}
    store["a"] = b"2"
    assert store.as_of(before)["a"] == b"1"
    assert store.as_of(datetime.now(UTC) + timedelta(seconds=1))["a"] == b"2"


def test_a_damaged_head_is_never_returned(below, store):
    store["a"] = b"a value"
    store["a"] = b"another value"
    below["a"] = below["a"][:20]
    for read in (lambda: store["a"], lambda: store.get("a"), lambda: list(store.items())):
        with pytest.raises(Corrupt) as damage:
            read()
        assert damage.value.key == "a"
    with pytest.raises(Corrupt):
        store["a"] = b"over it"


@pytest.mark.parametrize("where", [slice(7, 15), slice(15, 23)], ids=["number", "time"])
def test_a_damaged_number_or_time_is_never_believed(below, store, where):
    store["a"] = b"a value"
    store["a"] = b"another value"
    data = bytearray(below["a"])
    data[where] = b"\xff" * 8
    below["a"] = bytes(data)
    for use in (
        lambda: list(map(repr, store.history("a"))),
        lambda: store.at("a", 2),
        lambda: store.as_of(datetime.now(UTC))["a"],
        lambda: store.__setitem__("a", b"over it"),
    ):
        with pytest.raises(Corrupt, match="its number or time is out of range"):
            use()
    assert [each.key for each in store.fsck()] == ["a"]
