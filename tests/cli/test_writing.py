"""invoices add, new, export, recode, and what import says of JSON, codes and files that are no invoices."""

import json

import msgspec
import pytest

from holdall import open as open_store
from holdall.domain.model import Invoice
from tests.cli.console import BUNDLED, call, contents, good, refusal

SMALL = {"number": "7", "seller": "Bo", "customer": "Ada", "currency": "EUR", "issued": "2026-03-01"}
RENT = SMALL | {
    "lines": [{"description": "Rent", "amount": "100.00", "codes": {"4400": "60.00", "4410": "40.00"}}]
}
OPEN = SMALL | {"number": "8", "lines": [{"description": "Rent", "amount": 100.5, "tax_rate": 19}]}
CODES = 'default = "8400"\n[[rules]]\nkind = "tax"\ncode = "1776"\n'


@pytest.fixture
def uri(folder):
    return "sqlite:///books.db"


@pytest.fixture
def rent(folder):
    (folder / "rent.json").write_text(json.dumps(RENT))
    return folder / "rent.json"


@pytest.fixture
def codes(folder):
    (folder / "codes.toml").write_text(CODES)
    return folder / "codes.toml"


def billed(uri, number):
    document = json.loads(good("invoices", "show", number, "--from", uri, "--json"))
    return {part["code"]: part["amount"] for line in document["lines"] for part in line["splits"]}


def test_a_document_is_added_once(uri, rent):
    assert good("invoices", "add", rent, "--into", uri) == "imported 1, already there 0, refused 0\n"
    assert good("invoices", "add", rent, "--into", uri) == "imported 0, already there 1, refused 0\n"
    assert billed(uri, "7") == {"4400": "60.00", "4410": "40.00"}


@pytest.mark.parametrize("form", ["list", "lines"])
def test_several_documents_on_standard_input(uri, form):
    several = [RENT, OPEN]
    data = json.dumps(several) if form == "list" else "\n".join(map(json.dumps, several))
    assert "imported 2" in good("invoices", "add", "-", "--into", uri, stdin=data.encode())
    assert billed(uri, "8") == {"uncoded": "100.50", "VAT": "19.10"}


def test_the_good_are_added_and_the_bad_named_with_every_error(uri):
    data = json.dumps([RENT, {"number": "8"}, OPEN | {"lines": [{"amount": "1,5"}]}]).encode()
    done = call("invoices", "add", "-", "--into", uri, stdin=data)
    assert (done.code, done.out) == (1, "imported 1, already there 0, refused 2\n")
    first, second = done.err.splitlines()
    assert first.startswith("refused: <standard input>: document 2: invoice '8' is not valid: ")
    assert all(path in first for path in ("seller: ", "customer: ", "currency: ", "lines: "))
    assert "document 3: invoice '8' is not valid: lines-0.amount: '1,5': write a decimal number" in second


@pytest.mark.parametrize("data", [b"", b"{", b"\x00", b"<Invoice/>"])
def test_what_is_not_json_is_refused_by_name(uri, data):
    done = call("invoices", "add", "-", "--into", uri, stdin=data)
    assert (done.code, done.out) == (1, "imported 0, already there 0, refused 1\n")
    assert "refused: <standard input>: it is not JSON" in done.err


def test_settings_come_from_the_configuration(folder, uri, monkeypatch):
    (folder / "holdall.toml").write_text(f'[books]\ncurrency = "CHF"\nseller = "Bo"\n{_nested(CODES)}')
    monkeypatch.chdir(folder)
    small = {"number": "9", "customer": "Ada", "lines": [{"amount": 5, "tax_rate": "8.1"}]}
    good("invoices", "add", "-", "--into", uri, stdin=json.dumps(small).encode())
    assert billed(uri, "9") == {"8400": "5.00", "1776": "0.41"}
    assert json.loads(good("invoices", "new"))["currency"] == "CHF"
    (folder / "holdall.toml").write_text('[books]\ncurrency = "franc"\n')
    line = refusal("invoices", "add", "-", "--into", uri)
    assert "holdall.toml: [books]: the settings of the books are not valid: currency: 'franc'" in line
    (folder / "holdall.toml").write_text("books = 5\n")
    assert "holdall.toml: books is not a table; write [books]" in refusal("invoices", "new")


def _nested(codes):
    return "[books.codes]\n" + codes.replace("[[rules]]", "[[books.codes.rules]]")


def test_the_template_is_a_document_that_is_nearly_valid(uri):
    document = json.loads(good("invoices", "new"))
    done = call("invoices", "add", "-", "--into", uri, stdin=json.dumps(document).encode())
    assert done.code == 1
    assert "seller.id: '': write at least one character" in done.err
    document |= {"seller": "Bo", "customer": "Ada"}
    assert "imported 1" in good("invoices", "add", "-", "--into", uri, stdin=json.dumps(document).encode())


def test_an_export_imports_again_to_equal_books(uri, folder, rent):
    good("invoices", "import", BUNDLED, "--into", uri)
    good("invoices", "add", rent, "--into", uri)
    good("invoices", "pay", "7", "--amount", "5", "--id", "a", "--from", uri)
    (folder / "books.ndjson").write_text(good("invoices", "export", "--from", uri))
    assert "imported 31" in good("invoices", "import", folder / "books.ndjson", "--into", "sqlite:///copy.db")
    with open_store(uri, type=Invoice) as first, open_store("sqlite:///copy.db", type=Invoice) as second:
        assert dict(first.items()) == dict(second.items())


def test_import_takes_json_from_a_folder_and_files_its_lines(uri, folder, codes):
    (folder / "in").mkdir()
    (folder / "in" / "batch.json").write_text(json.dumps([RENT, OPEN]))
    *lines, last = good(
        "invoices", "import", folder / "in", "--codes", codes, "--explain", "--into", uri
    ).splitlines()
    assert last == "imported 2, already there 0, refused 0"
    assert [line.partition("document ")[2] for line in lines] == [
        "1: 7 line 1 Rent: 4400=60.00, 4410=40.00: given with the invoice",
        "2: 8 line 1 Rent: 8400=100.50: default",
        "2: 8 line tax-1 VAT 19%: 1776=19.10: rule 1 (kind = tax)",
    ]


def test_codes_that_are_wrong_are_refused_before_anything_is_imported(uri, codes, rent):
    codes.write_text("defualt = 1")
    line = refusal("invoices", "import", rent, "--codes", codes, "--into", uri)
    assert "codes.toml: the mapping of accounting codes is not valid: defualt: unknown field" in line
    assert contents(uri) == {}


class TestRecode:
    def recode(self, uri, *more):
        return call(
            "invoices", "recode", "--codes", "codes.toml", "--reason", "new codes", "--from", uri, *more
        )

    def test_unpaid_invoices_are_filed_again(self, uri, codes):
        data = json.dumps([RENT, OPEN, OPEN | {"number": "9"}]).encode()
        good("invoices", "add", "-", "--into", uri, stdin=data)
        good("invoices", "pay", "9", "--amount", "5", "--from", uri)
        before = contents(uri)
        tried = self.recode(uri, "--dry-run")
        assert (tried.code, tried.err) == (0, "would recode 1\n")
        assert contents(uri) == before
        done = self.recode(uri)
        assert (done.code, done.err) == (0, "recoded 1\n")
        assert "8400=100.50, 1776=19.10" in done.out
        assert [billed(uri, number).keys() for number in "789"] == [
            {"4400", "4410"},
            {"8400", "1776"},
            {"uncoded", "VAT"},
        ]
        assert self.recode(uri).err == "recoded 0\n"

    def test_the_history_keeps_the_reason(self, folder, codes):
        uri = "sqlite:///kept.db?serializer=json&history=on"
        good("invoices", "add", "-", "--into", uri, stdin=json.dumps(OPEN).encode())
        self.recode(uri)
        assert "new codes" in good("history", uri, "invoices/Bo/8")

    def test_lines_of_books_of_earlier_releases_are_filed_too(self, uri, codes):
        good("invoices", "add", "-", "--into", uri, stdin=json.dumps(OPEN).encode())
        with open_store(uri, type=Invoice) as store:
            (key,) = store
            old = msgspec.structs.replace
            lines = tuple(old(line, filed=False, item=None) for line in store[key].lines)
            store[key] = old(store[key], lines=lines)
        assert self.recode(uri).err == "recoded 1\n"
        assert billed(uri, "8") == {"8400": "100.50", "1776": "19.10"}

    def test_without_a_mapping_it_says_where_to_write_one(self, uri, rent):
        line = refusal("invoices", "recode", "--reason", "none", "--from", uri)
        assert "name one with --codes, or set one with `holdall books set`" in line


NOT_INVOICES = {
    "archive.xml": (b"PK\x03\x04rest", "it is a ZIP archive, as .docx and .xlsx are too; unpack it"),
    "page.xml": (b"<!DOCTYPE html><html>", "it is a page in HTML; save the invoice itself"),
    "china.xml": (b'<?xml version="1.0" encoding="GB18030"?><a/>', "it is XML in the encoding GB18030"),
    "scan.pdf": (b"%PDF-1.7\n", "it is a PDF that cannot be read"),
    "note.json": (b'{"number": "7"}', "invoice '7' is not valid: "),
}


def test_what_is_no_invoice_says_what_it_is(uri, folder):
    (folder / "in").mkdir()
    for name, (data, _) in NOT_INVOICES.items():
        (folder / "in" / name).write_bytes(data)
    done = call("invoices", "import", folder / "in", "--into", uri)
    assert (done.code, done.out) == (1, "imported 0, already there 0, refused 5\n")
    reasons = dict(
        line.removeprefix(f"refused: {folder}/in/").split(": ", 1) for line in done.err.splitlines()
    )
    assert {name: why for name, (_, why) in NOT_INVOICES.items() if not reasons[name].startswith(why)} == {}


def test_a_folder_counts_what_it_passed_over(uri, folder, rent):
    (folder / "in").mkdir()
    rent.rename(folder / "in" / "rent.json")
    (folder / "in" / "package.json").write_text('{"name": "app"}')
    for suffix in "abcdefg":
        (folder / "in" / f"file.{suffix}").write_text("text")
    (folder / "in" / "README").write_text("text")
    assert "passed over 9 (" in (out := good("invoices", "import", folder / "in", "--into", uri))
    assert "4 other suffixes" in out
    line = call("invoices", "import", folder / "in" / "package.json", "--into", uri).err
    assert line.startswith(
        f"refused: {folder}/in/package.json: it is JSON, but not an invoice: it has no number"
    )


def test_many_refusals_are_grouped_by_reason(uri, folder):
    (folder / "in").mkdir()
    for number in range(12):
        (folder / "in" / f"{number:02}.json").write_text(
            json.dumps(RENT | {"number": str(number), "total": number})
        )
    (folder / "in" / "z.xml").write_bytes(b"PK\x03\x04")
    done = call("invoices", "import", folder / "in", "--into", uri)
    first, second = done.err.splitlines()
    assert first.startswith(
        "refused 12: invoice '0' is not valid: total: the lines and their tax add up to 100.00"
    )
    assert first.endswith("00.json, in/01.json, in/02.json and 9 more".replace("in/", f"{folder}/in/"))
    assert second.startswith("refused 1: it is a ZIP archive")


def test_the_outcome_as_json(folder, rent):
    (folder / "bad.json").write_text("{}x")
    (folder / "letter.txt").write_text("Dear Ada")
    done = call("invoices", "import", folder, "--into", "sqlite:///outcome.db", "--json")
    assert (done.code, done.err) == (1, "")
    outcome = json.loads(done.out)
    assert (outcome["imported"], outcome["already_there"], outcome["passed_over"][".txt"]) == (1, 0, 1)
    (refused,) = outcome["refused"]
    assert refused["document"].endswith("bad.json")
    assert refused["reason"].startswith("it is not JSON")
