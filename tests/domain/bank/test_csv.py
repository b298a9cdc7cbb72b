"""Bank statements in CSV: the notations of several banks, ids, and files that are refused."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.domain.bank.csv_entries import read_csv
from holdall.domain.bank.csv_format import CsvFormat, columns_of, format_of_table
from holdall.domain.bank.csv_values import DATES, find_mark, find_notation, read_amount, read_day
from holdall.errors import Invalid

PLAIN = "date,amount,currency,name,reference,text,id\n2026-09-01,119.00,EUR,Ada,RF18539007547034,R-7,b-1\n"
GERMAN = (
    '"Kontonummer:";"DE02 1203 0000 0000 2020 51"\n\n'
    '"Buchungstag";"Auftraggeber";"Verwendungszweck";"Art";"Betrag (EUR)"\n'
    '"01.09.2026";"Müller";"RE 106";"Gutschrift";"1.234,50"\n'
    '"02.09.26";"Strom AG";"Abschlag";"Lastschrift";"-80,00"\n'
    '"Umsätze ohne Gewähr";"";"";"";""\n'
)
COLUMNS = columns_of(
    [
        ("date", "buchungstag"),
        ("amount", "Betrag (EUR)"),
        ("name", "Auftraggeber"),
        ("text", "Verwendungszweck"),
        ("text", "Art"),
    ]
)


EUR = CsvFormat(currency="EUR")


def entries(text, how=EUR, encoding="utf-8"):
    found = read_csv(text.encode(encoding), "bank.csv", how)
    assert found.refused == ()
    return found.entries


def reason(text, how=EUR):
    with pytest.raises(Invalid) as caught:
        read_csv(text if isinstance(text, bytes) else text.encode(), "bank.csv", how)
    return str(caught.value)


def test_headings_that_are_the_names_of_fields_need_no_declaration():
    (found,) = entries(PLAIN)
    assert (found.payment_id, found.on, found.amount) == ("bank/b-1", date(2026, 9, 1), Decimal("119.00"))
    assert (found.references, found.name, found.text) == (("RF18539007547034",), "Ada", "R-7")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_german_file(encoding):
    first, second = entries(GERMAN, CsvFormat(COLUMNS, currency="EUR", account="DE02"), encoding)
    assert (first.account, first.on, first.amount, first.name) == (
        "DE02",
        date(2026, 9, 1),
        Decimal("1234.50"),
        "Müller",
    )
    assert (first.text, second.on, second.amount) == (
        "RE 106 Gutschrift",
        date(2026, 9, 2),
        Decimal("-80.00"),
    )


def test_credit_and_debit_may_be_two_columns():
    how = CsvFormat(
        columns_of([("credit", "Gutschrift"), ("debit", "Lastschrift"), ("date", "Datum")]), currency="CHF"
    )
    found = entries("Datum\tGutschrift\tLastschrift\n2026-09-01\t1'000.00\t\n2026-09-02\t\t-7.50\n", how)
    assert [each.amount for each in found] == [Decimal("1000.00"), Decimal("-7.50")]


@pytest.mark.parametrize(("name", "delimiter"), [("tab", "\t"), ("|", "|"), (";", ";")])
def test_the_delimiter_may_be_declared(name, delimiter):
    text = "date,amount\n2026-09-01,5\n".replace(",", delimiter)
    (found,) = entries(text, format_of_table({"delimiter": name, "currency": "EUR"}))
    assert found.amount == 5


@pytest.mark.parametrize("text", ['";' * 30_000, '"' * 60_000, '"a' * 30_000])
def test_a_hostile_file_takes_no_time(text):
    reason(text)  # csv.Sniffer takes minutes for the first


def test_rows_without_an_id_have_one_by_their_content_in_every_file():
    head, *rows = ["date,amount,name", "2026-09-01,5.00,Ada", "2026-09-01,5.00,Ada", "2026-09-01,5.00,Bo"]
    first = [each.id for each in entries("\n".join([head, *rows]))]
    assert first[1] == f"{first[0]}-2"
    assert len(set(first)) == 3
    again = entries(
        "\n".join(["name;date;amount", "Bo;2026-09-01;5,0", "Ada;2026-09-01;5,00", "Ada;2026-09-01;5"])
    )
    assert [each.id for each in again] == [first[2], first[0], first[1]]


def test_the_account_and_the_currency_may_be_columns():
    (found,) = entries("account,currency,date,amount\nDE 02,chf,2026-09-01,5\n")
    assert (found.account, found.currency) == ("DE02", "CHF")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2026-09-31,5,EUR", "line 3: date: '2026-09-31' is not a day as YYYY-MM-DD"),
        ("2026-09-01,five,EUR", "line 3: amount: 'five' is not an amount; write it as 1234.50"),
        (
            "2026-09-01,5.001,EUR",
            "line 3: 5.001 is not an amount in EUR; write at most 15 digits and 2 decimals",
        ),
        (
            "2026-09-01,1000000000000000.50,EUR",
            "line 3: 1000000000000000.50 is not an amount in EUR; write at most 15 digits and 2 decimals",
        ),
        ("2026-09-01,5,EURO", "line 3: 'EURO' is not a currency"),
        ("2026-09-01,5,", "line 3: it names no currency; give --currency EUR"),
        ("2026-09-01,,EUR", "line 3: the amount is empty"),
    ],
)
def test_a_damaged_row_is_refused_and_the_others_are_read(row, problem):
    text = f"date,amount,currency\n2026-09-01,1,EUR\n{row}\n2026-09-03,3.50,EUR\n"
    found = read_csv(text.encode(), "bank.csv", CsvFormat())
    assert [each.amount for each in found.entries] == [Decimal(1), Decimal("3.50")]
    ((name, why),) = found.refused
    assert (name, why[: len(problem)]) == ("bank.csv", problem)


@pytest.mark.parametrize(
    ("text", "how", "problem"),
    [
        (
            "Tag;Betrag\n1;2\n",
            CsvFormat(),
            "its columns are not known; its headings are 'Tag', 'Betrag': name",
        ),
        (
            "Tag;Betrag\n1;2\n",
            CsvFormat({"date": ("Datum",)}),
            "it has no column 'Datum'; its headings are 'Tag'",
        ),
        (
            "date,amount\n01/02/2026,1\n",
            CsvFormat(),
            "'01/02/2026' may begin with the day or the month; give --dates",
        ),
        (
            "date,amount\n2026-01-01,1.000\n",
            CsvFormat(),
            "the amount '1.000' may have decimals or not; give --decimal",
        ),
        ('date;amount\na;"1,50"\nb;1.50\n', CsvFormat(), "some amounts have a decimal comma, and others"),
        (b"date,amount\n\x81,1\n", CsvFormat(), "it is not text in"),
        (b"date", CsvFormat(encoding="klingon"), "'klingon' is not an encoding"),
        (f'date,amount\n"{"x" * 200_000}",1\n', CsvFormat(), "it is not CSV (field larger"),
        ("", CsvFormat(), "its headings are nothing"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_remedy(text, how, problem):
    assert problem in reason(text, how)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"columns": {"day": "Tag"}}, "'day' is not a field of a bank entry"),
        ({"columns": {"date": ["Tag", "Datum"]}}, "date names two columns, 'Tag' and 'Datum'; name one"),
        ({"columns": {"date": 7}}, "the column of date is 7"),
        ({"columns": "date"}, "columns is not a table"),
        ({"decimal": "dot", "color": "red"}, "write one of comma, point"),
        ({"delimiter": ";;"}, "write one of ;, ,, tab"),
    ],
)
def test_a_declaration_that_is_wrong_is_refused(table, problem):
    with pytest.raises(Invalid, match=problem):
        format_of_table(table)


def test_a_declaration_in_a_configuration_file():
    how = format_of_table(
        {"columns": {"date": "Tag", "text": ["A", "B"]}, "decimal": "comma", "account": "DE02"}
    )
    assert how == CsvFormat({"date": ("Tag",), "text": ("A", "B")}, decimal="comma", account="DE02")


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from(["point", "comma"]), st.booleans())
def test_an_amount_is_read_back(amount, mark, grouped):
    text = f"{amount:,}" if grouped else str(amount)
    if mark == "comma":
        text = text.translate({ord(","): ".", ord("."): ","})
    assert find_mark([text]) == mark
    assert read_amount(text, mark) == amount


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(DATES))
def test_a_day_is_read_back(day, notation):
    text = (
        notation.replace("YYYY", f"{day.year}")
        .replace("MM", f"{day.month:02}")
        .replace("DD", f"{day.day:02}")
    )
    assert read_day(text, notation) == day
    if "/" not in notation:
        assert find_notation([text]) == notation
