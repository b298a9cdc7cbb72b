"""Who and why of a revision, where a layer encrypts: nobody reads them or changes them unnoticed."""

import gc
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from holdall import Encrypt, Escape, Json, Memory, Prefix, Versions
from holdall.errors import Corrupt
from holdall.history import Note
from holdall.middleware.versions.names import ROOT, Name
from holdall.middleware.versions.sealing import SEALED
from holdall.middleware.versions.stamp import Stamp
from holdall.store import Store
from tests.middleware.versions.test_fsck import record, told
from tests.middleware.versions.weaker import KINDS, Weaker

FIRST = "2026:" + "B" * 42 + "A="
SECOND = "2027:" + "A" * 43 + "="

# Written by holdall when notes were not sealed.
OLD = {
    ".holdall/history/gone/.holdall/999999999997.001790000000000000p": "ff687631002764000000000000000200065bfeda25e0"
    "00ca10b54afc8734f00000000003416e6e",
    ".holdall/history/gone/.holdall/999999999998": "ff687631002770000000000000000100065bfeda25e000ad64ebf0d9d291a00af"
    "0ce9903416e6ef80432303236e1008845ea1c0a6f88921685dd40183d747ec1c3bf59b2d179cf03a146ddb5ce35f32fa83de61d4e3e7a3"
    "64895",
    ".holdall/history/invoices/17/.holdall/999999999997.001790000000000000p": "ff687631003f70000000000000000200065bfe"
    "da25e000150b154ddc7b97bcd3bb9ea803416e6e74686520646973636f756e7420776173206d697373696e67f80432303236e100884519"
    "d5569f3e7feab5177c529c649697fee91f3e7807d66d748914b16c04a7d4fda78985f361c32a843d39a534fde3",
    ".holdall/history/invoices/17/.holdall/999999999998": "ff687631002770000000000000000100065bfeda25e000bd8f65de74b4"
    "7896e8070bb003416e6ef80432303236e10088458dc24af79c098c5f9a7d7934d6ebf1a9df0d3a74f566a15ab441799ef40972fc0a38b2"
    "3aa8ae4fe380d2a8b03136",
    "invoices/17": "ff687631003f70000000000000000200065bfeda25e000150b154ddc7b97bcd3bb9ea803416e6e7468652064697363"
    "6f756e7420776173206d697373696e67f80432303236e100884519d5569f3e7feab5177c529c649697fee91f3e7807d66d748914b16c04"
    "a7d4fda78985f361c32a843d39a534fde3",
}


# So long that no random bytes are equal to them by chance.
ANN, BOB = "Ann Archivist", "Bob Bookkeeper"


def keys() -> str:
    return FIRST


def above(below: Store[bytes], **options: Any) -> Versions[bytes]:
    return Versions(Encrypt(below, keys, **options), author=ANN)


def notes(store: Store[Any], key: str) -> list[Note]:
    """Of each revision, oldest first."""
    return [one.note for one in store.history(key)][::-1]


@pytest.fixture(params=KINDS)
def below(request: pytest.FixtureRequest) -> Weaker:
    return Weaker("", request.param)


@pytest.fixture
def store(below: Weaker) -> Versions[bytes]:
    store = above(below)
    for value, message in ((b"1", "first"), (b"2", "second"), (b"3", "third")):
        with store.note(message=message):
            store["a"] = value
    return store


def test_a_note_is_read_with_the_key_and_not_without(below: Weaker, store: Versions[bytes]) -> None:
    with store.note(author=BOB, message="mistake"):
        del store["a"]
        store["a"] = b"4"
    expected = [*[Note(ANN, each) for each in ("first", "second", "third")], *[Note(BOB, "mistake")] * 2]
    assert notes(store, "a") == notes(above(below), "a") == expected
    stored = b"".join(below.raw().values())
    assert not [each for each in (ANN.encode(), BOB.encode(), b"mistake", b"first") if each in stored]
    assert notes(Versions(below), "a") == [Note(SEALED)] * 5
    assert notes(Versions(Encrypt(below, lambda: SECOND)), "a") == [Note(SEALED)] * 5
    assert list(store.fsck()) == []
    assert list(Versions(below).fsck()) == []


@pytest.mark.parametrize(
    "stack",
    [
        lambda below: Versions(Json(Encrypt(below, keys)), ANN),
        lambda below: Json(Encrypt(Versions(below, ANN), keys)),
        lambda below: Json(Versions(Escape(Encrypt(Prefix(below, "app"), keys)), ANN)),
        lambda below: Prefix(Json(Encrypt(Prefix(Versions(below, ANN), "app"), keys)), "more"),
    ],
)
def test_it_is_sealed_whatever_the_order_of_the_layers(stack: Any) -> None:
    below = Memory()
    store = stack(below)
    store["a"], store["b"] = 1, 2
    gc.collect()
    store["a"] = 3
    assert notes(store, "a") == [Note(ANN)] * 2
    assert ANN.encode() not in b"".join(below.raw().values())
    assert notes(stack(below), "a") == [Note(ANN)] * 2


def test_each_prefix_has_its_own_seal() -> None:
    versions = Versions(Memory(), ANN)
    one = Encrypt(Prefix(versions, "one"), keys)
    two = Encrypt(Prefix(versions, "two"), lambda: SECOND)
    one["a"], two["a"], versions["three"] = b"1", b"2", b"3"
    assert notes(one, "a") == notes(two, "a") == notes(versions, "three") == [Note(ANN)]
    del one
    assert notes(versions, "one/a") == [Note(SEALED)]


def forge(below: Store[bytes], number: int, change: Any) -> None:
    """Put what ``change`` makes of stamp and value in the place of a record, and of the head if it is that."""
    key = record(below, "a", number)
    data = below.raw()[key]
    made = change(*Stamp.parse("a", data))
    if below.raw().get("a") == data:
        below["a"] = made
    below.raw()[key] = made


FORGERIES: dict[str, Any] = {
    "author": lambda stamp, value: stamp._replace(sealed=b"", note=Note("Eve")).prepend_to(value),
    "no author": lambda stamp, value: stamp._replace(sealed=b"", note=Note()).prepend_to(value),
    "seal": lambda stamp, value: stamp._replace(
        sealed=stamp.sealed[:-1] + bytes([stamp.sealed[-1] ^ 1])
    ).prepend_to(value),
    "cut": lambda stamp, value: stamp._replace(sealed=stamp.sealed[:9]).prepend_to(value),
    "time": lambda stamp, value: stamp._replace(micros=stamp.micros + 1).prepend_to(value),
    "id": lambda stamp, value: stamp._replace(id=b"8 bytes.").prepend_to(value),
    "value": lambda stamp, value: stamp.prepend_to(value + b"?"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("number", [2, 3])
def test_fsck_finds_a_forged_stamp(below: Weaker, store: Versions[bytes], number: int, forgery: str) -> None:
    forge(below, number, FORGERIES[forgery])
    assert ("a", number, False) in told(store.fsck())
    if "author" not in forgery:
        with pytest.raises(Corrupt, match="stamp"):
            notes(store, "a")


def test_a_stamp_is_not_moved_to_another_revision_or_key(below: Weaker, store: Versions[bytes]) -> None:
    with store.note(message="of b"):
        store["b"] = b"1"
        store["b"] = b"2"
        store["b"] = b"3"
    below.raw()[record(below, "a", 2)] = below.raw()[record(below, "b", 2)]
    assert ("a", 2, False) in told(store.fsck())
    below.raw()[record(below, "b", 2)] = below.raw()[record(below, "b", 3)]
    assert ("b", 2, False) in told(store.fsck())


def test_an_old_history_is_read_and_written_on() -> None:
    below = Memory()
    below.raw().update({key: bytes.fromhex(data) for key, data in OLD.items()})
    store = Versions(Json(Encrypt(below, keys)), author="Ann")
    assert store["invoices/17"] == {"total": "107.10"}
    assert notes(store, "invoices/17") == [Note("Ann"), Note("Ann", "the discount was missing")]
    assert notes(store, "gone") == [Note("Ann")] * 2
    assert [store.at("invoices/17", number)["total"] for number in (1, 2)] == ["119.00", "107.10"]
    then = datetime.now(UTC)
    with store.note(message="paid"):
        store["invoices/17"] = {"total": "0.00"}
    assert notes(store, "invoices/17")[1:] == [Note("Ann", "the discount was missing"), Note("Ann", "paid")]
    assert store.as_of(then)["invoices/17"] == {"total": "107.10"}
    assert list(store.fsck()) == []
    strict = Versions(Json(Encrypt(below, keys, bound=True)))
    expected = [("gone", 1), ("gone", 2), ("invoices/17", 1), ("invoices/17", 2)]
    assert sorted((one.key, one.revision) for one in strict.fsck()) == expected


def test_an_unsealed_stamp_after_a_sealed_one_is_reported_and_before_it_is_not() -> None:
    below = Memory()
    Versions(below, "before")["a"] = b"1"
    above(below)["a"] = b"2"
    assert list(above(below).fsck()) == []
    Versions(below, "Eve")["a"] = b"3"
    assert told(above(below).fsck()) == [("a", 3, False)]


def test_what_a_writer_without_versions_did_is_not_sealed_and_no_problem() -> None:
    below = Weaker("", "ATOMIC")
    store = above(below)
    store["a"] = b"1"
    below["a"] = Encrypt(below, keys).encode("a", b"2")
    store["a"] = b"3"
    assert [note.author for note in notes(store, "a")] == [ANN, "unknown", ANN]
    assert list(store.fsck()) == []


def test_the_longest_note_is_sealed() -> None:
    store = above(Memory())
    with store.note(author="a" * 255, message="m" * 745):
        store["a"] = b"1"
    assert notes(store, "a") == [Note("a" * 255, "m" * 745)]
    assert store["a"] == b"1"


def test_the_past_of_a_sealed_store_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKS_KEY", FIRST)
    below = Memory("sealed-and-pickled")
    store = Versions(Encrypt(below, "env:BOOKS_KEY"), author=ANN)
    store["a"] = b"1"
    then = store.as_of(datetime.now(UTC))
    assert dict(pickle.loads(pickle.dumps(then))) == {"a": b"1"}
    assert notes(pickle.loads(pickle.dumps(store)), "a") == [Note(ANN)]
    below.raw().clear()


def test_a_record_and_its_head_are_equal_still(below: Weaker, store: Versions[bytes]) -> None:
    last = Stamp.parse("a", below["a"])[0]
    name = Name.of("a", Stamp.parse("a", below.raw()[record(below, "a", 2)])[0])
    assert below.raw()[ROOT + name.text] == below["a"]
    assert last.sealed
