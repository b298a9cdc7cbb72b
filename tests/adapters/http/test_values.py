"""Documents, text and bytes over HTTP: layers here work on the form in which the service sends values."""

from decimal import Decimal

import msgspec
import pytest

import holdall
from holdall import (
    Conflict,
    Invalid,
    Json,
    Lease,
    Memory,
    MessagePack,
    Text,
    Unsupported,
    Validate,
    Versions,
    Zstd,
)
from holdall.adapters.http import HTTP
from holdall.errors import InvalidKey, Mismatch, TooLarge
from holdall.server import Limits
from holdall.store import ABSENT
from tests.adapters.http.service import running
from tests.cli.console import call


class Invoice(msgspec.Struct):
    customer: str
    total: Decimal
    lines: list[Decimal] = []


class Positive:
    """A schema of FormEncode's interface."""

    def to_python(self, value, state=None):
        if value.total < 0:
            raise Invalid("the total is negative", errors={"total": "it is negative"})
        return value


KINDS = {
    "bytes": Memory,
    "text": lambda: Text(Memory()),
    "documents": lambda: Validate(MessagePack(Memory(), Invoice), Positive()),
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    with running(KINDS[request.param], stores=8) as service:
        service.kind = request.param
        yield service


@pytest.fixture(scope="module")
def documents():
    with running(KINDS["documents"], stores=8) as service:
        yield service


INVOICES = {
    "2026/1": Invoice("Ann", Decimal("1.10"), [Decimal("1.10")]),
    "2026/é": Invoice("Bó", Decimal("0.30")),
}


def test_documents_of_a_type_are_read_and_written_on_any_service(kind):
    with kind.open() as store:
        invoices = Json(store, type=Invoice)
        invoices.update(INVOICES)
        invoices["2026/3"] = INVOICES["2026/1"]
        assert dict(invoices.items()) == {**INVOICES, "2026/3": INVOICES["2026/1"]}
        assert list(invoices.get_many(["2026/é"])) == [("2026/é", INVOICES["2026/é"])]
        paid = invoices.modify("2026/1", lambda found: msgspec.structs.replace(found, total=Decimal("2.00")))
        assert str(paid.total) == str(invoices["2026/1"].total) == "2.00"
        with pytest.raises(Conflict):
            invoices.swap("2026/1", paid, ABSENT)
        invoices.transact([holdall.Put("a", paid), holdall.Delete("2026/1")])
        assert sorted(invoices) == ["2026/3", "2026/é", "a"]


def test_the_service_validates_too(documents):
    with documents.open() as store:
        loose = Json(store)
        good = {"customer": "Ann", "total": "1"}
        for call in (
            lambda: loose.__setitem__("a", {"customer": 7, "total": "1"}),
            lambda: loose.update({"a": good, "b": {"customer": 7, "total": "1"}}),
            lambda: loose.transact([holdall.Put("a", good), holdall.Put("b", {"customer": 7, "total": "1"})]),
        ):
            with pytest.raises(Invalid) as refused:
                call()
            assert refused.value.flat() == {"customer": "Expected `str`, got `int`"}
        with pytest.raises(Invalid) as refused:
            loose["a"] = {"customer": "Ann", "total": "-1"}
        assert refused.value.flat() == {"total": "it is negative"}
        assert set(loose) <= {"a"}


@pytest.mark.parametrize("value", [b"\xff", b"{", b"", b'"\xff"'])
def test_values_of_another_kind_are_refused(kind, value):
    if kind.kind == "bytes" or (kind.kind == "text" and b"\xff" not in value):
        return
    with kind.open() as store:
        for call in (
            lambda: store.__setitem__("a", value),
            lambda: store.update({"a": value, "b": value}),
            lambda: store.swap("a", value, ABSENT),
            lambda: store.transact([holdall.Put("a", value)]),
        ):
            with pytest.raises(Invalid):
                call()
        assert not store


def test_an_address_with_a_serializer_needs_no_manifest(documents):
    place = documents.open()._link.place.url
    with holdall.open(place, type=Invoice) as store:
        store["a"] = INVOICES["2026/1"]
        assert dict(store.items()) == {"a": INVOICES["2026/1"]}
    with (
        holdall.open(place, type=Invoice, manifest="require") as store,
        pytest.raises(Unsupported, match="--raw"),
    ):
        store["a"]


def test_reserved_keys_need_a_service_that_shows_them(kind):
    with kind.open() as store:
        for call in (
            lambda: store.raw()["a"],
            lambda: store.raw().__setitem__(".holdall/x", b"1"),
            lambda: list(store.raw()),
            lambda: Lease(store, "l", 60).acquire(),
        ):
            with pytest.raises(Unsupported, match="--raw"):
                call()
        with pytest.raises(InvalidKey):
            store[".holdall/x"] = b"1"


def test_layers_with_records_work_on_a_service_that_shows_reserved_keys():
    with running(raw=True, stores=4) as service:
        with service.open() as store:
            notes = Versions(Text(Zstd(store)))
            notes["a"] = "one"
            notes["a"] = "two"
            assert [notes.at("a", each.number) for each in notes.history("a")] == ["two", "one"]
            with Lease(store, "l", 60):
                assert list(store.raw(".holdall/leases/"))
        place = service.open()._link.place.url
        with holdall.open(place, serializer="json", compress="gzip") as guarded:
            guarded["a"] = {"n": 1}
        with holdall.open(place, serializer="json") as other, pytest.raises(Mismatch, match="compress=gzip"):
            other["a"]


def test_a_service_with_a_small_limit():
    with running(limits=Limits(body=2000), stores=4) as service, service.open() as store:
        values = {f"k{number}": bytes([number]) * 700 for number in range(9)}
        store.update(values)
        assert dict(store.items()) == dict(store.get_many(values)) == values
        store.delete_many(f"gone/{number:0300}" for number in range(50))
        store["b"] = b"x" * 2000
        for call in (
            lambda: store.__setitem__("a", b"x" * 2001),
            lambda: store.update({"a": b"x" * 2001, "b": b""}),
            lambda: store.transact([holdall.Put("a", b"x" * 1500)]),
        ):
            with pytest.raises(TooLarge):
                call()


def test_values_that_have_no_room_in_a_batch_are_read(monkeypatch):
    monkeypatch.setattr("holdall.server.batch._LARGEST", 1000)
    with running(stores=4) as service, service.open() as store:
        values = {"a": b"x" * 2000, "b": b"1", "c": b"y" * 400, "d": b"z" * 400, "e": b"w" * 2000}
        store.update(values)
        assert dict(store.get_many(values)) == values


def test_cp_on_the_command_line(tmp_path):
    with running(stores=4) as service, holdall.open(f"sqlite:///{tmp_path}/a.db") as source:
        source.update((f"k{number:03}", b"%d" % number) for number in range(500))
        place = service.open()._link.place.url
        assert "copied 500 keys" in call("cp", f"sqlite:///{tmp_path}/a.db", place).err
        with HTTP(place) as there:
            assert there == source
