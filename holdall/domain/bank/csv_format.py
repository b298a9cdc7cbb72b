"""The format of a CSV file of a bank: its columns, and the notation that somebody declared for it.

date            the day of booking; it must be there
amount          money received is positive, and money paid is negative; or instead of it
credit, debit   money received and money paid, each in a column of its own
name            the payer or the payee
reference       the structured reference
text            the free text; several columns may be the text
id              the bank's id of the entry
value           the day of value
currency        the currency; without it, all amounts are in the currency of the format
account         the account; without it, all entries are of the account of the format
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from holdall._formencode import Invalid as Refused
from holdall.domain.bank.csv_values import DATES
from holdall.domain.document import Document
from holdall.domain.fields import Choice, Currency, Optional, Text
from holdall.errors import Invalid
from holdall.middleware.validate import invalid

FIELDS: Final = (
    "date",
    "amount",
    "credit",
    "debit",
    "name",
    "reference",
    "text",
    "id",
    "value",
    "currency",
    "account",
)

DELIMITERS: Final = {";": ";", ",": ",", "tab": "\t", "|": "|"}
"""The characters between two cells, by their names."""

Columns = Mapping[str, tuple[str, ...]]
_NO_COLUMNS: Final[Columns] = MappingProxyType({})


@dataclass(frozen=True)
class CsvFormat:
    """How to read a CSV file. Without a declaration, the file tells the delimiter, the encoding and the notation.

    ``columns`` has the headings of the columns of each field. A field that it does not name is in the column with
    the name of the field.

    >>> CsvFormat({"date": ("Buchungstag",)}, currency="EUR").account
    'bank'
    """

    columns: Columns = field(default_factory=lambda: _NO_COLUMNS)
    delimiter: str = ""
    encoding: str = ""
    dates: str = ""
    decimal: str = ""
    currency: str = ""
    account: str = "bank"


PLAIN: Final = CsvFormat()
"""The format of a file whose headings are the names of the fields."""


class _FormatSchema(Document):
    """The table [bank] of a configuration file. The columns are read by `columns_of`."""

    delimiter = Optional(Choice(values=tuple(DELIMITERS)))
    encoding = Optional(Text())
    dates = Optional(Choice(values=DATES))
    decimal = Optional(Choice(values=("comma", "point")))
    currency = Optional(Currency())
    account = Optional(Text())


def format_of_table(table: Mapping[str, Any]) -> CsvFormat:
    """Return the format in ``table``, which is the table [bank] of a configuration file.

    Raises Invalid with every error.

    >>> format_of_table({"columns": {"date": "Tag", "text": ["Zweck", "Art"]}}).columns["text"]
    ('Zweck', 'Art')
    """
    rest = dict(table)
    declared = rest.pop("columns", {})
    try:
        read = _FormatSchema().to_python(rest)
    except Refused as error:
        raise invalid("the format is not valid", error) from None
    if not isinstance(declared, dict):
        raise Invalid('columns is not a table; write columns = { date = "…", amount = "…" }')
    pairs = [
        (name, heading)
        for name, headings in declared.items()
        for heading in (headings if isinstance(headings, list) else [headings])
    ]
    named = {name: value for name, value in read.items() if value is not None}
    return CsvFormat(columns_of(pairs), **named)


def columns_of(pairs: list[tuple[str, Any]]) -> Columns:
    """Return the headings in ``pairs`` by field. Raises Invalid if a field is not known, or if one is named twice."""
    found: dict[str, tuple[str, ...]] = {}
    for name, heading in pairs:
        if name not in FIELDS:
            raise Invalid(f"{name!r} is not a field of a bank entry; write one of {', '.join(FIELDS)}")
        if not isinstance(heading, str) or not heading.strip():
            raise Invalid(f"the column of {name} is {heading!r}; write the heading of the column in the file")
        if name in found and name != "text":
            raise Invalid(f"{name} names two columns, {found[name][0]!r} and {heading!r}; name one")
        found[name] = (*found.get(name, ()), heading.strip())
    return found
