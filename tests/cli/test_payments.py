"""The commands of the group payments, and what reports say of a payment that another command left unfinished."""

import json

import pytest

from holdall import open as open_store
from holdall.domain import Books, Invoice
from tests.cli.console import call, good, refusal
from tests.domain.made import invoice
from tests.domain.test_payments import DAY, fill
from tests.domain.test_payments_unfinished import Killed, receive, watched

ON = ["--on", "2026-02-01"]


@pytest.fixture
def books(tmp_path):
    """The address of books with invoices A of 100, B of 200, D of another customer, and a credit note N of 50."""
    uri = f"memory://{tmp_path.name}"
    with open_store(uri, type=Invoice) as store:
        fill(Books(store))
    return uri


def payments(books, *arguments):
    return json.loads(good("payments", "list", "--from", books, "--json", *arguments))


def owed(books):
    listed = json.loads(good("invoices", "list", "--from", books, "--json"))
    return {row["number"]: row["owed"] for row in listed}


def test_a_payment_over_several_invoices(books):
    given = [
        "payments",
        "receive",
        "A",
        "B",
        "--amount",
        "150",
        "--id",
        "p",
        "--reference",
        "RF1",
        "--from",
        books,
    ]
    told = "A=100.00, B=50.00; 0.00 EUR is unapplied\n"
    assert good(*given, *ON) == f"payment p of 150.00 EUR from C: {told}"
    again = good(*given, "--on", "2026-02-03")
    assert again == f"payment p of 150.00 EUR from C is already recorded on 2026-02-01: {told}"
    assert owed(books) == {"A": "0.00", "B": "150.00", "D": "100.00", "N": "-50.00"}
    (row,) = payments(books)
    assert (row["id"], row["amount"], row["unapplied"], row["reference"]) == ("p", "150.00", "0.00", "RF1")


def test_unapplied_money_is_applied_refunded_and_voided(books):
    at = ["--from", books, *ON]
    told = good("payments", "receive", "--amount", "90", "--to", "A=60", "--id", "p", *at)
    assert told == "payment p of 90.00 EUR from C: A=60.00; 30.00 EUR is unapplied\n"
    told = good("payments", "apply", "p", "B", "--amount", "10", "--id", "x", *at)
    assert told == "transfer x: p=-10.00, B=10.00\n"
    told = good("payments", "refund", "p", "--amount", "5", "--id", "r", *at)
    assert told == "refund r of -5.00 EUR on payment p; 15.00 EUR is unapplied\n"
    assert [row["unapplied"] for row in payments(books, "--unapplied", "--customer", "C")] == ["15.00"]
    assert "void first" in refusal("payments", "void", "p", "--reason", "no", *at)
    told = good("payments", "void", "p", "--entry", "r", "--reason", "no", *at)
    assert told == "void of refund r; 20.00 EUR is unapplied\n"
    assert good("payments", "void", "x", "--reason", "no", *at) == "void void-x: B=-10.00, p=10.00\n"
    told = good("payments", "void", "p", "--reason", "no", *at)
    assert told == "void void-p: A=-60.00, p=60.00, p=-90.00\n"
    assert "is already recorded on 2026-02-01: " in good(
        "payments", "void", "p", "--reason", "no", "--from", books
    )
    assert owed(books) == {"A": "100.00", "B": "200.00", "D": "100.00", "N": "-50.00"}


def test_a_credit_note_is_applied_and_cash_is_moved(books):
    at = ["--from", books, *ON]
    assert (
        good("payments", "credit", "N", "--to", "A=20", "--id", "c", *at) == "credit c: N=-20.00, A=20.00\n"
    )
    good("invoices", "pay", "A", "--amount", "70", *at)
    assert good("payments", "move", "A", "B", "--amount", "30", "--id", "m", *at) == (
        "transfer m: A=-30.00, B=30.00\n"
    )
    assert owed(books) == {"A": "40.00", "B": "170.00", "D": "100.00", "N": "-30.00"}


def test_show(books):
    good("payments", "receive", "A", "--amount", "150", "--id", "p", "--from", books, *ON)
    shown = good("payments", "show", "p", "--from", books)
    assert "unapplied   50.00 EUR" in shown
    assert "A          transfer   4400    60.00" in shown
    document = json.loads(good("payments", "show", "p", "--json", "--from", books))
    assert [part["document"] for part in document["settlement"]["parts"]] == ["invoices/S/A"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["receive", "A", "X", "--amount", "5"],
            "no invoice 'X'; `holdall invoices list` and `holdall payments",
        ),
        (
            ["receive", "A", "--amount", "5", "--currency", "CHF"],
            "the currencies of the payment are CHF, EUR",
        ),
        (["receive", "--amount", "5", "--to", "A=101"], "is beyond the 100.00 EUR that is owed on it"),
        (["apply", "q", "A"], "no payment 'q'"),
        (["show", "q"], "no payment 'q'"),
        (["void", "q", "--reason", "no"], "no payment 'q'"),
        (["refund", "q", "--amount", "1"], "no payment 'q'"),
        (["credit", "A", "B"], "invoice 'A' has 0.00 EUR left to settle other documents"),
    ],
)
def test_a_refusal_names_the_document_and_changes_nothing(books, arguments, reason):
    before = good("invoices", "export", "--from", books)
    assert reason in refusal("payments", *arguments, "--from", books)
    assert good("invoices", "export", "--from", books) == before


def test_numbers_and_parts_exclude_each_other(books):
    done = call("payments", "receive", "A", "--to", "B=1", "--amount", "5", "--from", books)
    assert (done.code, "give NUMBERS or --to, not both" in done.err) == (2, True)
    done = call("payments", "receive", "--to", "B=1", "--to", "B=2", "--amount", "5", "--from", books)
    assert (done.code, "names one document twice" in done.err) == (2, True)


def test_a_day_that_is_probably_a_mistake_is_named(books):
    done = call("payments", "receive", "A", "--amount", "5", "--on", "2025-02-01", "--from", books)
    assert done.code == 0
    assert "2025-02-01 is before 2026-01-01, when invoice 'A' was issued" in done.err


def test_exported_books_are_imported_again(books, tmp_path):
    good("payments", "receive", "A", "--amount", "150", "--id", "p", "--from", books, *ON)
    good("payments", "void", "p", "--reason", "no", "--from", books, *ON)
    exported = good("invoices", "export", "--from", books)
    copy = f"memory://{tmp_path.name}-copy"
    assert good("invoices", "add", "-", "--into", copy, stdin=exported.encode()).startswith("imported 6,")
    assert good("invoices", "export", "--from", copy) == exported


def leave_unfinished(uri):
    with open_store(uri, type=Invoice) as store, pytest.raises(Killed):
        receive(watched(store))


def test_a_report_finishes_a_payment_that_was_left_unfinished(books):
    leave_unfinished(books)
    done = call("receivables", "received", "--from", books, "--csv")
    assert done.out == "month,currency,amount\n2026-02,EUR,150.00\n"
    assert done.err == "holdall: finished payment p, which was recorded in part\n"
    assert (owed(books)["A"], owed(books)["B"]) == ("40.00", "150.00")


def test_a_report_that_must_not_write_names_it(books):
    leave_unfinished(books)
    done = call("receivables", "received", "--from", f"{books}?readonly=on", "--csv")
    assert done.out == "month,currency,amount\n2026-02,EUR,150.00\n"
    assert done.err.startswith(
        "holdall: payments that are recorded in part: 'p'; an amount that they move may be"
    )


def test_two_sellers(books):
    with open_store(books, type=Invoice) as store:
        made = Books(store)
        made.add(invoice("Z", seller=invoice().customer))
        made.receive(invoice().total, DAY, ["Z"], id="p")
    good("payments", "receive", "A", "--amount", "5", "--id", "p", "--seller", "S", "--from", books, *ON)
    assert "used by the sellers 'C', 'S'" in refusal("payments", "show", "p", "--from", books)
    assert "payment" in good("payments", "show", "p", "--seller", "S", "--from", books)
