"""The commands void, refund and write-off on the books of the demo."""

import json

import pytest

from tests.cli.console import contents, good, refusal

OPEN = "2026/115"  # 6300, 6210 and VAT are owed, 14,050.00 NOK in all
DATED = ["--on", "2026-10-05"]


def payments(books):
    return json.loads(good("invoices", "show", OPEN, "--from", books, "--json"))["payments"]


def test_a_payment_is_void_once(books):
    good("invoices", "pay", OPEN, "--from", books, "--amount", "1405", "--id", "b-1", *DATED)
    void = ["invoices", "void", OPEN, "b-1", "--reason", "returned", "--from", books]
    shares = "6300=-399.00, 6210=-725.00, VAT=-281.00; 14050.00 NOK is owed now\n"
    assert good(*void, *DATED) == f"void void-b-1 of -1405.00 NOK on 2026/115: {shares}"
    again = f"void void-b-1 of -1405.00 NOK on 2026/115 is already recorded on 2026-10-05: {shares}"
    assert good(*void) == again
    assert payments(books)[-1]["voids"] == "b-1"
    assert "2026-10-05   void" in good("invoices", "show", OPEN, "--from", books)


def test_money_is_paid_back(books):
    good("invoices", "pay", OPEN, "--from", books, "--amount", "14060", "--overpaid", *DATED)
    refund = [
        "invoices",
        "refund",
        OPEN,
        "--from",
        books,
        "--amount",
        "10",
        "--id",
        "b-2",
        "--reason",
        "too much",
    ]
    shares = "unapplied=-10.00; 0.00 NOK is owed now\n"
    assert good(*refund, *DATED) == f"refund b-2 of -10.00 NOK on 2026/115: {shares}"
    assert payments(books)[-1]["note"] == "too much"


def test_what_is_left_is_written_off_to_its_own_code(books):
    write_off = ["invoices", "write-off", OPEN, "--code", "6930", "--reason", "insolvent", "--from", books]
    told = good(*write_off, "--id", "w", *DATED)
    assert told.startswith("write-off w of 14050.00 NOK on 2026/115: ")
    assert "0.00 NOK is owed now" in told
    report = json.loads(good("receivables", "written-off", "--from", books, "--json"))
    assert report == [{"currency": "NOK", "code": "6930", "amount": "14050.00"}]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["void", OPEN, "b-9", "--reason", "r"],
            "no payment 'b-9' on invoice '2026/115', whose payments are",
        ),
        (["void", "nothing", "b-9", "--reason", "r"], "no invoice 'nothing'"),
        (["refund", OPEN, "--amount", "9999999"], "is beyond the "),
        (["write-off", OPEN, "--code", "6930", "--reason", ""], "the reason is empty"),
        (
            ["write-off", OPEN, "--code", "6930", "--reason", "r", "--amount", "14050.01"],
            "is beyond the 14050.00",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(books, arguments, reason):
    before = contents(books)
    assert reason in refusal("invoices", *arguments, "--from", books)
    assert contents(books) == before
