"""The door: what an invoice must be to be kept, and that every error of one is reported, where it is."""

import copy
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.domain.model import Invoice
from holdall.domain.schema import InvoiceSchema, check
from tests.domain.documents import Change, deep, document, drop, errors_of, put
from tests.domain.made import invoices


def test_a_document_becomes_decimals_and_days() -> None:
    clean = InvoiceSchema.to_python(document())
    assert clean["total"] == Decimal("100.00")
    assert clean["due"] == date(2026, 1, 31)
    assert msgspec.convert(clean, Invoice).owed() == {"4400": 30, "4410": 20}


def test_the_schema_changes_nothing_in_what_it_is_given() -> None:
    given_document = document()
    InvoiceSchema.to_python(given_document)
    assert given_document == document()


def test_a_field_with_a_default_may_be_missing() -> None:
    least = document()
    for field in ("due", "payments", "references"):
        del least[field]
    del least["lines"][0]["kind"]
    clean = InvoiceSchema.to_python(least)
    assert (clean["due"], clean["payments"], clean["references"]) == (None, (), ())
    assert clean["lines"][0]["kind"] == "item"


@given(invoices())
def test_the_door_is_open_to_every_sound_invoice(given_invoice: Invoice) -> None:
    assert check(given_invoice) == given_invoice
    plain = msgspec.to_builtins(given_invoice)
    assert msgspec.convert(InvoiceSchema.to_python(plain), Invoice) == given_invoice


# One thing wrong, the field that is blamed, and what the reason says.
WRONG: list[tuple[Change, str, str]] = [
    (put("number", ""), "number", "at least one character"),
    (put("number", 7), "number", "write text"),
    (put("number", None), "number", "write text"),
    (put("number", "7\n8"), "number", "no control characters"),
    (put("number", "\ud800"), "number", "no control characters"),
    (put("number", "7" * 201), "number", "at most 200 characters"),
    (drop("number"), "number", "Missing value"),
    (put("kind", "bill"), "kind", "one of invoice, credit-note"),
    (put("kind", ["invoice"]), "kind", "one of invoice, credit-note"),
    (put("seller", "S"), "seller", "write an object"),
    (put("seller", None), "seller", "write an object"),
    (drop("seller", "id"), "seller.id", "Missing value"),
    (put("seller", "id", ""), "seller.id", "at least one character"),
    (put("issued", "2026-02-30"), "issued", "write a day of the calendar as YYYY-MM-DD"),
    (put("issued", "20260201"), "issued", "write a day of the calendar as YYYY-MM-DD"),
    (put("issued", "2026-W05-1"), "issued", "write a day of the calendar as YYYY-MM-DD"),
    (put("issued", "01.02.2026"), "issued", "write a day of the calendar as YYYY-MM-DD"),
    (put("issued", datetime(2026, 2, 1, tzinfo=UTC)), "issued", "write a day of the calendar as YYYY-MM-DD"),
    (put("issued", None), "issued", "write a day of the calendar as YYYY-MM-DD"),
    (put("due", ""), "due", "write a day of the calendar as YYYY-MM-DD"),
    (put("currency", "EURO"), "currency", "currency code of ISO 4217"),
    (put("currency", "eur"), "currency", "currency code of ISO 4217"),
    (put("currency", ["EUR"]), "currency", "currency code of ISO 4217"),
    (put("total", 100), "total", "decimal number as text"),
    (put("total", 100.0), "total", "decimal number as text"),
    (put("total", True), "total", "decimal number as text"),
    (put("total", None), "total", "decimal number as text"),
    (put("total", "1e2"), "total", "decimal number as text"),
    (put("total", " 100"), "total", "decimal number as text"),
    (put("total", "1_00"), "total", "decimal number as text"),
    (put("total", "\u0661\u0660\u0660"), "total", "decimal number as text"),
    (put("total", "NaN"), "total", "decimal number as text"),
    (put("total", Decimal("NaN")), "total", "at most 15 digits"),
    (put("total", Decimal("Infinity")), "total", "at most 15 digits"),
    (put("total", Decimal("1E+999999")), "total", "at most 15 digits"),
    (put("total", "9" * 16), "total", "at most 15 digits"),
    (put("total", "100.001"), "total", "2 decimals"),
    (put("total", "99.99"), "total", "the lines add up to 100.00, but the total is 99.99"),
    (put("lines", []), "lines", "at least 1"),
    (put("lines", None), "lines", "write a list"),
    (put("lines", {}), "lines", "write a list"),
    (put("lines", "1"), "lines", "write a list"),
    (put("lines", 0, None), "lines-0", "write an object"),
    (put("lines", 1, "amount", "41.00"), "lines-1.splits", "add up to 40.00, but the amount is 41.00"),
    (put("lines", 1, "splits", []), "lines-1.splits", "at least 1"),
    (put("lines", 1, "splits", 0, "code", ""), "lines-1.splits-0.code", "at least one character"),
    (put("lines", 1, "quantity", 1), "lines-1.quantity", "decimal number as text"),
    (put("lines", 1, "quantity", 1.7), "lines-1.quantity", "decimal number as text"),
    (put("lines", 1, "unit_price", True), "lines-1.unit_price", "decimal number as text"),
    (put("lines", 1, "kind", "gift"), "lines-1.kind", "one of item, allowance"),
    (
        put("lines", 1, "splits", [{"code": "9", "amount": "20"}] * 2),
        "lines-1.splits",
        "'9' appears twice",
    ),
    (put("payments", None), "payments", "write a list"),
    (put("payments", 0, "id", ""), "payments-0.id", "at least one character"),
    (put("payments", 0, "on", ""), "payments-0.on", "write a day"),
    (put("payments", 0, "overpaid", 1), "payments-0.overpaid", "true or false"),
    (put("payments", 0, "overpaid", "yes"), "payments-0.overpaid", "true or false"),
    (put("payments", 0, "amount", "50.01"), "payments-0.allocations", "add up to 50.00"),
    (put("payments", 0, "allocations", []), "payments-0.allocations", "at least 1"),
    (
        put("payments", 0, "allocations", 0, "code", "4401"),
        "payments-0.allocations-0.code",
        "'4401' is not billed on this invoice, whose codes are 4400, 4410",
    ),
    (
        put("payments", 0, "allocations", 0, "code", "unapplied"),
        "payments-0.allocations-0.code",
        "'unapplied' is not billed on this invoice",
    ),
    (put("references", [7]), "references-0", "write text"),
    (put("references", "7"), "references", "write a list"),
    (put("number", 10**5000), "number", "a value of the type int: write text"),
    (put("payments", deep(100_000)), "payments-0", "a value of the type list: write an object"),
    (put("payments", {10**5000: deep(100_000)}), "payments", "a value of the type dict: write a list"),
    (put(7, "red"), "7", "unknown field"),
    (put(10**5000, "red"), "a value of the type int", "unknown field"),
    (put("colour", "red"), "colour", "unknown field; leave it out, or write one of number, kind"),
    (put("seller", "colour", "red"), "seller.colour", "write one of id, name"),
    (put("lines", 1, "splits", 0, "kode", "1"), "lines-1.splits-0.kode", "one of code, amount"),
]


@pytest.mark.parametrize(("change", "field", "reason"), WRONG)
def test_one_thing_wrong_is_one_error_at_its_field(change: Change, field: str, reason: str) -> None:
    wrong = document()
    change(wrong)
    errors = errors_of(wrong)
    assert list(errors) == [field]
    assert reason in errors[field]


@pytest.mark.parametrize("value", [None, [], "", 7, b"{}", [("number", "7")]])
def test_what_is_no_document_is_refused(value: object) -> None:
    assert "write an object with named fields" in errors_of(value)[""]


def test_an_empty_document_lacks_every_field_that_has_no_default() -> None:
    assert set(errors_of({})) == {
        *("number", "kind", "seller", "customer", "issued", "currency", "total", "lines")
    }


def test_errors_of_fields_rules_and_unknown_fields_are_reported_together() -> None:
    wrong = document()
    put("number", "")(wrong)
    put("colour", "red")(wrong)
    put("shape", "round")(wrong)
    put("total", "1.00")(wrong)
    put("lines", 0, "description", 1)(wrong)
    put("lines", 1, "amount", "41.00")(wrong)
    assert set(errors_of(wrong)) == {*("number", "colour", "shape", "lines-0.description", "lines-1.splits")}
    wrong["lines"] = document()["lines"]
    assert set(errors_of(wrong)) == {"number", "colour", "shape", "total"}


def test_a_long_value_is_cut_in_the_reason() -> None:
    wrong = document()
    wrong["total"] = "9" * 10**6
    assert len(errors_of(wrong)["total"]) < 200


def test_decimals_are_those_of_the_currency() -> None:
    three = document()
    three["currency"] = "KWD"
    for part in (three["lines"][0], three["lines"][0]["splits"][0]):
        part["amount"] = "60.001"
    three["total"] = "100.001"
    assert InvoiceSchema.to_python(three)["total"] == Decimal("100.001")
    three["currency"] = "JPY"
    assert set(errors_of(three)) == {"total", "lines-0.amount", "lines-0.splits-0.amount"}


def test_a_unit_price_may_have_more_decimals() -> None:
    priced = document()
    priced["lines"][0] |= {"unit_price": "0.000123", "quantity": "487804.878"}
    assert InvoiceSchema.to_python(priced)["lines"][0]["unit_price"] == Decimal("0.000123")


class TestFormEncode:
    """What FormEncode does unless told otherwise, and this schema does not."""

    def test_text_stays_text_on_the_way_out(self) -> None:
        clean = InvoiceSchema.to_python(document())
        assert InvoiceSchema.from_python(clean)["number"] == "7"

    def test_a_default_list_is_not_shared_and_changed(self) -> None:
        bare = document()
        del bare["payments"]
        first = InvoiceSchema.to_python(copy.deepcopy(bare))
        assert first["payments"] == ()

    def test_a_missing_list_is_missing(self) -> None:
        assert errors_of({k: v for k, v in document().items() if k != "lines"}) == {"lines": "Missing value"}

    @given(st.integers() | st.floats() | st.booleans() | st.none())
    def test_no_number_of_another_type_is_an_amount(self, number: object) -> None:
        assert list(errors_of(document() | {"total": number})) == ["total"]
