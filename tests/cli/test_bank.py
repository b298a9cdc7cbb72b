"""The command payments import on the books of the demo."""

import json

import pytest

from tests.cli.console import call, contents, good, refusal
from tests.domain.bank.statements import camt, detail, entry, statement

OPEN = "2026/115"  # 14,050.00 NOK are owed
ENTRIES = (
    entry("14050.00", ref="b-1", currency="NOK", details=detail(f"Faktura {OPEN}", name="Sørvik kommune")),
    entry("100.00", ref="b-2", currency="NOK", details=detail(OPEN)),
    entry("322.66", ref="b-3", details=detail("danke", name="Kastanien-Cafe Leipzig")),
    entry("7.00", ref="b-4"),
    entry("-7.00", ref="b-5"),
    entry("-8.00", ref="b-6", extra="<RvslInd>true</RvslInd>", details=detail(name="Bo")),
    entry("9.00", ref="b-7", status="PDNG"),
)
SHOWN = """\
on             amount   currency   name                     match         number        reason
────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
2026-09-01   14050.00   NOK        Sørvik kommune           exact         2026/115      number '2026/115' in the text
2026-09-01     100.00   NOK        Ada Byron                unmatched                   number '2026/115' in the text: nothing is owed any more
2026-09-01     322.66   EUR        Kastanien-Cafe Leipzig   proposed      NL-2026-052   amount and name: 322.66 is owed on 'NL-2026-052'
2026-09-01       7.00   EUR                                 unmatched                   no reference, number, or amount and name fits
2026-09-01      -8.00   EUR        Bo                       passed over                 the bank took back a payment; void it with `holdall invoices void`, or refund it

exact 1, proposed 1, unmatched 2, already there 0, passed over 2, not booked by the bank yet 1, refused 0
"""  # noqa: E501 - as it is printed


@pytest.fixture
def bank(folder):
    file = folder / "bank.xml"
    file.write_bytes(camt(statement(*ENTRIES)))
    return file


def test_a_dry_run_shows_each_proposal_with_its_reason(books, bank):
    before = contents(books)
    assert good("payments", "import", bank, "--dry-run", "--into", books) == SHOWN
    assert contents(books) == before


def test_the_outcome_as_json(books, bank):
    told = json.loads(good("payments", "import", bank, "--dry-run", "--into", books, "--json"))
    assert [each["status"] for each in told["proposals"][:4]] == [
        "exact",
        "unmatched",
        "proposed",
        "unmatched",
    ]
    assert told["proposals"][0]["shares"][0]["amount"] == "14050.00"
    assert (told["pending"], told["refused"]) == (1, [])


def test_files_that_cannot_be_read_are_listed_and_the_others_are_matched(books, bank, folder):
    (folder / "old.sta").write_text("\r\n:20:STARTUMS\r\n:25:12030000/202051\r\n")
    (folder / "scan.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / "short.xml").write_bytes(bank.read_bytes()[:-40])
    done = call(
        "payments", "import", "old.sta", "scan.pdf", "short.xml", bank, bank, "--dry-run", "--into", books
    )
    assert done.code == 1
    first, second, third = done.err.splitlines()
    assert first == (
        "refused: old.sta: it is MT940, the older format of SWIFT; ask your bank for CAMT.053, or export CSV"
    )
    assert second == "refused: scan.pdf: it is a PDF; ask your bank for CAMT.053, or export CSV"
    assert third.startswith("refused: short.xml: it is not well-formed XML")
    assert "exact 1, proposed 1, unmatched 2, already there 6, passed over 2" in done.out


def test_many_damaged_rows_are_grouped_by_their_reason(books, folder):
    rows = [f"2026-09-{day:02},1,EURO" for day in range(1, 21)]
    (folder / "bank.csv").write_text("\n".join(["date,amount,currency", *rows]))
    done = call("payments", "import", "bank.csv", "--dry-run", "--into", books)
    (line,) = done.err.splitlines()
    assert line.startswith(
        "refused 20: line 2: 'EURO' is not a currency; write a code of ISO 4217, such as EUR: bank.csv"
    )


def test_the_columns_may_be_declared_in_the_configuration(books, folder):
    (folder / "bank.csv").write_text(f"Tag;Betrag;Zweck\n01.09.2026;14.050,00;Faktura {OPEN}\n")
    refused = call("payments", "import", "bank.csv", "--dry-run", "--into", books).err
    assert "its columns are not known; its headings are 'Tag', 'Betrag', 'Zweck'" in refused
    (folder / "holdall.toml").write_text(
        '[books]\ncurrency = "NOK"\n[bank]\ncolumns = { date = "Tag", amount = "Betrag", text = "Zweck" }\n'
    )
    assert "exact 1" in good("payments", "import", "bank.csv", "--dry-run", "--into", books)
    assert "exact 0" in good(
        "payments", "import", "bank.csv", "--currency", "EUR", "--dry-run", "--into", books
    )
    (folder / "holdall.toml").write_text('[bank]\ndecimal = "dot"\n')
    assert "holdall.toml: [bank]: the format is not valid: decimal: 'dot'" in refusal(
        "payments", "import", "bank.csv", "--dry-run", "--into", books
    )


@pytest.mark.parametrize("columns", ["date", "day=Tag", "date=", "date=a,date=b"])
def test_columns_that_are_not_fields_are_wrong_usage(books, bank, columns):
    refusal("payments", "import", bank, "--columns", columns, "--dry-run", "--into", books, code=2)


def test_exact_matches_are_booked_and_unmatched_money_waits(books, bank, folder):
    confirm = [
        "payments",
        "import",
        bank,
        "--confirm",
        "exact",
        "--seller",
        "NO999000222MVA",
        "--into",
        books,
    ]
    told = good(*confirm, "--out", "rest.json")
    assert (
        "booked 1, unapplied 3, left 0, already there 0, passed over 2, not booked by the bank yet 1" in told
    )
    owed = json.loads(good("invoices", "list", "--from", books, "--json"))
    assert [each["owed"] for each in owed if each["number"] == OPEN] == ["0.00"]
    before = contents(books)
    assert "booked 0, unapplied 0, left 0, already there 4, passed over 2" in good(*confirm)
    assert contents(books) == before


def test_proposals_are_written_edited_and_booked(books, bank, folder):
    at = ["--into", books]
    good(
        "payments", "import", bank, "--confirm", "exact", "--seller", "DE999000111", "--out", "rest.json", *at
    )
    (proposal,) = json.loads((folder / "rest.json").read_text())["proposals"]
    assert (proposal["shares"][0]["invoice"], proposal["customer"]) == ("NL-2026-052", "DE999000333")
    told = good("payments", "import", "--confirm", "rest.json", *at)
    assert "booked 1, unapplied 0, left 0, already there 0, passed over 0, refused 0" in told
    assert "already there 1" in good("payments", "import", "--confirm", "rest.json", *at)
    assert "rest.json" in refusal("payments", "import", bank, "--dry-run", "--out", "rest.json", *at)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["bank.xml"], "give --dry-run, to look at the proposals, or --confirm, to book them"),
        (
            ["bank.xml", "--dry-run", "--confirm", "exact"],
            "give --dry-run, to look at the proposals, or --confirm",
        ),
        (
            ["bank.xml", "--confirm", "bank.xml"],
            "--confirm FILE books the proposals in the file; leave out the bank",
        ),
        (["--dry-run"], "name the files of the bank"),
    ],
)
def test_what_to_do_must_be_clear(books, bank, arguments, problem):
    assert problem in refusal("payments", "import", *arguments, "--into", books, code=2)


def test_a_file_that_is_not_of_proposals_is_refused(books, bank):
    assert "it is not a file of proposals" in refusal(
        "payments", "import", "--confirm", bank, "--into", books
    )
    refusal("payments", "import", "--confirm", "missing.json", "--into", books)


def test_an_entry_that_cannot_be_booked_is_listed(books, bank):
    good("books", "close", "2026-09-01", "--by", "Ann", "--from", books)
    done = call(
        "payments", "import", bank, "--confirm", "exact", "--seller", "NO999000222MVA", "--into", books
    )
    assert done.code == 1
    assert "is dated 2026-09-01, but the books are closed until 2026-09-01" in done.out
    assert "booked 0, unapplied 0, left 0, unclear 4" in done.out
