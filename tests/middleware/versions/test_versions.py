"""What a user of `Versions` sees: every write kept, told, brought back."""

import pickle
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from formencode import Schema, validators

import holdall
from holdall import Json, Memory, Note, Prefix, ReadOnly, Validate, Versions
from holdall.errors import Conflict, Corrupt, Invalid, NoRevision, TooLarge, Unsupported
from holdall.middleware.versions import reads, stamp
from holdall.middleware.versions.stamp import MAGIC
from holdall.store import ABSENT, Delete, Expect, Feature, Put
from tests.conformance.minimal import Minimal
from tests.middleware.versions.weaker import KINDS, Weaker


@pytest.fixture(params=KINDS)
def below(request):
    return Weaker("", request.param)


@pytest.fixture
def store(below):
    return Versions(below)


def numbers(store, key):
    return [revision.number for revision in store.history(key)]


def values(store, key):
    """From the first on; None for a deletion."""
    told = []
    for revision in store.history(key):
        try:
            told.append(store.at(key, revision.number))
        except KeyError:
            assert revision.deleted
            told.append(None)
    return told[::-1]


def test_every_write_is_a_revision(store):
    store["a"] = b"1"
    store.update(a=b"2", b=b"other")
    tag = store.get_tagged("a").tag
    store.swap("a", b"3", tag)
    store.modify("a", lambda value: value + b"!")
    del store["a"]
    store.setdefault("a", b"5")
    assert store.pop("a") == b"5"
    store.set_many([("a", b"7")])
    store.discard("a")
    store["a"] = b"9"
    store.delete_many(["a", "missing"])
    store["a"] = b""
    assert values(store, "a") == [b"1", b"2", b"3", b"3!", None, b"5", None, b"7", None, b"9", None, b""]
    assert numbers(store, "a") == list(range(12, 0, -1))
    assert values(store, "b") == [b"other"]


def test_an_unchanged_value_is_a_revision_too(store):
    for _ in range(3):
        store["a"] = b"same"
    assert values(store, "a") == [b"same"] * 3


def test_who_why_and_when(store):
    before = datetime.now(UTC)
    with store.note(author="Ann", message="first"):
        store["a"] = b"1"
        with store.note(message="typing error"):
            store["a"] = b"2"
        with holdall.note(author="Bob"):
            del store["a"]
    store["a"] = b"4"
    notes = [revision.note for revision in store.history("a")]
    assert notes == [Note(), Note("Bob", "first"), Note("Ann", "typing error"), Note("Ann", "first")]
    times = [revision.time for revision in store.history("a")]
    assert times == sorted(times, reverse=True)
    assert before - timedelta(seconds=1) < times[-1] <= times[0] <= datetime.now(UTC)
    assert {time.tzinfo for time in times} == {UTC}


def test_the_author_of_the_store_is_who_wrote_unless_a_note_says_so(below):
    store = Versions(below, author="import")
    store["a"] = b"1"
    with store.note(message="why"):
        store["a"] = b"2"
    with store.note(author="Ann"):
        store["a"] = b"3"
    assert [one.note for one in store.history("a")] == [Note("Ann"), Note("import", "why"), Note("import")]


def test_a_note_that_is_too_long_is_refused_and_nothing_is_written(store):
    for wrong in (
        {"author": "x" * 256},
        {"message": "x" * 1001},
        {"author": "é" * 120, "message": "é" * 400},
    ):
        with store.note(**wrong), pytest.raises(TooLarge):
            store["a"] = b"1"
    assert "a" not in store
    with pytest.raises(KeyError):
        store.history("a")


def test_a_note_that_is_no_text_is_refused_and_nothing_is_written(store):
    for wrong in ({"author": "\udcff"}, {"message": "\ud800"}):
        with store.note(**wrong), pytest.raises(Invalid, match="lone surrogate"):
            store["a"] = b"1"
    assert "a" not in store


def test_history_is_lazy(store):
    for number in range(200):
        store["a"] = b"%d" % number
    history = store.history("a")
    assert [next(history).number for _ in range(3)] == [200, 199, 198]
    assert [one.note for one in store.history("a")] == [Note()] * 200


def test_what_never_was(store):
    store["a/b"] = b"1"
    for missing in ("a", "b"):
        with pytest.raises(KeyError) as error:
            store.history(missing)
        assert error.value.args == (missing,)
        with pytest.raises(KeyError):
            store.at(missing, 1)
    for number in (0, -1, 2, 10**13):
        with pytest.raises(
            NoRevision, match=f"has no revision {number}; its revisions are 1 to 1"
        ) as refusal:
            store.at("a/b", number)
        assert not isinstance(refusal.value, KeyError)
        assert refusal.value.key == "a/b"
    with pytest.raises(TypeError):
        store.at("a/b", "1")


def test_histories_of_keys_below_and_beside_each_other_are_apart(store):
    keys = ["a", "a/b", "a-b", "a/b/c", "a b", "a/999999999998", "a.holdall"]
    for key in keys:
        store[key] = key.encode()
        store[key] = key.encode() * 2
    for key in keys:
        assert values(store, key) == [key.encode(), key.encode() * 2]
    assert list(store) == sorted(keys)


def test_the_longest_key_has_a_history(store):
    key = "x" * 400
    store[key] = b"1"
    store[key] = b"2"
    del store[key]
    assert values(store, key) == [b"1", b"2", None]


def test_revert_is_a_new_revision(store):
    store["a"] = b"1"
    store["a"] = b"2"
    del store["a"]
    with store.note(message="as it was"):
        store.revert("a", 1)
    assert store["a"] == b"1"
    store.revert("a", 3)
    assert "a" not in store
    assert values(store, "a") == [b"1", b"2", None, b"1", None]
    with pytest.raises(NoRevision):
        store.revert("a", 9)
    with pytest.raises(KeyError):
        store.revert("never", 1)


def test_undelete_brings_back_the_last_value(store):
    store["a"] = b"1"
    store["a"] = b"2"
    del store["a"]
    store.undelete("a")
    assert store["a"] == b"2"
    with pytest.raises(Conflict):
        store.undelete("a")
    with pytest.raises(KeyError):
        store.undelete("never")
    assert values(store, "a") == [b"1", b"2", None, b"2"]


def test_a_stale_tag_does_not_win_after_a_revert(store):
    store["a"] = b"1"
    old = store.get_tagged("a").tag
    store["a"] = b"2"
    store.revert("a", 1)
    with pytest.raises(Conflict):
        store.swap("a", b"3", old)
    assert store["a"] == b"1"


def test_transactions_keep_what_they_replace():
    store = Versions(Memory())
    store["a"] = b"1"
    tag = store.get_tagged("a").tag
    store.transact(
        [Expect("a", tag), Put("a", b"2"), Put("b", b"1"), Delete("c"), Put("b", b"2"), Delete("b")]
    )
    assert values(store, "a") == [b"1", b"2"]
    assert "b" not in store
    with pytest.raises(KeyError):
        store.history("b")
    with pytest.raises(Conflict):
        store.transact([Expect("a", tag), Put("b", b"3")])
    with pytest.raises(Conflict):
        store.transact([Expect("b", tag), Put("a", b"3")])
    assert values(store, "a") == [b"1", b"2"]


# ---- Layers ----------------------------------------------------------------------------------------


class Line(msgspec.Struct):
    total: int


def test_above_and_below_a_serializer_it_is_the_same():
    below = Memory()
    above, beneath = Versions(Json(below)), Json(Versions(below))
    above["a"] = {"total": 1}
    beneath["a"] = {"total": 2}
    for store in (above, beneath):
        assert values(store, "a") == [{"total": 1}, {"total": 2}]
        assert store["a"] == {"total": 2}
    assert below["a"].startswith(MAGIC)
    assert below["a"].endswith(b'{"total":2}')


def test_layers_decode_history():
    store = Versions(Prefix(Validate(Json(Memory(), type=Line), Anything()), "app"))
    store["a"] = Line(1)
    before = datetime.now(UTC)
    store["a"] = Line(2)
    assert store.at("a", 1) == Line(1)
    assert list(store.as_of(before).items()) == [("a", Line(1))]
    assert store.diff("a", 1, 2) == [{"op": "replace", "path": "/total", "value": 2}]
    assert Feature.HISTORY in store.features
    reader = ReadOnly(store)
    assert Feature.HISTORY in reader.features
    assert numbers(reader, "a") == [2, 1]
    assert reader.at("a", 1) == Line(1)
    assert list(reader.as_of(before).values()) == [Line(1)]


class Anything:
    def to_python(self, value, state=None):
        return value


def test_a_store_without_history_says_so():
    for store in (Memory(), Json(Memory()), ReadOnly(Memory())):
        for call in (lambda s: s.history("a"), lambda s: s.at("a", 1), lambda s: s.as_of(datetime.now(UTC))):
            with pytest.raises(Unsupported):
                call(store)


def test_versions_of_versions_are_refused():
    with pytest.raises(Unsupported):
        Versions(Json(Versions(Memory())))


def test_a_store_without_swap_is_refused_with_the_reason(store):
    below = Minimal()
    store = Versions(below)
    for write in (
        lambda: store.__setitem__("a", b"1"),
        lambda: store.__delitem__("a"),
        lambda: store.set_many([("a", b"1")]),
        lambda: store.swap("a", b"1", ABSENT),
    ):
        with pytest.raises(Unsupported, match="SWAP"):
            write()
    assert not list(below.raw())


def test_it_is_pickled_by_recipe():
    store = Versions(Json(Memory(uuid4().hex)), author="Ann")
    store["a"] = 1
    again = pickle.loads(pickle.dumps(store))
    again["a"] = 2
    assert [one.author for one in store.history("a")] == ["Ann", "Ann"]
    assert repr(again) == repr(store)
    assert repr(store).startswith("Versions(Json(Memory('")


def test_history_may_be_in_another_store(below):
    records = Memory()
    store = Versions(below, history=records)
    store["a"] = b"1"
    store["a"] = b"2"
    del store["a"]
    store["b"] = b"3"
    assert values(store, "a") == [b"1", b"2", None]
    assert [key for key in below.raw() if "history" in key] == []
    assert len(records.raw()) == 4
    assert Feature.ATOMIC not in store.features
    assert not records


# ---- Documents -------------------------------------------------------------------------------------


@pytest.fixture
def books():
    return Versions(Json(Memory()))


def test_diff_is_a_json_patch(books):
    import jsonpatch

    old = {"total": "119.00", "lines": [{"code": "4400", "amount": "119.00"}], "/~": 1}
    new = {"total": "107.10", "lines": [{"code": "4400", "amount": "100.00"}, {"code": "4730"}], "/~": 2}
    books["a"] = old
    books["a"] = new
    del books["a"]
    for first, second, before, after in ((1, 2, old, new), (2, 1, new, old), (1, 1, old, old)):
        patch = books.diff("a", first, second)
        assert jsonpatch.apply_patch(before, patch) == after
    assert books.diff("a", 1, 1) == []
    assert books.diff("a", 2, 3) == [{"op": "replace", "path": "", "value": None}]
    with pytest.raises(NoRevision):
        books.diff("a", 1, 4)


def test_bytes_are_not_compared(store):
    store["a"] = b"1"
    store["a"] = b"2"
    with pytest.raises(Unsupported, match="Json"):
        store.diff("a", 1, 2)


def test_a_revert_that_the_schema_refuses_today_is_invalid():
    class Account(Schema):
        code = validators.Regex(r"^[0-9]{4}$")

    below = Memory()
    Versions(Json(below))["sales"] = {"code": "82"}
    store = Versions(Validate(Json(below), Account()))
    store["sales"] = {"code": "8200"}
    with pytest.raises(Invalid):
        store.revert("sales", 1)
    assert store["sales"] == {"code": "8200"}
    assert numbers(store, "sales") == [2, 1]


def test_ten_thousand_revisions_of_one_key():
    store = Versions(Memory())
    for number in range(10_000):
        store["a"] = b"%d" % number
    assert numbers(store, "a") == list(range(10_000, 0, -1))
    assert store.at("a", 1) == b"0"
    assert store.at("a", 5_000) == b"4999"


def test_a_stamp_is_read_as_it_is_the_first_time_too(monkeypatch):
    """Of an empty value without a note it is all there is; of the longest note it is as long as it can be."""
    below = Weaker("", "ATOMIC")
    store = Versions(below)
    store["empty"] = b""
    with store.note(author="a" * 255, message="m" * 745):
        store["long"] = b"1"
    for read in (lambda: store["empty"], lambda: store.get("empty"), lambda: dict(store)["empty"]):
        monkeypatch.setattr(stamp, "SIZES", {})
        monkeypatch.setattr(reads, "SIZES", stamp.SIZES)
        assert read() == b""
    assert store["long"] == b"1"
    for size in range(stamp.SMALLEST):
        below["cut"] = below["empty"][:size] if size >= len(stamp.MAGIC) else b"\xffhv1"
        with pytest.raises(Corrupt, match="cut short"):
            store["cut"]
