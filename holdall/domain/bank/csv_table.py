"""Reads the table of a CSV file: its encoding, its delimiter, the line of headings, and the rows below it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Final

from holdall.domain.bank.csv_format import DELIMITERS, FIELDS, CsvFormat
from holdall.errors import Invalid

_SAMPLE: Final = 65_536  # characters from which the delimiter is guessed
_HEADINGS_WITHIN: Final = 60  # lines; banks write some lines about the account above the table
_SHOWN: Final = 12  # headings in a message


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: its line in the file, and the cells of each field."""

    line: int
    cells: dict[str, tuple[str, ...]]

    def __getitem__(self, name: str) -> str:
        """Return the cell of the field, or an empty text if the table has no such column."""
        return " ".join(filter(None, self.cells.get(name, ())))


def decode(data: bytes, encoding: str) -> str:
    """Return ``data`` as text, in ``encoding`` if it is given, or else in UTF-8, UTF-16 or Windows-1252.

    >>> decode("Müller".encode("cp1252"), "")
    'Müller'
    """
    try:
        if encoding:
            return data.decode(encoding)
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252")
    except LookupError:
        raise Invalid(f"{encoding!r} is not an encoding; write for example utf-8 or cp1252") from None
    except UnicodeDecodeError as error:
        raise Invalid(f"it is not text in {error.encoding}; name its encoding with --encoding") from None


def rows_of(text: str, how: CsvFormat) -> Iterator[Row]:
    """Yield the rows below the headings. Rows of one cell are left out, because they are notes of the bank.

    Raises Invalid if no line has the headings of the columns.
    """
    reader = csv.reader(
        StringIO(text, newline=""), delimiter=DELIMITERS.get(how.delimiter) or _delimiter(text), strict=False
    )
    columns: dict[str, tuple[int, ...]] | None = None
    first: list[str] = []
    try:
        for cells in reader:
            row = [each.strip() for each in cells]
            if columns is None:
                first = max(first, row, key=lambda each: sum(map(bool, each)))
                columns = _columns(row, how)
                if columns is None and reader.line_num > _HEADINGS_WITHIN:
                    break
            elif sum(map(bool, row)) > 1:
                found = {
                    name: tuple(row[each] if each < len(row) else "" for each in places)
                    for name, places in columns.items()
                }
                yield Row(reader.line_num, found)
    except csv.Error as problem:
        raise Invalid(
            f"line {reader.line_num}: it is not CSV ({problem}); get a complete copy of it"
        ) from None
    if columns is None:
        raise _no_headings(first, how)


def _delimiter(text: str) -> str:
    known = "".join(DELIMITERS.values())
    try:
        return csv.Sniffer().sniff(text[:_SAMPLE], known).delimiter
    except csv.Error:
        return max(known, key=text[:_SAMPLE].count)


def _columns(row: list[str], how: CsvFormat) -> dict[str, tuple[int, ...]] | None:
    """Return the positions of the columns of each field, or None if ``row`` does not have the headings of all."""
    places = {heading.casefold(): index for index, heading in reversed(list(enumerate(row))) if heading}
    named = {name: how.columns.get(name, (name,)) for name in FIELDS}
    found = {
        name: tuple(places[each.casefold()] for each in headings)
        for name, headings in named.items()
        if all(each.casefold() in places for each in headings)
    }
    complete = how.columns.keys() <= found.keys() and "date" in found
    return found if complete and ("amount" in found or {"credit", "debit"} <= found.keys()) else None


def _no_headings(first: list[str], how: CsvFormat) -> Invalid:
    headings = ", ".join(map(repr, filter(None, first[:_SHOWN]))) or "nothing"
    named = {each for columns in how.columns.values() for each in columns}
    missing = sorted(named - {each for each in first if each in named})
    if missing:
        return Invalid(f"it has no column {missing[0]!r}; its headings are {headings}: name one of these")
    return Invalid(
        f"its columns are not known; its headings are {headings}: name the columns as in "
        "--columns date=HEADING,amount=HEADING,name=HEADING,text=HEADING"
    )
