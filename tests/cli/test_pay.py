"""invoices pay: recorded once, allocated to codes, and refused where it cannot be."""

import json

import pytest

import holdall
from holdall.cli.zone import Zone
from tests.cli.console import BUNDLED, call, contents, good, refusal

OPEN = "2026/115"  # 6300, 6210 and VAT are owed, 14,050.00 NOK in all


def pay(books, *arguments, number=OPEN):
    return good("invoices", "pay", number, "--from", books, *arguments)


def last(books, number=OPEN):
    document = json.loads(good("invoices", "show", number, "--from", books, "--json"))
    return document["payments"][-1]


def test_a_payment_is_divided_in_proportion_and_dated_today(books):
    told = pay(books, "--amount", "1405", "--id", "b-1")
    expected = "6300=399.00, 6210=725.00, VAT=281.00; 12645.00 NOK is owed now\n"
    assert told == f"payment b-1 of 1405.00 NOK on 2026/115: {expected}"
    payment = last(books)
    assert payment["on"] == Zone().today().isoformat()
    assert [part["amount"] for part in payment["allocations"]] == ["399.00", "725.00", "281.00"]


def test_a_payment_goes_to_the_codes_that_are_named(books):
    told = pay(books, "--amount", "30", "--to", "6300=20", "--to", "VAT=10.00")
    assert "6300=20.00, VAT=10.00" in told
    parts = {part["code"]: part["amount"] for part in last(books)["allocations"]}
    assert parts == {"6300": "20", "VAT": "10.00"}


def test_a_policy_divides_it(books):
    assert "6300=3990.00, 6210=10.00;" in pay(books, "--amount", "4000", "--policy", "oldest-first")


def test_what_is_said_of_a_payment_is_kept(books):
    said = ["--on", "2026-10-01", "--reference", "Thanks", "--currency", "NOK", "--id", "b-7"]
    pay(books, "--amount", "1.5", *said)
    payment = last(books)
    kept = {name: payment[name] for name in ("id", "on", "amount", "reference")}
    assert kept == {"id": "b-7", "on": "2026-10-01", "amount": "1.5", "reference": "Thanks"}


def test_a_payment_with_an_id_is_recorded_once(books):
    said = ["--amount", "10", "--on", "2026-10-01", "--id", "b-7"]
    first = pay(books, *said)
    before = contents(books)
    again = first.replace("on 2026/115:", "on 2026/115 is already recorded on 2026-10-01:")
    assert pay(books, *said) == again
    assert pay(books, "--amount", "10", "--id", "b-7") == again
    assert contents(books) == before


@pytest.mark.parametrize(
    ("on", "doubt"), [("2020-01-01", "2020-01-01 is before 20"), ("9999-12-31", "days after today")]
)
def test_a_day_that_is_probably_a_mistake_is_pointed_out(books, on, doubt):
    done = call("invoices", "pay", OPEN, "--from", books, "--amount", "1", "--on", on, "--id", "b-7")
    assert done.err.startswith("holdall: check the day of payment b-7: ")
    assert doubt in done.err
    assert last(books)["on"] == on


def test_a_payment_without_an_id_is_one_more_each_time(books):
    assert "14049.00 NOK is owed now" in pay(books, "--amount", "1")
    assert "14048.00 NOK is owed now" in pay(books, "--amount", "1")


def test_a_refund_takes_back(books):
    told = pay(books, "--amount", "-7", "--to", "6210=-7")
    assert "of -7.00 NOK" in told
    assert "14057.00 NOK is owed now" in told


def test_overpaying_is_possible_when_it_is_meant(books):
    told = pay(books, "--amount", "20000", "--overpaid")
    assert "unapplied=5950.00; -5950.00 NOK is owed now" in told


@pytest.mark.parametrize(
    ("number", "arguments", "reason"),
    [
        (OPEN, ["--amount", "14050.01"], "is beyond the 14050.00 that is owed"),
        (OPEN, ["--amount", "3991", "--to", "6300=3991"], "is beyond the 3990.00 owed on '6300'"),
        (
            OPEN,
            ["--amount", "5", "--to", "9999=5"],
            "'9999' is not billed on this invoice, whose codes are 6300",
        ),
        (OPEN, ["--amount", "5", "--to", "6300=4"], "add up to 4, but the amount is 5"),
        (OPEN, ["--amount", "5", "--currency", "EUR"], "is in NOK, but the payment is in EUR"),
        (OPEN, ["--amount", "0.001"], "0.001 is not a valid amount in NOK"),
        (OPEN, ["--amount", "1" + 15 * "0"], "at most 15 digits"),
        (OPEN, ["--amount", "-99999"], "pays nothing of the 14050.00 that is owed; to take a payment"),
        (OPEN, ["--amount", "-99999", "--to", "6210=-99999"], "-99999 takes back more than the"),
        (
            OPEN,
            ["--amount", "1", "--id", "bank-0701"],
            "'bank-0701' on invoice '2026/115' is already recorded on ",
        ),
        ("NL-2026-014", ["--amount", "1"], "is beyond the 0.00 that is owed"),
        ("7", ["--amount", "1"], "no invoice '7'; `holdall invoices list` shows the existing invoices"),
        (OPEN, ["--amount", "1", "--seller", "X"], "no invoice '2026/115' of seller 'X'"),
        (OPEN, ["--amount", "1", "--id", ""], "'': write at least one character"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(books, number, arguments, reason):
    before = contents(books)
    line = refusal("invoices", "pay", number, "--from", books, *arguments)
    assert reason in line
    assert contents(books) == before


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "Missing option '--amount'"),
        (["--amount", "1,50"], "'1,50' is not an amount; write a number such as 1234.50"),
        (["--amount", "0"], "'0' is zero"),
        (["--amount", "1e3"], "'1e3' is not an amount"),
        (["--amount", "1_000"], "'1_000' is not an amount"),
        (["--amount", "NaN"], "'NaN' is not an amount"),
        (["--amount", "\u0661"], "is not an amount"),
        (
            ["--amount", "1", "--on", "2026-2-30"],
            "'2026-2-30' is not a day of the calendar; write a day as YYYY-MM-DD",
        ),
        (["--amount", "1", "--on", "2026-02-30"], "'2026-02-30' is not a day of the calendar"),
        (["--amount", "1", "--on", "20260301"], "'20260301' is not a day of the calendar"),
        (["--amount", "1", "--to", "6300"], "'6300' is not CODE=AMOUNT; write for example 4400=12.50"),
        (["--amount", "1", "--to", "=1"], "'=1' is not CODE=AMOUNT"),
        (["--amount", "1", "--to", "6300=x"], "'x' is not an amount"),
        (["--amount", "2", "--to", "6300=1", "--to", "6300=1"], "--to names one code twice"),
        (
            ["--amount", "1", "--to", "6300=1", "--policy", "oldest-first"],
            "--to or --policy, not both",
        ),
        (["--amount", "1", "--policy", "fair"], "'fair' is not one of"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage_and_changes_nothing(books, arguments, reason):
    before = contents(books)
    assert reason in refusal("invoices", "pay", OPEN, "--from", books, *arguments, code=2)
    assert contents(books) == before


def test_a_number_of_several_sellers_needs_the_seller(books, folder):
    text = (BUNDLED / "nl-2026-029.xml").read_text("utf-8").replace("DE999000111", "DE5")
    (folder / "other.xml").write_text(text, "utf-8")
    good("invoices", "import", "other.xml", "--into", books)
    said = ["--amount", "1", "--from", books]
    assert "name the seller" in refusal("invoices", "pay", "NL-2026-029", *said)
    assert "on NL-2026-029" in good("invoices", "pay", "NL-2026-029", "--seller", "DE5", *said)


def test_an_invoice_whose_splits_do_not_sum_takes_no_payment(books):
    key = "invoices/NO999000222MVA/2026%2F115"
    broken = contents(books)[key].replace(b'"9480.00"}]', b'"9481.00"}]')
    with holdall.open(books) as store:
        store[key] = broken
    line = refusal("invoices", "pay", OPEN, "--amount", "1", "--from", books)
    assert "add up to 9481.00, but the amount is 9480.00" in line
    assert contents(books)[key] == broken
