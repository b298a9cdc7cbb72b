"""receivables: each report as a table, JSON and CSV, and what is asked of it."""

import csv
import io
import json
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from unittest import mock
from zoneinfo import ZoneInfo

import pytest

import holdall
from holdall import Json, Versions
from holdall.cli.arguments import moment
from holdall.cli.zone import Zone
from holdall.domain import Books, Invoice
from holdall.middleware.versions import stamp
from tests.cli.console import call, contents, good, refusal
from tests.domain.made import invoice

REPORTS = {
    "billed": ["currency", "code", "amount"],
    "paid": ["currency", "code", "amount"],
    "outstanding": ["currency", "code", "amount"],
    "received": ["month", "currency", "amount"],
    "aging": [
        "customer",
        "name",
        "currency",
        "current",
        "1-30",
        "31-60",
        "61-90",
        "over 90",
        "total",
    ],
    "by-code": ["currency", "code", "billed", "paid", "adjusted", "owed"],
    "customers": ["customer", "name", "currency", "billed", "paid", "adjusted", "owed"],
    "statement": ["on", "kind", "number", "reference", "currency", "amount", "balance"],
}
CUSTOMER = "NO999000666MVA"


@pytest.mark.parametrize("name", ["outstanding", "by-code", "aging", "statement"])
def test_a_balance_is_that_of_the_end_of_a_day(books, name):
    then = rows(name, books, "--at", "2026-06-30")
    assert then != rows(name, books)
    good("invoices", "pay", "2026/115", "--from", books, "--amount", "1", "--on", "2026-07-01")
    assert rows(name, books, "--at", "2026-06-30") == then


def test_a_table_of_a_past_day_does_not_change_by_the_day_on_which_it_is_printed(books):
    told = good(*asked("aging", "--from", books, "--at", "2026-06-30"))
    assert told.startswith("Aging per customer, in days past due on 2026-06-30. At the end of 2026-06-30\n")


def test_a_statement_for_the_customer_fits_60_columns(books):
    at = ["--from", books, "--at", "2026-09-30"]
    text = good(*asked("statement", *at, "--text"))
    heading, second, *lines = text.splitlines()
    assert (heading, second) == (f"Statement of account {CUSTOMER}. At the end of", "2026-09-30")
    assert max(map(len, lines)) <= 60
    found = [line.split() for line in lines if line[:4] == "2026"]
    records = rows("statement", *at[1:])
    assert [(each[0], each[-2], each[-1]) for each in found] == [
        (row["on"], row["amount"], row["balance"]) for row in records
    ]
    assert all(row["number"] in text for row in records)


def test_a_statement_is_a_page_of_html_without_markup_of_others(folder):
    evil = "<script>alert(1)</script>"
    document = {"number": evil, "seller": "S", "customer": "C", "currency": "EUR", "issued": "2026-01-01"}
    document["lines"] = [{"amount": "123456789012345.00"}]
    good("invoices", "add", "-", "--into", "sqlite:///h.db", stdin=json.dumps(document).encode())
    at = ["receivables", "statement", "C", "--from", "sqlite:///h.db"]
    page = good(*at, "--html")
    assert page.startswith("<!doctype html>\n")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert '<td class="amount">123456789012345.00</td>' in page
    narrow = good(*at, "--text").splitlines()
    assert max(map(len, narrow)) <= 60
    assert narrow[-1].split() == ["123456789012345.00"] * 2


def test_an_overview_has_three_reports(books):
    at = ["--from", books, "--at", "2026-06-30"]
    told = json.loads(good(*asked("overview", *at, "--json")))
    assert told == {
        "by_code": rows("by-code", *at[1:]),
        "received": rows("received", books, "--to-date", "2026-06-30"),
        "aging": rows("aging", *at[1:]),
    }
    text = good(*asked("overview", *at))
    assert text.startswith("Amounts per accounting code. At the end of 2026-06-30\n")
    assert "Cash received per month." in text
    assert "Aging per customer, in days past due on 2026-06-30." in text
    assert "CSV has one table" in refusal(*asked("overview", "--from", books, "--csv"), code=2)


def test_flows_are_those_of_a_period(books):
    every = rows("received", books)
    spring = rows("received", books, "--from-date", "2026-04-01", "--to-date", "2026-05-31")
    assert spring == [row for row in every if "2026-04" <= row["month"] <= "2026-05"] != []
    assert good(*asked("received", "--from", books, "--from-date", "2026-04-01")).startswith(
        "From 2026-04-01 to the last day\n"
    )


def test_a_view_knows_no_days(books):
    refused = refusal("receivables", "aging", "--from", books, "--view", "--at", "2026-06-30", code=2)
    assert "--at needs a report that reads all books; leave out --view" in refused


def asked(name, *arguments):
    return ["receivables", name, *([CUSTOMER] if name == "statement" else []), *arguments]


def rows(name, books, *arguments):
    return json.loads(good(*asked(name, "--from", books, "--json", *arguments)))


@pytest.mark.parametrize(("name", "columns"), REPORTS.items())
def test_a_report_says_the_same_in_every_format(books, name, columns):
    as_json = rows(name, books)
    as_csv = csv.DictReader(io.StringIO(good(*asked(name, "--from", books, "--csv"))))
    assert list(as_csv) == as_json != []
    assert list(as_json[0]) == columns
    lines = good(*asked(name, "--from", books)).split("\n")[:-1]
    if name == "aging":
        assert lines.pop(0).startswith("Aging per customer, in days past due on 2")
    if name == "customers":
        assert lines.pop(0) == "Customers by the amount owed"
    heading, _, *table, end = lines
    assert heading.split() == " ".join(columns).split()
    assert end == ""
    for line, row in zip(table, as_json, strict=True):
        assert line.split() == " ".join(row.values()).split()


def test_the_reports_agree_with_each_other(books):
    totals = {name: by_code(rows(name, books)) for name in ("billed", "paid", "outstanding")}
    owed = {
        code: amount
        for code in {**totals["billed"], **totals["paid"]}
        if (amount := totals["billed"].get(code, 0) - totals["paid"].get(code, 0))
    }
    assert owed == totals["outstanding"]
    aging = by_currency(rows("aging", books, "--on", "2026-09-30"), "total")
    assert aging == by_currency(rows("outstanding", books), "amount")
    assert by_currency(rows("received", books), "amount") == by_currency(rows("paid", books), "amount")


def by_code(report):
    return {(row["currency"], row["code"]): Decimal(row["amount"]) for row in report}


def by_currency(report, column):
    totals = {}
    for row in report:
        totals[row["currency"]] = totals.get(row["currency"], 0) + Decimal(row[column])
    return totals


def test_amounts_are_exact_and_have_the_decimals_of_their_currency(books):
    billed = by_code(rows("billed", books))
    assert billed["EUR", "4420"] == Decimal("1727.60")
    texts = {row["currency"]: row["amount"] for row in rows("billed", books)}
    assert "." not in texts["JPY"]
    assert texts["NOK"].partition(".")[2].isdecimal()


def test_aging_depends_on_the_day_and_its_total_does_not(books):
    early, late = (rows("aging", books, "--on", day) for day in ("2026-02-01", "2027-12-31"))
    assert [row["total"] for row in early] == [row["total"] for row in late]
    assert all(row["over 90"] == row["total"] for row in late)
    assert all(Decimal(row["over 90"]) == 0 for row in early)


def test_a_report_can_be_of_one_seller(books):
    both = by_code(rows("billed", books))
    each = [by_code(rows("billed", books, "--seller", id)) for id in ("DE999000111", "NO999000222MVA")]
    assert all(each)
    assert {code: each[0].get(code, 0) + each[1].get(code, 0) for code in both} == both
    assert rows("billed", books, "--seller", "X") == []


def test_an_unknown_customer_is_refused(books):
    done = call("receivables", "statement", "X", "--from", books)
    expected = (
        "holdall: there are no documents of customer 'X'; `holdall invoices list` shows the existing ids\n"
    )
    assert (done.code, done.err) == (1, expected)


def test_no_invoices_are_told_from_no_debts(uri):
    done = call("receivables", "outstanding", "--from", uri, "--json")
    assert (done.code, done.out) == (0, "[]\n")
    assert done.err == f"holdall: there are no invoices at {uri}\n"


def test_a_document_that_is_no_invoice_is_named(books):
    with holdall.open(books) as store:
        store["invoices/S/7"] = b"no JSON"
    for name in REPORTS:
        assert "invoices/S/7" in refusal(*asked(name, "--from", books))


def test_a_day_that_is_none_is_wrong_usage(books):
    line = refusal("receivables", "aging", "--on", "tomorrow", "--from", books, code=2)
    assert "'tomorrow' is not a day of the calendar; write a day as YYYY-MM-DD" in line


def test_asking_changes_nothing(books):
    before = contents(books)
    for name in REPORTS:
        good(*asked(name, "--from", books))
    assert contents(books) == before


def versions(uri):
    store = Versions(Json(holdall.open(uri), type=Invoice))
    return store, Books(store)


def test_reports_as_of_a_time_are_those_that_were_printed_then(books):
    kept, (store, ours) = "sqlite:///kept.db", versions("sqlite:///kept.db")
    with holdall.open(books) as recorded, store:
        store.update(Json(recorded, type=Invoice).items())
        month_end = datetime.now(UTC).isoformat()
        printed = {name: good(*asked(name, "--from", kept, "--as-of", month_end)) for name in REPORTS}
        one = next(invoice for invoice in ours if invoice.customer.id == CUSTOMER)
        ours.pay(one.number, Decimal(1), on=date(2026, 11, 1), seller=one.seller.id, overpaid=True)
    for name, then in printed.items():
        assert good(*asked(name, "--from", kept, "--as-of", month_end)) == then
        now = good(*asked(name, "--from", kept, "--as-of", "2100-01-01"))
        assert (table(now) == table(then)) == (name == "billed")
    before = call(*asked("billed", "--from", kept, "--as-of", "2000-01-01T00:00+02:00", "--json"))
    assert (before.code, json.loads(before.out)) == (0, [])


def test_books_without_history_are_not_shown_as_those_of_another_time(books):
    for name in REPORTS:
        line = refusal(*asked(name, "--from", books, "--as-of", "2026-01-01"))
        assert "keeps no history" in line
        assert "run `holdall manifest --record" in line
    assert call("manifest", "--record", f"{books}?serializer=json&history=on").code == 0
    kept = f"{books}?history=on"
    assert refusal(*asked("paid", "--from", books)).count("is opened with serializer=json;") == 1
    good("invoices", "pay", "2026/106", "--amount", "1", "--from", kept)
    now = good(*asked("paid", "--from", kept))
    assert good(*asked("paid", "--from", kept, "--as-of", "2026-01-01")) != now


BEGINS = "The history begins 2026-09-30 23:30:00+02:00 (local time); earlier books are not known"


def test_books_of_a_time_before_their_history_say_when_it_begins(around_midnight):
    asked_before = ["--from", KEPT, "--as-of", "2026-09-01"]
    heading = "Books as of 2026-09-01 23:59:59+02:00 (local time)"
    assert good(*asked("outstanding", *asked_before)).startswith(f"{heading}. {BEGINS}\n")
    done = call(*asked("outstanding", *asked_before, "--json"))
    assert (done.out, done.err) == ("[]\n", f"holdall: {BEGINS}\n")
    assert json.loads(call("receivables", "overview", *asked_before, "--json").out)["note"] == BEGINS
    assert "history" not in good(*asked("outstanding", "--from", KEPT, "--as-of", "2026-09-30"))


def test_invoices_that_are_older_than_their_history_do_not_hide_that_it_begins_later(around_midnight):
    with holdall.open("sqlite:///adopted.db", type=Invoice) as store:
        Books(store).add(invoice("0"))
    call("manifest", "--record", "sqlite:///adopted.db?serializer=json&history=on")
    later = "sqlite:///adopted.db?history=on"
    with holdall.open(later, type=Invoice) as store, clock_at("2026-09-30T21:30Z"):
        Books(store).pay("0", Decimal(1), date(2026, 9, 30))
    told = good(*asked("outstanding", "--from", later, "--as-of", "2026-09-01"))
    assert BEGINS in told
    assert "60.00" in told
    assert "history" not in good(*asked("outstanding", "--from", later, "--as-of", "2026-10-01"))


def test_the_largest_customers_come_first(books):
    every = rows("customers", books)
    amounts = [(row["currency"], Decimal(row["owed"])) for row in every]
    assert amounts == sorted(amounts, key=lambda each: (each[0], -each[1]))
    first = {row["currency"]: row for row in reversed(every)}
    assert rows("customers", books, "--top", "1") == [first[currency] for currency in sorted(first)]
    of_march = rows(
        "customers", books, "--by", "billed", "--from-date", "2026-03-01", "--to-date", "2026-03-31"
    )
    billed = rows("billed", books, "--from-date", "2026-03-01", "--to-date", "2026-03-31")
    assert by_currency(of_march, "billed") == by_currency(billed, "amount")


def test_days_sales_outstanding_are_of_a_day(books):
    (euro,) = (
        row for row in rows("dso", books, "--at", "2026-06-30", "--days", "91") if row["currency"] == "EUR"
    )
    assert (euro["on"], euro["days"]) == ("2026-06-30", "91")
    assert (
        Decimal(euro["owed"])
        == by_currency(rows("outstanding", books, "--at", "2026-06-30"), "amount")["EUR"]
    )
    flow = ("--from-date", "2026-04-01", "--to-date", "2026-06-30")
    assert Decimal(euro["billed"]) == by_currency(rows("billed", books, *flow), "amount")["EUR"]
    assert Decimal(euro["dso"]) == round(Decimal(euro["owed"]) * 91 / Decimal(euro["billed"]), 1)
    heading = good(*asked("dso", "--from", books, "--at", "2026-06-30")).splitlines()[0]
    assert (
        heading == "Days sales outstanding on 2026-06-30, from 90 days of billing. At the end of 2026-06-30"
    )
    assert "dso reads all books; leave out --view" in refusal(
        *asked("dso", "--from", books, "--view"), code=2
    )


def table(report):
    """A report without its heading."""
    return report.split("\n", 1)[1]


TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def berlin(monkeypatch):
    """A machine in Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("written", ["2026-09-30", "20260930", "2026-W40-3"])
def test_a_day_is_its_end_in_whatever_form_it_is_written(written, berlin):
    end = datetime(2026, 9, 30, 21, 59, 59, 999_999, UTC)
    assert Zone().instant(moment(written)) == end
    assert Zone(TOKYO).instant(moment(written)) == datetime(2026, 9, 30, 14, 59, 59, 999_999, UTC)


@pytest.mark.parametrize(
    ("written", "local", "tokyo"),
    [
        ("2026-09-30T12:00", "2026-09-30T12:00+02:00", "2026-09-30T12:00+09:00"),
        ("2026-01-30T12:00", "2026-01-30T12:00+01:00", "2026-01-30T12:00+09:00"),
        ("2026-09-30T12:00Z", "2026-09-30T12:00Z", "2026-09-30T12:00Z"),
    ],
)
def test_a_time_is_in_the_zone_of_the_command_unless_it_names_one(written, local, tokyo, berlin):
    assert Zone().instant(moment(written)) == datetime.fromisoformat(local)
    assert Zone(TOKYO).instant(moment(written)) == datetime.fromisoformat(tokyo)


@contextmanager
def clock_at(text):
    """Writers' clocks stand at that time."""
    nanoseconds = int(datetime.fromisoformat(text).timestamp()) * 10**9
    with mock.patch.object(stamp.time, "time_ns", return_value=nanoseconds):
        yield


KEPT = "sqlite:///kept.db?history=on"


@pytest.fixture
def around_midnight(berlin):
    """Books to which an invoice came before, and another after, midnight in Berlin; it was one day in UTC."""
    with holdall.open(KEPT, type=Invoice) as store:
        for number, text in (("1", "2026-09-30T21:30Z"), ("2", "2026-09-30T22:30Z")):
            with clock_at(text):
                Books(store).add(invoice(number))


@pytest.mark.parametrize(
    ("arguments", "heading", "billed"),
    [
        (["2026-09-30"], "Books as of 2026-09-30 23:59:59+02:00 (local time)", "60.00"),
        (["2026-10-01"], "Books as of 2026-10-01 23:59:59+02:00 (local time)", "120.00"),
        (["2026-09-30", "--tz", "UTC"], "Books as of 2026-09-30 23:59:59+00:00 (UTC)", "120.00"),
        (
            ["2026-10-01", "--tz", "Asia/Tokyo"],
            "Books as of 2026-10-01 23:59:59+09:00 (Asia/Tokyo)",
            "120.00",
        ),
        (["2026-09-30T23:40"], "Books as of 2026-09-30 23:40:00+02:00 (local time)", "60.00"),
        (["2026-09-30T22:00Z"], "Books as of 2026-10-01 00:00:00+02:00 (local time)", "60.00"),
    ],
)
def test_the_day_of_a_report_ends_in_its_zone_and_the_heading_says_so(
    around_midnight, arguments, heading, billed
):
    first, _, _, row, *_ = good("receivables", "billed", "--from", KEPT, "--as-of", *arguments).splitlines()
    assert (first, row.split()) == (heading, ["EUR", "4400", billed])


def test_debts_are_late_on_the_day_of_as_of_in_that_zone(around_midnight):
    asked = ["receivables", "aging", "--from", KEPT, "--as-of", "2026-09-30T23:00Z"]
    local, tokyo = (good(*asked, *zone).split("\n")[0] for zone in ((), ("--tz", "America/New_York")))
    assert local.startswith(
        "Aging per customer, in days past due on 2026-10-01 (local time). Books as of 2026-10-01 01:00:00+02:00"
    )
    assert tokyo.startswith(
        "Aging per customer, in days past due on 2026-09-30 (America/New_York). Books as of 2026-09-30 19:00:00"
    )


def test_an_unknown_zone_is_wrong_usage(books):
    for wrong in ("Mars/Base", "..", "/etc/passwd", "\0"):
        line = refusal("receivables", "paid", "--from", books, "--tz", wrong, code=2)
        assert "is not a time zone; write a name such as Europe/Berlin" in line


def test_history_is_pruned_before_midnight_of_the_zone(around_midnight):
    for zone, dropped in (["--tz", "Asia/Tokyo"], 0), ([], 0), (["--tz", "UTC"], 1):
        with clock_at("2026-10-01T23:00Z"), holdall.open(KEPT, type=Invoice) as store:
            Books(store).pay("1", Decimal(1), date(2026, 10, 2), id="a")
        done = call("prune", KEPT, "--before", "2026-10-02", *zone)
        assert (done.code, done.err.splitlines()[-1]) == (0, f"dropped {dropped} revisions")


def test_books_that_are_recorded_with_history_say_how_to_read_it(books):
    assert call("manifest", "--record", f"{books}?serializer=json&history=on").code == 0
    for before in (False, True):
        if before:
            good("invoices", "pay", "2026/106", "--amount", "1", "--from", f"{books}?history=on")
        line = refusal(*asked("paid", "--from", books, "--as-of", "2026-01-01"))
        assert "with history=on&serializer=json" in line
        assert "name the" in line
        assert "--record" not in line.partition("; if the record is wrong")[0]


def test_documents_that_are_not_invoices_are_named_and_left_out_if_asked(books):
    expected = {name: rows(name, books, *on_a_day(name)) for name in REPORTS}
    listed = good("invoices", "list", "--from", books)
    for number, text in enumerate(["no JSON", '{"note": "a letter"}']):
        good("set", books, f"letters/{number}", text)
        with holdall.open(books) as store:
            store[f"invoices/A/{number}\u202e"] = text.encode()
    keys = "'invoices/A/0\\u202e', 'invoices/A/1\\u202e'"
    for name in REPORTS:
        line = refusal(*asked(name, "--from", books))
        assert line.startswith(f"holdall: 2 documents are not invoices: {keys}. The first: ")
        assert line.endswith("; to leave out such documents, add --skip-damaged")
        done = call(*asked(name, "--from", books, "--json", "--skip-damaged", *on_a_day(name)))
        assert (done.code, json.loads(done.out)) == (0, expected[name])
        assert done.err == f"holdall: left out 2 documents that are not invoices: {keys}\n"
    assert "2 documents are not invoices" in refusal("invoices", "list", "--from", books)
    done = call("invoices", "list", "--from", books, "--skip-damaged")
    assert (done.code, done.out) == (0, listed)
    assert done.err.startswith("holdall: left out 2 documents")


def on_a_day(name):
    return ["--on", "2026-10-01"] if name == "aging" else []


def test_nothing_is_left_out_of_sound_books_and_nothing_is_said(books):
    assert good("receivables", "paid", "--from", books, "--skip-damaged") == good(
        "receivables", "paid", "--from", books
    )


def test_a_time_that_is_none_is_refused(books):
    for wrong in ("yesterday", "2026-13-01", "2026-09-30T25:00"):
        assert "is not a time; write" in refusal(
            "receivables", "billed", "--from", books, "--as-of", wrong, code=2
        )
