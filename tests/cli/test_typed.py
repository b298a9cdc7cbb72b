"""set through an address with a type or a schema: JSON becomes the declared type, and only sound invoices go in."""

import json

import pytest

import holdall
from holdall import Json, Memory
from holdall.cli.books.open import holds_books
from holdall.domain import Invoice
from tests.cli.console import call, contents, good, refusal
from tests.domain.documents import document

TYPE = "type=holdall.domain.model:Invoice"
SCHEMA = "validate=holdall.domain.schema:InvoiceSchema"
KEY = "invoices/S/7"
SOUND = json.dumps(document())
UNSOUND = json.dumps({**document(), "total": "1.00"})
ADDRESSES = [
    TYPE,
    f"{TYPE}&{SCHEMA}",
    f"serializer=json&{SCHEMA}",
    f"serializer=yaml&{SCHEMA}",
    f"serializer=msgpack&compress=gzip&{TYPE}",
    f"serializer=xml&{TYPE}",
]


@pytest.mark.parametrize("layers", ADDRESSES)
def test_a_document_given_as_json_is_kept_as_the_declared_type(layers):
    uri = f"sqlite:///typed.db?{layers}"
    good("set", uri, KEY, SOUND)
    with holdall.open(uri) as store:
        assert isinstance(store[KEY], Invoice)
    assert json.loads(good("get", uri, KEY)) == json.loads(
        good("invoices", "show", "7", "--from", uri, "--json")
    )
    good("set", uri, KEY, stdin=good("get", uri, KEY).encode())


@pytest.mark.parametrize("layers", ADDRESSES)
def test_an_invoice_that_breaks_a_rule_is_refused(layers):
    uri = f"sqlite:///typed.db?{layers}"
    assert "total: the lines add up to 100.00, but the total is 1.00" in refusal("set", uri, KEY, UNSOUND)
    assert call("ls", uri).out == ""


@pytest.mark.parametrize("given", ["{}", "[]", "1", "no JSON", '{"number": 7}', "[" * 10_000])
def test_what_is_not_the_json_of_the_type_is_refused(given):
    line = refusal("set", f"memory://?{TYPE}", "letters/1", given)
    assert "the value is not the JSON of Invoice: " in line


def test_a_type_of_the_apps_own_is_read_too():
    good("set", "sqlite:///days.db?type=datetime:date", "day", '"2026-09-30"')
    assert "the JSON of date" in refusal("set", "sqlite:///days.db?type=datetime:date", "day", '"2026-02-30"')
    assert contents("sqlite:///days.db") == {"day": b'"2026-09-30"'}


@pytest.mark.parametrize("layers", ["", "?serializer=json", "?manifest=off&serializer=yaml"])
@pytest.mark.parametrize("given", [SOUND, UNSOUND, '{"note": "a letter"}'])
def test_no_document_without_a_type_is_set_among_the_invoices_of_books(books, layers, given):
    before = contents(books)
    assert "'invoices/S/7' is a key of an invoice" in refusal("set", f"{books}{layers}", KEY, given)
    assert contents(books) == before


def test_the_refusal_says_which_type_to_add(books):
    line = refusal("set", books, KEY, SOUND)
    assert line.endswith("add type=holdall.domain.model:Invoice to it, or use `holdall invoices import`")
    good("set", f"{books}?{TYPE}", KEY, SOUND)
    good("set", books, "letters/1", "a letter")
    good("invoices", "show", "7", "--from", books)


def test_a_store_without_invoices_takes_any_document_under_their_keys(uri):
    good("set", uri, "invoices/17", '{"customer": "Acme"}')
    good("set", uri, "invoices/18", "no JSON")
    assert len(contents(uri)) == 2


def test_books_are_known_behind_stray_documents():
    store = Memory()
    store.update({f"invoices/A/{number}": b"[" * 5_000 for number in range(9)})
    assert not holds_books(store)
    Json(store, Invoice)["invoices/S/7"] = holdall_invoice()
    assert holds_books(store)
    assert holds_books(Json(store))
    store["invoices/A/9"] = b"not an invoice"
    assert not holds_books(store)  # ten documents are tried, and no more


def holdall_invoice():
    return Json(Memory(), Invoice).decode("", SOUND.encode())
