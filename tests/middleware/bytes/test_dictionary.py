"""Dictionaries for Zstandard: trained from a store, kept in it, found by every process, missed by name."""

import contextlib
import json
import pickle

import pytest
import zstandard

from holdall import Corrupt, Invalid, Memory, Prefix, StoreNotFound, Zstd
from holdall.middleware.dictionary import train
from tests.middleware.bytes.damage import CORRUPT, flips, read, truncations


def document(number: int) -> bytes:
    lines = [{"text": f"Line {n}", "amount": f"{number * n}.00", "account": "8400"} for n in range(5)]
    return json.dumps({"number": f"INV-{number:05}", "currency": "EUR", "lines": lines}).encode()


@pytest.fixture
def below() -> Memory:
    below = Memory("dictionaries")
    below.raw().clear()
    Zstd(below).update((f"invoices/{n}", document(n)) for n in range(400))
    return below


def test_small_documents_gain_and_old_ones_stay(below: Memory) -> None:
    plain = len(below["invoices/7"])
    books = Zstd(below, dictionary=train(Zstd(below), size=4096))
    books["invoices/7"] = document(7)
    assert len(below["invoices/7"]) < plain / 2
    assert books["invoices/8"] == document(8)
    assert Zstd(below)["invoices/7"] == document(7)
    assert dict(books.items()) == {f"invoices/{n}": document(n) for n in range(400)}


def test_a_dictionary_is_a_reserved_key_of_the_store(below: Memory) -> None:
    id = train(Zstd(below), size=4096)
    assert list(below.raw(".holdall/zstd/")) == [str(id)]
    assert len(below) == 400
    assert train(Zstd(below), size=4096) == id


def test_what_another_dictionary_wrote_is_read(below: Memory) -> None:
    old, new = train(Zstd(below), size=1024), train(Zstd(below), size=4096)
    assert old != new
    Zstd(below, dictionary=old)["invoices/7"] = document(7)
    books = Zstd(below, dictionary=new)
    books["invoices/8"] = document(8)
    assert [books[f"invoices/{n}"] for n in (7, 8, 9)] == [document(n) for n in (7, 8, 9)]


def test_a_pickle_finds_it(below: Memory) -> None:
    books = Zstd(below, dictionary=train(Zstd(below), size=4096))
    books["invoices/7"] = document(7)
    again = pickle.loads(pickle.dumps(books))
    again["invoices/8"] = document(8)
    assert (again["invoices/7"], books["invoices/8"]) == (document(7), document(8))


def test_it_belongs_to_the_part_of_the_store_it_was_trained_on(below: Memory) -> None:
    books = Zstd(Prefix(below, "invoices"))
    id = train(books, size=4096)
    assert list(below.raw("invoices/.holdall/zstd/")) == [str(id)]
    with pytest.raises(StoreNotFound, match=str(id)):
        Zstd(below, dictionary=id)["a"] = b"a"


def test_a_missing_dictionary_is_named(below: Memory) -> None:
    id = train(Zstd(below), size=4096)
    books = Zstd(below, dictionary=id)
    books["invoices/7"] = document(7)
    below.raw().discard(f".holdall/zstd/{id}")
    again = Zstd(below, dictionary=id)
    with pytest.raises(Corrupt, match=f"'invoices/7'.*dictionary {id}"):
        again["invoices/7"]
    with pytest.raises(StoreNotFound, match=str(id)):
        again["invoices/8"] = document(8)
    assert again["invoices/9"] == document(9)


def test_a_damaged_dictionary_is_never_another_value(below: Memory) -> None:
    id = train(Zstd(below), size=512)
    Zstd(below, dictionary=id)["a"] = document(7)
    dictionary = below.raw(".holdall/zstd/")[str(id)]
    for damaged in (*list(flips(dictionary))[::7], dictionary[:3], b""):
        below.raw(".holdall/zstd/")[str(id)] = damaged
        with contextlib.suppress(Corrupt):
            assert Zstd(below)["a"] == document(7)


def test_damage_of_what_a_dictionary_wrote(below: Memory) -> None:
    books = Zstd(below, dictionary=train(Zstd(below), size=1024))
    books["a"] = document(7)
    data = below["a"]
    for damaged in (*truncations(data), *flips(data)):
        below["a"] = damaged
        assert read(books, "a") is CORRUPT


def test_an_empty_value_needs_none(below: Memory) -> None:
    Zstd(below, dictionary=train(Zstd(below), size=1024))["a"] = b""
    below.raw(".holdall/").clear()
    assert Zstd(below)["a"] == b""


def test_other_programs_read_it_with_the_dictionary(below: Memory) -> None:
    id = train(Zstd(below), size=1024)
    Zstd(below, dictionary=id)["a"] = document(7)
    dictionary = zstandard.ZstdCompressionDict(below.raw(".holdall/zstd/")[str(id)])
    assert zstandard.ZstdDecompressor(dictionary).decompress(below["a"]) == document(7)


def test_samples_are_spread_over_the_keys_and_bounded(below: Memory) -> None:
    seen: list[str] = []

    class Seen(Zstd):
        def decode(self, key: str, data: bytes) -> bytes:
            seen.append(key)
            return super().decode(key, data)

    train(Seen(below), "invoices/", size=1024, samples=100)
    assert seen == sorted(below)[::4]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_values_are_invalid(count: int) -> None:
    store = Zstd(Memory())
    store.update((f"k{n}", document(n)) for n in range(count))
    with pytest.raises(Invalid, match="more values"):
        train(store)
    assert list(store.raw()) == list(store)
