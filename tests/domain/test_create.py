"""A small document makes a whole invoice; a wrong one is refused with every error, by path."""

import json
from datetime import date
from decimal import Decimal

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings

from holdall.domain.books import Books
from holdall.domain.create import documents_in, from_document
from holdall.domain.create.json_schema import FILE, as_text
from holdall.domain.model import Invoice, Item, Party, Split
from holdall.domain.settings import Settings, settings_of
from holdall.errors import Invalid
from tests.domain.made import invoices

TODAY = date(2026, 3, 1)
SETTINGS = settings_of({"currency": "EUR", "seller": {"id": "DE123", "name": "Seiler GmbH"}})
RENT = {"description": "Rent", "amount": "100.00", "codes": {"4400": "60.00", "4410": "40.00"}}
SMALL = {"number": "7", "customer": "Ada", "lines": [RENT]}


def made(defaults=SETTINGS, **changes):
    return from_document(SMALL | changes, defaults, TODAY)


def line(**changes):
    return made(lines=[{"amount": "100.00"} | changes]).lines[0]


def errors(document, defaults=SETTINGS):
    with pytest.raises(Invalid) as caught:
        from_document(document, defaults, TODAY)
    return caught.value.flat()


def test_a_minimal_document_is_an_invoice_by_defaults():
    found = made()
    assert (found.kind, found.issued, found.due, found.currency) == ("invoice", TODAY, None, "EUR")
    assert (found.seller, found.customer) == (Party("DE123", "Seiler GmbH"), Party("Ada", "Ada"))
    assert (found.total, found.billed()) == (Decimal(100), {"4400": Decimal(60), "4410": Decimal(40)})
    (only,) = found.lines
    assert (only.id, only.quantity, only.unit_price, only.kind, only.filed) == (
        "1",
        1,
        Decimal(100),
        "item",
        False,
    )


def test_the_document_goes_before_the_settings():
    found = made(seller="Bo", currency="CHF", issued="2026-02-28", due="2026-03-28")
    assert (found.seller.id, found.currency) == ("Bo", "CHF")
    assert (found.issued, found.due) == (date(2026, 2, 28), date(2026, 3, 28))


def test_books_take_a_plain_dict_and_a_day_of_issue_of_today():
    books = Books({}, SETTINGS)
    assert books.add(SMALL)
    assert abs(books.find("7").issued - date.today()).days <= 1  # noqa: DTZ011 - midnight may pass
    assert not books.add(SMALL | {"issued": str(books.find("7").issued)})


def test_from_json_reads_numbers_and_text_exactly():
    text = '{"number": "7", "customer": {"name": "Ada"}, "lines": [{"amount": 0.1}, {"amount": 0.2}, {"amount": "1"}]}'
    for given_as in (text, text.encode(), b"\xef\xbb\xbf" + text.encode()):
        found = Invoice.from_json(given_as, SETTINGS, TODAY)
        assert [str(each.amount) for each in found.lines] == ["0.10", "0.20", "1.00"]
        assert found.customer == Party("Ada", "Ada")
    with pytest.raises(Invalid, match="there are 2 documents; give one"):
        Invoice.from_json("[{}, {}]")


@pytest.mark.parametrize(
    ("given_as", "quantity", "price", "amount"),
    [
        ({"quantity": 3, "unit_price": "0.333", "amount": None}, "3", "0.333", "1.00"),
        ({"unit_price": 5, "amount": None}, "1", "5", "5.00"),
        ({"quantity": 3}, "3", "33.333333333333", "100.00"),
        ({"quantity": 0}, "0", "100", "100.00"),
        ({"quantity": 3, "unit_price": 30}, "3", "30", "100.00"),
    ],
)
def test_amount_quantity_and_price_follow_from_each_other(given_as, quantity, price, amount):
    fields = {"amount": "100.00"} | given_as
    found = made(lines=[{name: value for name, value in fields.items() if value is not None}]).lines[0]
    assert (found.quantity, found.unit_price, str(found.amount)) == (
        Decimal(quantity),
        Decimal(price),
        amount,
    )


def test_a_price_may_have_an_exponent_as_an_export_of_older_books_has():
    assert line(unit_price="4.5E+3").unit_price == 4500
    assert "lines-0.unit_price" in errors(SMALL | {"lines": [{"amount": 1, "unit_price": "1E+99"}]})


def test_tax_is_one_line_for_each_rate():
    lines = [
        {"amount": "0.05"},
        {"amount": "0.05"},
        {"amount": 10, "tax_rate": "7"},
        {"amount": 1, "tax_rate": 0},
    ]
    found = made(lines=[*lines, {"amount": "-0.05", "kind": "allowance"}], tax_rate=19)
    taxes = [(each.description, str(each.amount)) for each in found.lines if each.kind == "tax"]
    assert taxes == [("VAT 19%", "0.01"), ("VAT 7%", "0.70")]
    assert found.total == Decimal("11.76")
    assert [each.item.tax_rate for each in found.lines[:4]] == [19, 19, 7, 0]


def test_no_rate_is_no_tax():
    assert [each.kind for each in made().lines] == ["item"]


def test_lines_without_codes_take_the_mapping():
    rules = [{"kind": "tax", "code": "1776"}, {"text": "rent*", "codes": {"4400": "60%", "4410": "40%"}}]
    mapped = settings_of({"currency": "EUR", "seller": "Bo", "codes": {"rules": rules, "default": "8400"}})
    lines = [{"description": "Rent", "amount": "0.03"}, {"amount": 5}, RENT | {"codes": {"own": 100}}]
    found = made(mapped, lines=lines, tax_rate="19")
    assert [{each.code: str(each.amount) for each in one.splits} for one in found.lines] == [
        {"4400": "0.02", "4410": "0.01"},
        {"8400": "5.00"},
        {"own": "100.00"},
        {"1776": "19.96"},
    ]


def test_without_a_mapping_they_are_uncoded():
    assert line().splits == (Split("uncoded", Decimal("100.00")),)


def test_a_line_may_name_the_facts_of_its_item():
    item = {"ids": ["RENT"], "tax_rate": 19}
    assert line(item=item).item == Item(ids=("RENT",), tax_rate=Decimal(19))


def test_a_credit_note_has_negative_amounts():
    assert made(kind="credit-note", lines=[{"amount": -5}]).total == Decimal("-5.00")
    assert errors(SMALL | {"kind": "credit-note"}) == {
        "lines": "a credit note lowers the amount owed; write its amounts as negative numbers"
    }


def test_every_error_is_named_at_once_by_path():
    document = {
        "kind": "bill",
        "customer": {},
        "due": "soon",
        "currency": "EURO",
        "paid": True,
        "tax_rate": "high",
        "lines": [
            {"codes": {"1": 1.5, "2": "3.00"}, "quantity": True},
            {"amount": "x", "description": 5},
            {"amount": 5, "codes": {"1": 4}},
            {"amount": 5, "codes": {"1": 5}, "splits": [{"code": "1", "amount": 5}]},
            {"amount": 5, "codes": []},
            "Rent",
        ],
    }
    found = errors(document)
    assert {
        "number": 'write the number, such as "2026-7"',
        "kind": "'bill': write one of invoice, credit-note",
        "customer": '{}: write a text, or an object such as {"id": "C7", "name": "Ada"}',
        "due": "'soon': write a day of the calendar as YYYY-MM-DD",
        "currency": "'EURO': write a currency code of ISO 4217, such as EUR",
        "tax_rate": "'high': write a decimal number as text, such as \"12.50\"",
        "lines-0.codes.1": '1.5: a float is not exact; write a Decimal or text, such as "12.50"',
        "lines-0.quantity": 'True: write a decimal number as text, such as "12.50"',
        "lines-0.amount": "write the amount, or the quantity and the unit_price",
        "lines-1.amount": "'x': write a decimal number as text, such as \"12.50\"",
        "lines-1.description": "5: write text",
        "lines-2.codes": "the codes add up to 4, but the amount is 5; correct one of them",
        "lines-3.codes": "the line has splits too; write one of them",
        "lines-4.codes": '[]: write amounts by code, such as {"4400": "60.00", "4410": "40.00"}',
        "lines-5": "'Rent': write an object with named fields",
    }.items() <= found.items()
    assert found["paid"].startswith("unknown field")
    assert len(found) == 16


def test_what_neither_document_nor_settings_name_is_asked_for():
    found = errors({}, Settings())
    assert sorted(found) == ["currency", "customer", "lines", "number", "seller"]
    assert "or set it for all documents in [books] of holdall.toml" in found["seller"]


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        (
            {"total": 99},
            "total",
            "the lines and their tax add up to 100.00, but the total is 99; correct one",
        ),
        ({"lines": [{"amount": "1.001"}]}, "lines-0.amount", "write at most 15 digits and 2 decimals"),
        ({"lines": [{"amount": 10**15}]}, "lines-0.amount", "write at most 15 digits"),
        ({"lines": [{"amount": 10**400}]}, "lines-0.amount", "write a decimal number"),
        ({"lines": [{"quantity": "9" * 15, "unit_price": "9" * 15}]}, "lines-0.amount", "write the amount"),
        ({"currency": "JPY", "lines": [{"amount": "0.5"}]}, "lines-0.amount", "15 digits and 0 decimals"),
        ({"lines": []}, "lines", "write a list of at least 1"),
    ],
)
def test_a_wrong_amount_is_refused(changes, path, reason):
    found = errors(SMALL | changes)
    assert list(found) == [path]
    assert reason in found[path]


def test_the_message_names_the_invoice():
    with pytest.raises(Invalid, match=r"^invoice '7' is not valid: total: the lines and their tax"):
        made(total=1)
    with pytest.raises(Invalid, match=r"^the invoice is not valid: 'Rent': write an object"):
        from_document("Rent")


@settings(max_examples=40)
@given(invoices())
def test_a_complete_document_makes_the_same_invoice(whole):
    assert from_document(msgspec.to_builtins(whole), Settings()) == whole
    assert Invoice.from_json(msgspec.json.encode(whole)) == whole


def test_a_complete_document_is_not_filed_again():
    first = made(
        settings_of({"currency": "EUR", "seller": "Bo", "codes": {"default": "1"}}), lines=[{"amount": 5}]
    )
    other = settings_of({"codes": {"default": "2"}})
    assert from_document(msgspec.to_builtins(first), other) == first


@pytest.mark.parametrize(
    ("data", "count"),
    [(b"{}", 1), (b"[{}, {}]", 2), (b"[]", 0), (b"{}\n\n{}\r\n{}\n", 3), (b'{\n"a": 1\n}', 1)],
)
def test_one_document_a_list_or_one_a_line(data, count):
    assert len(list(documents_in(data))) == count


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"{}\n{", "line 2: it is not JSON"),
        (b"{\n}x", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[1e99999999999999999999]", "it is not JSON"),
    ],
)
def test_what_is_not_json_is_refused(data, reason):
    with pytest.raises(Invalid, match=f"^{reason}.*; correct it$"):
        list(documents_in(data))


def test_the_shipped_json_schema_is_up_to_date():
    assert FILE.read_text("utf-8") == as_text(), "run python tools/invoice_schema.py"


@pytest.mark.parametrize(
    ("document", "valid"),
    [
        (SMALL, True),
        (SMALL | {"lines": [{"quantity": 2, "unit_price": "1.5", "tax_rate": 19}]}, True),
        (SMALL | {"lines": [{"amount": "1,5"}]}, False),
        (SMALL | {"lines": []}, False),
        (SMALL | {"customer": {}}, False),
        (SMALL | {"paid": True}, False),
        ({"number": "7", "customer": "Ada"}, False),
    ],
)
def test_the_json_schema_agrees(document, valid):
    assert jsonschema_rs.is_valid(json.loads(FILE.read_text("utf-8")), document) is valid


@settings(max_examples=25)
@given(invoices())
def test_the_json_schema_accepts_complete_documents(whole):
    assert jsonschema_rs.is_valid(json.loads(FILE.read_text("utf-8")), json.loads(msgspec.json.encode(whole)))


def test_settings_are_refused_with_every_error():
    with pytest.raises(Invalid) as caught:
        settings_of({"currency": "EURO", "seller": 5, "codes": {"rules": [{}]}, "color": "red"})
    assert sorted(caught.value.flat()) == ["codes.rules-0.code", "color", "currency", "seller"]
