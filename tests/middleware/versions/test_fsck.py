"""What fsck finds and mends: every single damage, and nothing where nothing is wrong."""

import pytest

from holdall import Json, Versions
from holdall.errors import Corrupt
from tests.middleware.versions.interleaved.scheduler import Fate, Writer, watched
from tests.middleware.versions.test_versions import values
from tests.middleware.versions.weaker import KINDS, Weaker

CLAIMING = [kind for kind in KINDS if "ATOMIC" in kind]


@pytest.fixture(params=KINDS)
def below(request):
    return Weaker("", request.param)


@pytest.fixture
def store(below):
    store = Versions(below, author="Ann")
    for value in (b"one", b"two", b"three"):
        store["a"] = value
    store["b"] = b"1"
    return store


def record(below, key, number):
    """The raw key of a record."""
    [found] = below.raw().scan(f".holdall/history/{key}/.holdall/{999999999999 - number}")
    return found


def damage(below, key):
    data = below.raw()[key]
    below.raw()[key] = data[:-1] + bytes([data[-1] ^ 1])


def told(problems):
    return [(one.key, one.revision, one.mended) for one in problems]


def test_nothing_is_wrong(below, store):
    store["never/with"] = b"1"
    del store["never/with"]
    below["found"] = b"1"
    store.prune(keep=2)
    assert list(store.fsck()) == []
    assert list(store.fsck(mend=True)) == []


def test_a_damaged_record_is_reported_and_never_returned(below, store):
    damage(below, record(below, "a", 2))
    with pytest.raises(Corrupt):
        store.at("a", 2)
    assert told(store.fsck(mend=True)) == [("a", 2, False)]
    assert store.at("a", 1) == b"one"
    assert store["a"] == b"three"
    store["a"] = b"four"
    assert store.at("a", 4) == b"four"


def test_a_damaged_record_of_the_present_is_mended_from_the_head(below, store):
    for wrong in (lambda key: damage(below, key), lambda key: below.raw().__setitem__(key, b"")):
        wrong(record(below, "a", 3))
        assert told(store.fsck()) == [("a", 3, False)]
        assert told(store.fsck(mend=True)) == [("a", 3, True)]
        assert list(store.fsck()) == []
    assert values(store, "a") == [b"one", b"two", b"three"]


def test_a_damaged_head_is_mended_from_its_record(below, store):
    for key in ("a", "b"):
        damage(below, key)
    assert told(store.fsck()) == [("a", None, False), ("b", None, False)]
    with pytest.raises(Corrupt):
        store["a"] = b"four"
    assert told(store.fsck(mend=True)) == [("a", 3, True), ("b", 1, True)]
    assert list(store.fsck()) == []
    assert dict(store) == {"a": b"three", "b": b"1"}


def test_a_head_damaged_in_its_stamp_is_reported(below, store):
    below["a"] = below["a"][:9]
    assert told(store.fsck(mend=True)) == [("a", None, False)]


def test_lost_records_are_reported_and_the_newest_is_made_again(below, store):
    del below.raw()[record(below, "a", 2)]
    assert told(store.fsck(mend=True)) == [("a", 2, False)]
    del below.raw()[record(below, "a", 3)]
    assert (("a", 3, True)) in told(store.fsck(mend=True))
    assert store.at("a", 3) == b"three"
    store["a"] = b"four"
    assert [one.number for one in store.history("a")] == [4, 3, 1]


def test_a_history_that_is_gone_begins_anew_with_the_head(below, store):
    below.raw(".holdall/history/").clear()
    problems = told(store.fsck(mend=True))
    assert ("a", 3, True) in problems
    assert dict(store) == {"a": b"three", "b": b"1"}
    assert store.at("a", 3) == b"three"


def test_what_is_no_record_is_reported(below, store):
    below.raw()[".holdall/history/stray"] = b"?"
    assert told(store.fsck(mend=True)) == [(".holdall/history/stray", None, False)]


def test_what_a_writer_without_versions_did_is_recorded(below, store):
    below["a"] = b"found"
    del below["b"]
    assert told(store.fsck()) == [("a", 4, False), ("b", 2, False)]
    assert told(store.fsck(mend=True)) == [("a", 4, True), ("b", 2, True)]
    assert list(store.fsck()) == []
    assert values(store, "a") == [b"one", b"two", b"three", b"found"]
    assert values(store, "b") == [b"1", None]


@pytest.mark.parametrize("lacks", CLAIMING)
@pytest.mark.parametrize("change", ["put", "delete", "create"])
def test_what_a_crash_left_is_finished(lacks, change):
    for calls in range(8):
        below = Weaker("", lacks)
        if change != "create":
            Versions(below)["a"] = b"1"
            Versions(below)["a"] = b"2"
        crashed = _crash(below, calls, change)
        store = Versions(below)
        problems = list(store.fsck(mend=True))
        assert all(one.mended for one in problems), problems
        assert len(problems) <= crashed
        assert list(store.fsck()) == []
        assert not problems or store.get("a") == (None if change == "delete" else b"new")


def _crash(below, calls, change):
    """A writer that dies before its call number ``calls``; whether it died."""

    def work():
        store = Versions(watched(below, lambda: writer, lambda name: None))
        if change == "delete":
            del store["a"]
        else:
            store["a"] = b"new"

    writer = Writer("crashing", work)
    writer.start()
    for _ in range(calls + 1):
        if not writer.done:
            writer.step(Fate.RUN)
    if not writer.done:
        writer.step(Fate.KILL)
    return writer.dead


def test_documents_are_checked_alike():
    below = Weaker("", "ATOMIC")
    store = Versions(Json(below))
    store["a"] = {"total": 1}
    store["a"] = {"total": 2}
    damage(below, "a")
    assert told(store.fsck(mend=True)) == [("a", 2, True)]
    assert store["a"] == {"total": 2}
