"""Reads the days and the amounts of a CSV file, whose notation follows from all values of the file together."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from holdall.errors import Invalid

Mark = Literal["point", "comma"]

DATES: Final = (
    "YYYY-MM-DD",
    "DD.MM.YYYY",
    "DD/MM/YYYY",
    "MM/DD/YYYY",
    "DD-MM-YYYY",
    "YYYYMMDD",
    "YYYY/MM/DD",
    "YYYY.MM.DD",
)
"""The notations of days. A year may also have two digits, which are of this century."""

_PIVOT: Final = 2000
_SPACES: Final = " \u00a0\u202f\u2009'\u2019"  # between groups of three digits
_strip: Final = {ord(each): None for each in _SPACES} | {0x2212: "-"}
_amount = re.compile(r"[+-]?\d[\d.,]*[+-]?", re.ASCII).fullmatch
_slashes = re.compile(r"(\d{1,2})/(\d{1,2})/\d{2}(?:\d{2})?(?!\d)", re.ASCII).match


def find_mark(texts: Iterable[str]) -> Mark:
    """Return the decimal mark of the amounts ``texts``, which is the same in all of them.

    Raises Invalid if they do not tell it: 1,000 may be a thousand or one.

    >>> find_mark(["1.234,50", "10"]), find_mark(["12.5", "1,000"])
    ('comma', 'point')
    """
    found: set[Mark] = set()
    unclear = ""
    for text in texts:
        digits = text.translate(_strip).strip("+-")
        last = max(digits.rfind("."), digits.rfind(","))
        if last < 0:
            continue
        mark: Mark = "point" if digits[last] == "." else "comma"
        other = "." if mark == "comma" else ","
        if digits.count(digits[last]) > 1:  # it groups digits
            found.add("comma" if mark == "point" else "point")
        elif other in digits or len(digits) - last - 1 != 3:
            found.add(mark)
        else:
            unclear = text
    if len(found) > 1:
        raise Invalid(
            "some amounts have a decimal comma, and others a decimal point; give --decimal comma or point"
        )
    if not found and unclear:
        raise Invalid(
            f"the amount {unclear!r} may have decimals or not; give --decimal comma or --decimal point"
        )
    return found.pop() if found else "point"


def read_amount(text: str, mark: Mark) -> Decimal:
    """Return the number in ``text``. The sign may follow it, and digits may be grouped. Raises Invalid otherwise.

    >>> read_amount("1.234,50-", "comma"), read_amount("1'234.50", "point")
    (Decimal('-1234.50'), Decimal('1234.50'))
    """
    plain = text.translate(_strip)
    point, group = (".", ",") if mark == "point" else (",", ".")
    whole, _, decimals = plain.strip("+-").partition(point)
    groups = whole.split(group)
    grouped = len(groups) == 1 or (0 < len(groups[0]) <= 3 and all(len(each) == 3 for each in groups[1:]))
    if not _amount(plain) or not grouped or group in decimals or point in decimals:
        example = "1234.50" if mark == "point" else "1234,50"
        raise Invalid(f"{text!r} is not an amount; write it as {example}, or give --decimal")
    number = Decimal(f"{''.join(groups)}.{decimals or 0}")
    return -number if "-" in plain else number


def find_notation(texts: Iterable[str]) -> str:
    """Return the notation of the days ``texts``, which is the same in all of them.

    Raises Invalid if they do not tell it: 01/02/2026 may be in January or in February.

    >>> find_notation(["31.12.2026"]), find_notation(["01/02/2026", "31/02/2026"])
    ('DD.MM.YYYY', 'DD/MM/YYYY')
    """
    first, unclear = "", ""
    for text in texts:
        first = first or text
        if match := _slashes(text):
            day, month = int(match[1]), int(match[2])
            if day > 12 or month > 12:
                return "DD/MM/YYYY" if day > 12 else "MM/DD/YYYY"
            unclear = text
    if unclear:
        raise Invalid(
            f"{unclear!r} may begin with the day or the month; give --dates DD/MM/YYYY or MM/DD/YYYY"
        )
    return next((each for each in DATES if _fits(first, each)), DATES[0])


def read_day(text: str, notation: str) -> date:
    """Return the day in ``text``. A time after it is left out. Raises Invalid if it is not a day in ``notation``.

    >>> read_day("31.12.26", "DD.MM.YYYY"), read_day("2026-12-31 10:15", "YYYY-MM-DD")
    (datetime.date(2026, 12, 31), datetime.date(2026, 12, 31))
    """
    match = _pattern(notation).match(text)
    try:
        if match is None:
            raise ValueError(text)
        year = int(match["Y"])
        return date(year + _PIVOT if len(match["Y"]) == 2 else year, int(match["M"]), int(match["D"]))
    except ValueError:
        raise Invalid(f"{text!r} is not a day as {notation}; write it so, or give --dates") from None


def _fits(text: str, notation: str) -> bool:
    try:
        read_day(text, notation)
    except Invalid:
        return False
    return True


def _pattern(notation: str) -> re.Pattern[str]:
    year = r"(?P<Y>\d{4})" if notation.startswith("Y") or notation == "YYYYMMDD" else r"(?P<Y>\d{4}|\d{2})"
    parts = {"YYYY": year, "MM": r"(?P<M>\d{1,2})", "DD": r"(?P<D>\d{1,2})"}
    if notation == "YYYYMMDD":
        parts |= {"MM": r"(?P<M>\d{2})", "DD": r"(?P<D>\d{2})"}
    pattern = re.escape(notation)
    for name, part in parts.items():
        pattern = pattern.replace(name, part)
    return re.compile(rf"{pattern}(?=$|[ T])", re.ASCII)
