"""Codecs: what cannot be kept is Invalid, what cannot have been kept is Corrupt, and both name the key."""

import datetime
import decimal
from typing import Any

import msgspec
import pytest

from holdall import (
    Codec,
    Conflict,
    Corrupt,
    Expires,
    Gzip,
    Invalid,
    Json,
    Memory,
    PermissionDenied,
    Prefix,
    TooLarge,
    Unsupported,
)
from holdall.store import ABSENT, Put


class Bill(msgspec.Struct):
    number: str
    amount: decimal.Decimal
    due: datetime.date
    lines: list[int] = []


class Total(msgspec.Struct):
    amount: decimal.Decimal


class Failing(Codec[str, bytes]):
    """Fails as a codec's library may: with an error that would mean something else."""

    def encode(self, key: str, value: str) -> bytes:
        raise KeyError(value)

    def decode(self, key: str, data: bytes) -> str:
        raise KeyError(data)


@pytest.fixture
def bills() -> Json[Bill]:
    return Json(Memory(), type=Bill)


BILL = Bill("7", decimal.Decimal("119.00"), datetime.date(2026, 11, 22), [1])


def test_decimals_and_dates_stay_exact(bills: Json[Bill]) -> None:
    bills["7"] = BILL
    assert bills["7"] == BILL
    assert str(bills["7"].amount) == "119.00"
    assert bills.raw()["7"] == b'{"number":"7","amount":"119.00","due":"2026-11-22","lines":[1]}'


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"null", b'{"number":"7"}', b'{"number":7}', b"\0" * 9])
def test_undecodable_bytes_are_corrupt_for_every_reader(bills: Json[Bill], data: bytes) -> None:
    bills.raw()["bad"] = data
    reads: list[Any] = [
        lambda: bills["bad"],
        lambda: bills.get("bad"),
        lambda: list(bills.scan_items()),
        lambda: list(bills.values()),
        lambda: list(bills.get_many(["bad"])),
        lambda: bills.get_tagged("bad"),
        lambda: bills.modify("bad", lambda bill: bill),
        lambda: bills.setdefault("bad", BILL),
    ]
    for read in reads:
        with pytest.raises(Corrupt, match="'bad'") as damaged:
            read()
        assert damaged.value.key == "bad"
    assert bills.raw()["bad"] == data
    assert "bad" in bills


def test_damage_in_one_document_hides_none_before_it(bills: Json[Bill]) -> None:
    bills.update({"1": BILL, "3": BILL})
    bills.raw()["2"] = b"?"
    scan = bills.scan_items()
    assert next(scan) == ("1", BILL)
    with pytest.raises(Corrupt):
        next(scan)
    assert list(bills.scan()) == ["1", "2", "3"]


def test_any_failure_of_a_codec_is_invalid_or_corrupt() -> None:
    store = Failing(Memory())
    store.raw()["a"] = b"1"
    for write in (lambda: store.update(b="x"), lambda: store.swap("b", "x", ABSENT)):
        with pytest.raises(Invalid, match="'b'") as refused:
            write()
        assert refused.value.key == "b"
    with pytest.raises(Invalid):
        store.transact([Put("c", "x")])
    for read in (lambda: store["a"], lambda: store.get("a"), lambda: store.pop("a")):
        with pytest.raises(Corrupt):
            read()


def test_what_the_function_of_modify_raises_is_its_own(bills: Json[Bill]) -> None:
    bills["7"] = BILL
    with pytest.raises(ZeroDivisionError):
        bills.modify("7", lambda bill: 1 // 0)  # type: ignore[arg-type,return-value]


def test_a_default_is_decoded_as_a_stored_document_is(bills: Json[Bill]) -> None:
    seen: list[Bill] = []
    bills.modify("7", lambda bill: seen.append(bill) or bill, default=BILL)
    assert seen == [BILL]
    assert bills["7"] == BILL


def test_a_typed_view_decodes_what_it_declares_and_is_read_only(bills: Json[Bill]) -> None:
    bills["7"] = BILL
    for view in (bills.typed(Total), Prefix(bills, "a").typed(Total)):
        with pytest.raises(PermissionDenied):
            view["8"] = Total(decimal.Decimal(1))
    assert list(bills.typed(Total).values()) == [Total(decimal.Decimal("119.00"))]
    with pytest.raises(Unsupported):
        Failing(Memory()).typed(Total)


def test_a_conflict_passes_through(bills: Json[Bill]) -> None:
    bills["7"] = BILL
    with pytest.raises(Conflict):
        bills.swap("7", BILL, ABSENT)


class Refusing(Codec[bytes, bytes]):
    """Says itself what is wrong, and why."""

    def encode(self, key: str, value: bytes) -> bytes:
        if key == "large":
            raise TooLarge("1 byte is the most", key=key)
        return value

    def decode(self, key: str, data: bytes) -> bytes:
        raise PermissionDenied(f"{key!r} is sealed", key=key) from OSError("no key")


def test_an_error_that_a_codec_words_itself_keeps_its_kind_and_cause() -> None:
    store = Refusing(Memory())
    store["a"] = b"1"
    for write in (lambda: store.update(large=b"12"), lambda: store.swap("large", b"12", ABSENT)):
        with pytest.raises(TooLarge, match=r"^1 byte is the most$"):
            write()
    for read in (lambda: store["a"], lambda: store.get("a"), lambda: list(store.items())):
        with pytest.raises(PermissionDenied) as caught:
            read()
        assert repr(caught.value.__cause__) == "OSError('no key')"


class Exhausting(Codec[str, bytes]):
    """Finds no memory for what it makes of a value."""

    def encode(self, key: str, value: str) -> bytes:
        raise MemoryError

    def decode(self, key: str, data: bytes) -> str:
        raise MemoryError


def test_a_lack_of_memory_is_neither_invalid_nor_corrupt() -> None:
    store = Exhausting(Memory())
    store.raw()["a"] = b"1"
    calls: list[Any] = [
        lambda: store.update(b="x"),
        lambda: store.__setitem__("b", "x"),
        lambda: store["a"],
        lambda: store.get("a"),
        lambda: list(store.items()),
        lambda: store.get_tagged("a"),
    ]
    for call in calls:
        with pytest.raises(MemoryError) as caught:
            call()
        assert type(caught.value) is MemoryError


@pytest.mark.parametrize("paid", [-1, 1])
def test_a_document_that_a_function_changed_without_returning_it_is_not_lost(paid: int) -> None:
    store = Json[Any](Memory())
    store["7"] = {"paid": 0}
    with pytest.raises(TypeError, match="return"):
        store.modify("7", lambda document: document.update(paid=paid))
    assert store["7"] == {"paid": 0}


@pytest.mark.parametrize("take", [lambda store: store.pop("a"), lambda store: store.popitem()])
@pytest.mark.parametrize("layer", [Json, Gzip, lambda store: Expires(store, ttl=60)])
def test_a_value_that_cannot_be_decoded_is_not_deleted_by_taking_it(layer: Any, take: Any) -> None:
    below = Memory()
    below["a"] = data = b"\xfb?"
    with pytest.raises(Corrupt):
        take(layer(below))
    assert below["a"] == data
    layer(below)["a"] = b"1" if layer is not Json else 1
    assert take(layer(below)) in (b"1", 1, ("a", b"1"), ("a", 1))
    assert not below


def test_a_codec_needs_both_directions() -> None:
    for lacking in ("encode", "decode"):
        there = {name: lambda *_: b"" for name in {"encode", "decode"} - {lacking}}
        with pytest.raises(TypeError, match=lacking):
            type("Half", (Codec,), there)(Memory())
