"""What is typed for an amount, a day, and the amount of an accounting code; as it stands, or refused."""

import re
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

import click

_amount = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII).fullmatch
_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII).fullmatch


def amount(text: str) -> Decimal:
    """A decimal number, exact as it is typed, but not zero.

    >>> amount("12.50")
    Decimal('12.50')
    """
    if not _amount(text) or not Decimal(text):
        raise click.BadParameter(f"{text!r} is no amount; write it as 1234.50")
    return Decimal(text)


def part(text: str) -> tuple[str, Decimal]:
    """An accounting code and its amount, as CODE=AMOUNT; the code may hold an equals sign.

    >>> part("4400=12.50")
    ('4400', Decimal('12.50'))
    """
    code, _, share = text.rpartition("=")
    if not code:
        raise click.BadParameter(f"{text!r} is no CODE=AMOUNT; write it as 4400=12.50")
    return code, amount(share)


def day(text: str) -> date:
    """A day, as ISO 8601 writes it in full.

    >>> day("2026-03-01")
    datetime.date(2026, 3, 1)
    """
    try:
        return date.fromisoformat(text if _day(text) else "")
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a day of the calendar; write a day as YYYY-MM-DD"
        ) from None


def moment(text: str) -> date | datetime:
    """A day or a time in ISO 8601, in any of its forms.

    >>> moment("2026-09-30"), moment("2026-09-30T12:00:00+02:00").isoformat()
    (datetime.date(2026, 9, 30), '2026-09-30T12:00:00+02:00')
    """
    with suppress(ValueError):
        return date.fromisoformat(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a time; write a day as YYYY-MM-DD or a time as YYYY-MM-DDThh:mm"
        ) from None
