"""invoices list and show, as tables, JSON and CSV."""

import csv
import io
import json
from decimal import Decimal

import pytest

import holdall
from tests.cli.console import BUNDLED, call, contents, good, refusal

COLUMNS = ["number", "kind", "seller", "customer", "name"]
COLUMNS += ["issued", "due", "currency", "total", "owed"]


def test_a_list_is_one_row_an_invoice_in_every_format(books):
    as_json = json.loads(good("invoices", "list", "--from", books, "--json"))
    as_csv = list(csv.DictReader(io.StringIO(good("invoices", "list", "--from", books, "--csv"))))
    assert as_csv == as_json
    assert len(as_json) == 30
    assert list(as_json[0]) == COLUMNS
    assert as_json[0] == {
        "number": "NL-2026-014",
        "kind": "invoice",
        "seller": "DE999000111",
        "customer": "DE999000333",
        "name": "Kastanien-Café Leipzig GmbH",
        "issued": "2026-02-03",
        "due": "2026-03-05",
        "currency": "EUR",
        "total": "219.77",
        "owed": "0.00",
    }
    heading, rule, *rows, end = good("invoices", "list", "--from", books).splitlines()
    assert end == ""
    assert heading.split() == COLUMNS
    assert set(rule) == {"─"}
    assert [row.split()[0] for row in rows] == [each["number"] for each in as_json]


@pytest.mark.parametrize(
    ("options", "is_right"),
    [
        (["--unpaid"], lambda row: Decimal(row["owed"]) != 0),
        (["--customer", "NO999000666MVA"], lambda row: row["customer"] == "NO999000666MVA"),
        (["--due-before", "2026-06-01"], lambda row: (row["due"] or row["issued"]) < "2026-06-01"),
        (["--over", "1000"], lambda row: Decimal(row["owed"]) > 1000),
        (
            ["--unpaid", "--due-before", "2026-06-01", "--over", "100"],
            lambda row: (row["due"] or row["issued"]) < "2026-06-01" and Decimal(row["owed"]) > 100,
        ),
    ],
)
def test_a_list_of_some_is_sorted_by_due_day(books, options, is_right):
    every = json.loads(good("invoices", "list", "--from", books, "--json"))
    found = json.loads(good("invoices", "list", "--from", books, "--json", *options))
    assert found == sorted(filter(is_right, every), key=lambda row: row["due"] or row["issued"])
    assert 0 < len(found) < len(every)


def test_the_document_of_an_invoice_has_its_amounts_as_text(books):
    text = good("invoices", "show", "NL-2026-046", "--from", books, "--json")
    document = json.loads(text, parse_float=pytest.fail, parse_int=pytest.fail)
    assert document["number"] == "NL-2026-046"
    assert document["seller"] == {"id": "DE999000111", "name": "Nordlicht Bürobedarf GmbH"}
    assert document["customer"] == {"id": "CHE999000777MWST", "name": "Zahnrad Manufaktur AG"}
    assert (document["currency"], document["total"]) == ("CHF", "2585.00")
    codes = [split["code"] for line in document["lines"] for split in line["splits"]]
    assert codes == ["4410", "uncoded", "rounding"]
    amounts = [Decimal(line["amount"]) for line in document["lines"]]
    assert sum(amounts) == Decimal(document["total"])
    assert [payment["amount"] for payment in document["payments"]] == ["500.00", "2100.00"]
    assert document["payments"][1]["allocations"][-1] == {"code": "unapplied", "amount": "15.00"}


def test_an_invoice_without_payments_has_an_empty_list_of_them(books):
    document = json.loads(good("invoices", "show", "NL-2026-052", "--from", books, "--json"))
    assert document["payments"] == []


def test_an_invoice_is_shown_with_its_lines_payments_and_debts(books):
    shown = good("invoices", "show", "2026/106", "--from", books)
    assert (
        shown
        == """\
invoice    2026/106
──────────────────────────────────────────────────
seller     Fjordlys Rådgivning AS (NO999000222MVA)
customer   Brambling & Hart Ltd (GB999000444)
issued     2026-03-05
due        2026-04-04
total      1702.40 GBP

Lines
line   description                     kind   code    amount
────────────────────────────────────────────────────────────
1      Advice on the move of offices   item   6200   1416.00
2      Travel, Bergen to Leeds         item   6400    286.40

Payments
on           entry     id          reference                                   code    amount
─────────────────────────────────────────────────────────────────────────────────────────────
2026-04-03   payment   bank-0403   Brambling & Hart, 2026/106 without travel   6200   1416.00

Owed
code     owed
─────────────
6200     0.00
6400   286.40

"""
    )


def test_the_address_of_the_books_may_be_in_the_environment(books, monkeypatch):
    assert "--from" in refusal("invoices", "show", "2026/106", code=2)
    monkeypatch.setenv("HOLDALL_URI", books)
    assert "2026/106" in good("invoices", "show", "2026/106")
    done = call("invoices", "list", "--from", "file:others")
    assert (done.code, done.err) == (0, "holdall: there are no invoices at file:others\n")


@pytest.mark.parametrize(
    ("style", "printed"),
    [([], "(nothing)\n\n"), (["--json"], "[]\n"), (["--csv"], ",".join(COLUMNS) + "\n")],
)
def test_books_without_invoices_are_told_from_a_mistake(uri, style, printed, folder):
    done = call("invoices", "list", "--from", uri, *style)
    assert (done.code, done.out) == (0, printed)
    assert done.err == f"holdall: there are no invoices at {uri}\n"
    assert list(folder.iterdir()) == []


def test_an_unknown_number_is_refused(books):
    expected = "no invoice '99'; `holdall invoices list` shows the existing invoices"
    assert expected in refusal("invoices", "show", "99", "--from", books)
    line = refusal("invoices", "show", "2026/106", "--seller", "X", "--from", books)
    assert "no invoice '2026/106' of seller 'X'" in line


@pytest.mark.parametrize("document", ["no JSON", '{"number": "7"}', "[]", "\0"])
def test_what_is_no_invoice_is_named(uri, document):
    good("set", uri, "invoices/S/7", stdin=document.encode())
    for command in (["list"], ["show", "7"]):
        assert "invoices/S/7" in refusal("invoices", *command, "--from", uri)


def test_other_keys_of_the_store_are_no_invoices(uri):
    good("set", uri, "notes/1", "no invoice")
    good("set", uri, "zebra", "no invoice")
    assert good("ls", uri) == "notes/1\nzebra\n"
    assert call("invoices", "list", "--from", uri, "--json").out == "[]\n"


def test_output_is_whole_where_the_terminal_cannot_show_it(books):
    listing = good("invoices", "list", "--from", books, "--json", encoding="latin-1")
    assert json.loads(listing)[4]["name"]
    assert "Café" in good("invoices", "list", "--from", books, "--csv", encoding="latin-1")
    assert "Caf\udce9" in good("invoices", "list", "--from", books, encoding="latin-1")
    good("set", books, "Łódź", "")
    assert good("ls", books, "Ł", encoding="latin-1") == "\\u0141\udcf3d\\u017a\n"


@pytest.mark.parametrize("number", ["[/red]", "[red]7[/red]", ":smile:", "\u202e7"])
def test_names_and_numbers_are_shown_as_they_are_but_for_what_turns_the_line_round(uri, folder, number):
    sound = (BUNDLED / "nl-2026-014.xml").read_text("utf-8")
    for before, after in ((">NL-2026-014<", f">{number}<"), ("Kastanien", "[/bold]:smile:\u202e\u2066")):
        sound = sound.replace(before, after)
    (folder / "invoice.xml").write_text(sound, "utf-8")
    good("invoices", "import", "invoice.xml", "--into", uri)
    shown = good("invoices", "show", number, "--from", uri)
    assert shown.split("\n")[0].split() == ["invoice", number.strip("\u202e")]
    assert "[/bold]:smile: -Café" in shown
    assert number.strip("\u202e") in good("invoices", "list", "--from", uri)


KEY = "invoices/NO999000222MVA/2026%2F115"


@pytest.mark.parametrize("address", ["{0}", "{0}?type=holdall.domain.model:Invoice"])
def test_an_invoice_with_payments_is_not_deleted_by_the_way(books, address):
    at = address.format(books)
    before = contents(books)
    assert "has 1 payment, which would be lost" in refusal("del", at, KEY)
    for some in (["--force"], ["--reason", "a test"], ["--force", "--reason", " "]):
        assert "--force and --reason need each other" in refusal("del", at, KEY, *some, code=2)
    assert contents(books) == before
    call("del", at, KEY, "--force", "--reason", "imported by mistake")
    assert before.keys() - contents(books).keys() == {KEY}


@pytest.mark.parametrize("value", ["{}", "not JSON"])
def test_a_damaged_document_is_deleted(books, value):
    key = "invoices/S/damaged"
    with holdall.open(books) as store:
        store[key] = value.encode()
    assert call("del", f"{books}?type=holdall.domain.model:Invoice", key).code == 0
    assert key not in contents(books)


def test_an_invoice_without_payments_is_deleted(books):
    before = contents(books)
    without = next(key for key, data in before.items() if b'"payments":[]' in data)
    assert call("del", books, without).code == 0
    assert before.keys() - contents(books).keys() == {without}


def test_the_history_keeps_the_reason_of_a_deletion(folder):
    path = "sqlite:///kept.db?history=on&serializer=json"
    good("invoices", "import", str(BUNDLED / "nl-2026-029.xml"), "--into", path)
    (key,) = good("ls", path).split()
    good("invoices", "pay", "NL-2026-029", "--amount", "1", "--from", path)
    assert call("del", path, key, "--force", "--reason", "imported by mistake").code == 0
    assert "imported by mistake" in good("history", path, key)
