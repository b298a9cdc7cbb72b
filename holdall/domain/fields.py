"""FormEncode validators for the fields of a document. They coerce no types and replace no value by None.

FormEncode was made for web forms, in which every value is text and a missing list is an empty list. These
validators take a document as JSON gives it: text is text, an amount is decimal text or a Decimal, a list is a
list. Each error shows the refused value and the remedy.
"""

import re
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from holdall.domain.money import DIGITS, MOST_PLACES, PLACES, fits
from holdall.extras import needs

with needs("domain"):
    from holdall._formencode import FancyValidator, ForEach, Invalid, NoDefault

_control = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]").search
_decimal = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII).fullmatch


def format_value(value: object) -> str:
    """Return ``value`` in ASCII, cut to at most 60 characters for a log.

    Returns a text with the type of ``value`` if the value is too large or too deep to show.

    >>> format_value("12,50"), format_value(10**5000)
    ("'12,50'", 'a value of the type int')
    """
    try:
        text = ascii(value)
    except (ValueError, RecursionError):
        return f"a value of the type {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


class Field(FancyValidator):  # type: ignore[misc]  # FormEncode has no types
    """A validator that checks every value. FormEncode alone would turn an empty value into None unchecked."""

    accept_iterator = True

    def is_empty(self, value: object) -> bool:
        return False

    def refuse(self, value: object, remedy: str) -> Invalid:
        """Return the error to raise, with the value as `format_value` and the remedy."""
        return Invalid(f"{format_value(value)}: {remedy}", value, None)


class Text(Field):
    """A str of 1 to ``limit`` characters, without control characters.

    If ``free`` is True, it may be empty and may contain control characters.

    >>> Text().to_python("4400")
    '4400'
    """

    limit = 200
    free = False

    def _convert_to_python(self, value: Any, state: Any) -> str:
        if not isinstance(value, str):
            raise self.refuse(value, "write text")
        if len(value) > self.limit:
            raise self.refuse(value, f"write at most {self.limit} characters")
        if not self.free and (not value or _control(value)):
            raise self.refuse(value, "write at least one character, and no control characters")
        return value


class Choice(Field):
    """A str that is one of ``values``.

    >>> Choice(values=("invoice", "credit-note")).to_python("invoice")
    'invoice'
    """

    values: tuple[str, ...] = ()

    def _convert_to_python(self, value: Any, state: Any) -> str:
        if not isinstance(value, str) or value not in self.values:
            raise self.refuse(value, f"write one of {', '.join(self.values)}")
        return value


class Flag(Field):
    """True or False, and no other value that is only equal to one of them, such as 1.

    >>> Flag().to_python(True)
    True
    """

    def _convert_to_python(self, value: Any, state: Any) -> bool:
        if not isinstance(value, bool):
            raise self.refuse(value, "write true or false")
        return value


class Currency(Field):
    """An ISO 4217 code.

    >>> Currency().to_python("EUR")
    'EUR'
    """

    def _convert_to_python(self, value: Any, state: Any) -> str:
        if not isinstance(value, str) or value not in PLACES:
            raise self.refuse(value, "write a currency code of ISO 4217, such as EUR")
        return value


class Day(Field):
    """A date, or its text in the full form of ISO 8601, such as 2026-03-01.

    If ``optional`` is True, None is allowed too.

    >>> Day().to_python("2026-03-01")
    datetime.date(2026, 3, 1)
    """

    optional = False

    def _convert_to_python(self, value: Any, state: Any) -> date | None:
        if value is None and self.optional:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str):
            with suppress(ValueError):
                day = date.fromisoformat(value)
                if day.isoformat() == value:
                    return day
        raise self.refuse(value, "write a day of the calendar as YYYY-MM-DD")


class Number(Field):
    """A Decimal, or decimal text such as "-12.50"; never an int, a float or a bool.

    It has at most ``money.DIGITS`` digits before the point, and at most ``decimals`` after it. If
    ``decimals`` is None, the limit is the number of decimals of the currency, which is ``state.decimals``.

    >>> Number(decimals=6).to_python("12.50")
    Decimal('12.50')
    """

    decimals: int | None = None

    def _convert_to_python(self, value: Any, state: Any) -> Decimal:
        if isinstance(value, str) and len(value) < 40 and _decimal(value):
            value = Decimal(value)
        if not isinstance(value, Decimal):
            raise self.refuse(value, 'write a decimal number as text, such as "12.50"')
        decimals = self._decimals(state)
        if not fits(value, decimals):
            raise self.refuse(value, f"write at most {DIGITS} digits and {decimals} decimals")
        return value

    def _decimals(self, state: Any) -> int:
        if self.decimals is not None:
            return self.decimals
        decimals: int = getattr(state, "decimals", MOST_PLACES)
        return decimals


class Count(Field):
    """A whole number from 1, at most a million.

    >>> Count().to_python(2)
    2
    """

    def _convert_to_python(self, value: Any, state: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10**6:
            raise self.refuse(value, "write a whole number from 1")
        return value


class Optional(Field):
    """None, or a value that ``validator`` accepts.

    >>> Optional(Text()).to_python(None) is None
    True
    """

    __unpackargs__ = ("validator",)
    validator: Any = None
    if_missing = None

    def _convert_to_python(self, value: Any, state: Any) -> Any:
        return None if value is None else self.validator.to_python(value, state)


class Each(ForEach):  # type: ignore[misc]  # FormEncode has no types
    """A list of at least ``least`` items that the given validator accepts. A single value is not a list.

    >>> Each(Text()).to_python(["a", "b"])
    ['a', 'b']
    """

    # ForEach returns [] for a missing list and for None, and makes a list of any value that is not a list.
    if_missing = NoDefault
    accept_iterator = True
    least = 0

    def is_empty(self, value: object) -> bool:
        return False

    def _convert_to_python(self, value: Any, state: Any = None) -> list[Any]:
        if not isinstance(value, list | tuple) or len(value) < self.least:
            raise Invalid(f"{format_value(value)}: write a list of at least {self.least}", value, state)
        converted: list[Any] = super()._convert_to_python(value, state)
        return converted
