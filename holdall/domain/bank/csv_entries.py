"""Makes the entries of a CSV file of a bank."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from holdall.domain.bank.csv_format import CsvFormat
from holdall.domain.bank.csv_table import Row, decode, rows_of
from holdall.domain.bank.csv_values import Mark, find_mark, find_notation, read_amount, read_day
from holdall.domain.bank.entry import Entry, Statement, ids_of
from holdall.domain.money import DIGITS, PLACES, fits, text
from holdall.errors import Invalid
from holdall.extras import needs

with needs("domain"):
    from msgspec.structs import replace

_AMOUNTS: Final = ("amount", "credit", "debit")


def read_csv(data: bytes, name: str, how: CsvFormat) -> Statement:
    """Return the entries in ``data``, the content of the file ``name``.

    Without an id of the bank, an entry has an id that is made of its cells. So an entry has the same id in each file,
    as long as the columns are named in the same way.

    Raises Invalid, without the name, if the file is not CSV, or if its columns or its notation are not known.
    """
    rows = list(rows_of(decode(data, how.encoding), how))
    amounts = [each[kind] for each in rows for kind in _AMOUNTS if each[kind]]
    mark = cast("Mark", how.decimal or find_mark(amounts))
    notation = how.dates or find_notation(each["date"] for each in rows if each["date"])
    made: list[Entry] = []
    refused: list[tuple[str, str]] = []
    for row in rows:
        try:
            made.append(_entry(row, how, mark, notation))
        except Invalid as problem:
            refused.append((name, f"line {row.line}: {problem}"))
    return Statement(name, how.account, tuple(_number(made)), 0, tuple(refused))


def _entry(row: Row, how: CsvFormat, mark: Mark, notation: str) -> Entry:
    currency = (row["currency"] or how.currency).upper()
    if currency not in PLACES:
        raise Invalid(
            f"{currency!r} is not a currency; write a code of ISO 4217, such as EUR"
            if currency
            else "it names no currency; give --currency EUR, or name its column as currency"
        )
    amount = _of("amount", row, lambda text: read_amount(text, mark)) if row["amount"] else _moved(row, mark)
    if not fits(amount, PLACES[currency]):
        raise Invalid(
            f"{amount} is not an amount in {currency}; write at most {DIGITS} digits and {PLACES[currency]} decimals"
        )
    return Entry(
        account="".join((row["account"] or how.account).split()),
        id=row["id"],
        on=_of("date", row, lambda text: read_day(text, notation)),
        amount=amount,
        currency=currency,
        name=row["name"],
        references=(row["reference"],) if row["reference"] else (),
        text=row["text"],
        value=_value(row, notation),
        place=f"line {row.line}",
    )


def _moved(row: Row, mark: Mark) -> Decimal:
    """Return the amount in the columns credit and debit, of which one is empty or zero."""
    credit, debit = (
        abs(_of(name, row, lambda text: read_amount(text, mark))) if row[name] else Decimal(0)
        for name in ("credit", "debit")
    )
    if credit and debit:
        raise Invalid(f"the credit is {credit}, and the debit is {debit}; write one of them")
    if not (row["credit"] or row["debit"]):
        raise Invalid("the amount is empty; get a complete copy of the file")
    return credit - debit


def _value(row: Row, notation: str) -> date | None:
    return _of("value", row, lambda text: read_day(text, notation)) if row["value"] else None


def _of(name: str, row: Row, read: Callable[[str], Any]) -> Any:
    try:
        return read(row[name])
    except Invalid as problem:
        raise Invalid(f"{name}: {problem}") from None


def _number(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Return the entries, each with an id."""
    found = list(entries)
    contents = [
        (
            each.account,
            each.on,
            text(each.amount, each.currency),
            each.currency,
            each.name,
            each.references,
            each.text,
            each.value,
        )
        for each in found
        if not each.id
    ]
    made = iter(ids_of(contents))
    return [each if each.id else replace(each, id=next(made)) for each in found]
