"""The settings of books: they are in the store, and the same wherever the books are opened."""

import json

import pytest

import holdall
from holdall.domain import Invoice
from tests.cli.console import call, contents, good, refusal

CODES = """
default = "8400"

[[rules]]
kind = "tax"
code = "1776"

[[rules]]
text = "rent*"
codes = {4400 = "60%", 4410 = "40%"}
"""
RENT = {
    "number": "7",
    "customer": "Ada",
    "lines": [{"description": "Rent", "amount": "100.00", "tax_rate": 19}],
}
SET = ["books", "set", "--seller", "DE123", "--seller-name", "Seiler GmbH", "--currency", "EUR", "--from"]


@pytest.fixture
def uri(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "codes.toml").write_text(CODES)
    return "sqlite:///books.db"


def add(uri, document, *more):
    return good("invoices", "add", "-", *more, "--into", uri, stdin=json.dumps(document).encode())


def billed(uri, key):
    with holdall.open(uri, type=Invoice) as store:
        return {code: str(amount) for code, amount in store[key].billed().items()}


def rows(uri):
    return {row.pop("setting"): row for row in json.loads(good("books", "settings", "--json", "--from", uri))}


def test_a_document_gets_the_settings_in_the_store(uri):
    shown = good(*SET, uri)
    assert "seller     Seiler GmbH (DE123)" in shown
    good("books", "set", "--codes", "codes.toml", "--from", uri)
    add(uri, RENT)
    assert billed(uri, "invoices/DE123/7") == {"4400": "60.00", "4410": "40.00", "1776": "19.00"}
    assert json.loads(good("invoices", "new", "--into", uri))["seller"] == {
        "id": "DE123",
        "name": "Seiler GmbH",
    }


def test_the_store_wins_over_the_file_and_an_option_over_both(uri, tmp_path):
    (tmp_path / "holdall.toml").write_text(
        '[books]\ncurrency = "CHF"\nseller = "Bo"\n[books.codes]\ndefault = "1"'
    )
    assert rows(uri)["currency"] == {"value": "CHF", "set in": "holdall.toml"}
    good("books", "set", "--currency", "EUR", "--default-code", "8400", "--from", uri)
    assert rows(uri) == {
        "seller": {"value": "Bo (Bo)", "set in": "holdall.toml"},
        "currency": {"value": "EUR", "set in": "the store"},
        "codes": {"value": "0 rules, default 8400", "set in": "the store"},
    }
    add(uri, {"number": "1", "customer": "Ada", "lines": [{"amount": 5}]})
    add(uri, RENT, "--codes", "codes.toml")
    assert billed(uri, "invoices/Bo/1") == {"8400": "5.00"}
    assert billed(uri, "invoices/Bo/7") == {"4400": "60.00", "4410": "40.00", "1776": "19.00"}
    with holdall.open(uri, type=Invoice) as store:
        assert store["invoices/Bo/1"].currency == "EUR"


def test_one_setting_changes_and_the_others_stay(uri):
    good(*SET, uri)
    good("books", "set", "--codes", "codes.toml", "--from", uri)
    good("books", "set", "--default-code", "8500", "--from", uri)
    assert {name: row["value"] for name, row in rows(uri).items()} == {
        "seller": "Seiler GmbH (DE123)",
        "currency": "EUR",
        "codes": "2 rules, default 8500",
    }
    good("books", "set", "--remove", "codes", "--remove", "seller", "--from", uri)
    assert [row["set in"] for row in rows(uri).values()] == ["nowhere", "the store", "nowhere"]


def test_the_history_keeps_the_reason_and_the_layers_hide_the_values(uri):
    uri = f"{uri}?serializer=json&history=on&compress=gzip"
    good(*SET, uri)
    good("books", "set", "--currency", "CHF", "--reason", "moved to Chur", "--from", uri)
    assert "moved to Chur" in good("history", uri, "books/settings")
    assert json.loads(good("get", uri, "books/settings"))["currency"] == "CHF"
    with holdall.open("sqlite:///books.db", manifest="off") as store:
        assert b"CHF" not in store["books/settings"]


def test_a_copy_and_an_export_have_them(uri, tmp_path):
    good(*SET, uri)
    good("books", "set", "--codes", "codes.toml", "--from", uri)
    add(uri, RENT)
    call("cp", uri, "sqlite:///copy.db")
    (tmp_path / "books.ndjson").write_text(good("invoices", "export", "--from", uri))
    assert good("invoices", "import", "books.ndjson", "--into", "file:books") == (
        "imported 2, already there 0, refused 0\n"
    )
    assert contents("sqlite:///copy.db") == contents("file:books") == contents(uri)
    assert "already there 2" in good("invoices", "import", "books.ndjson", "--into", "file:books")
    assert rows("file:books")["currency"] == {"value": "EUR", "set in": "the store"}


def test_an_export_does_not_replace_other_settings(uri, tmp_path):
    good(*SET, uri)
    (tmp_path / "other.json").write_text('{"settings": {"currency": "CHF", "seller": "Bo"}}')
    done = call("invoices", "import", "other.json", "--into", uri)
    assert (done.code, done.out) == (1, "imported 0, already there 0, refused 1\n")
    assert "the books have settings already, and their currency and seller differ from these" in done.err
    assert rows(uri)["currency"]["value"] == "EUR"


def test_a_file_in_a_folder_cannot_set_them(uri, tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "evil.json").write_text('{"settings": {"currency": "CHF", "seller": "Mallory"}}')
    assert "passed over 1 (1 .json)" in good("invoices", "import", "inbox", "--into", uri)
    assert contents(uri) == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--currency", "franc"], "currency: 'franc': write a currency code of ISO 4217"),
        (["--seller", ""], "seller.id: '': write at least one character"),
        (
            ["--codes", "bad.toml"],
            "bad.toml: the mapping of accounting codes is not valid: defualt: unknown field",
        ),
    ],
    ids=["currency", "seller", "codes"],
)
def test_a_setting_that_is_not_valid_changes_nothing(uri, tmp_path, options, said):
    (tmp_path / "bad.toml").write_text("defualt = 1")
    good(*SET, uri)
    before = contents(uri)
    assert said in refusal("books", "set", *options, "--from", uri)
    assert contents(uri) == before


@pytest.mark.parametrize("options", [[], ["--seller-name", "Bo"]], ids=["none", "a name alone"])
def test_it_says_which_option_is_missing(uri, options):
    assert "--seller" in call("books", "set", *options, "--from", uri).err


@pytest.mark.parametrize(
    "stored",
    ['{"currency":"franc"}', '{"codes":{"rules":[{"code":"1"}]}}', '{"owner":"me"}'],
    ids=["currency", "codes", "other"],
)
def test_damaged_settings_are_named_and_can_be_removed(uri, stored):
    with holdall.open(uri) as store:
        store["books/settings"] = stored.encode()
    assert "'books/settings'" in refusal("invoices", "add", "codes.toml", "--into", uri)
    good("del", uri, "books/settings", merged=True)
    good(*SET, uri)


def test_settings_that_are_too_large_are_refused(uri, tmp_path):
    rule = {"text": "rent, as in the contract of the year", "code": "4400"}
    settings = json.dumps({"codes": {"rules": [rule] * 17_000}})
    with holdall.open(uri) as store:
        store["books/settings"] = settings.encode()
    assert "which is more than 1,048,576" in refusal("books", "settings", "--from", uri)
    (tmp_path / "large.json").write_text(f'{{"settings": {settings}}}')
    assert (
        "which is more than 1,048,576" in call("invoices", "import", "large.json", "--into", "file:other").err
    )
