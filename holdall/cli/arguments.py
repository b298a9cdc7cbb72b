"""Reads typed amounts, days, times and amounts of accounting codes. Each is taken exactly, or refused."""

import re
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

import click

_amount = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII).fullmatch
_range = re.compile(r"([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18})", re.ASCII).fullmatch
_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII).fullmatch


def amount(text: str) -> Decimal:
    """Return the decimal number in ``text``, exactly as it is typed.

    Raises BadParameter if ``text`` is not a decimal number, or is zero.

    >>> amount("12.50")
    Decimal('12.50')
    """
    if not _amount(text):
        raise click.BadParameter(f"{text!r} is not an amount; write a number such as 1234.50")
    if not Decimal(text):
        raise click.BadParameter(f"{text!r} is zero; give an amount that is not zero")
    return Decimal(text)


def positive(text: str) -> Decimal:
    """Return the number that `amount` returns. Raises BadParameter also if it is negative."""
    if (number := amount(text)) < 0:
        raise click.BadParameter(f"{text!r} is negative; give an amount above zero")
    return number


def part(text: str) -> tuple[str, Decimal]:
    """Return the accounting code and the amount in ``text``, which is written as CODE=AMOUNT.

    The code may contain an equals sign. Raises BadParameter if ``text`` has another form.

    >>> part("4400=12.50")
    ('4400', Decimal('12.50'))
    """
    code, _, share = text.rpartition("=")
    if not code:
        raise click.BadParameter(f"{text!r} is not CODE=AMOUNT; write for example 4400=12.50")
    return code, amount(share)


def day(text: str) -> date:
    """Return the day in ``text``, which is written as YYYY-MM-DD (ISO 8601, in full).

    Raises BadParameter if ``text`` is not a day of the calendar in this form.

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
    """Return the day or the time in ``text``, in any form of ISO 8601 that ``fromisoformat`` reads.

    Raises BadParameter if ``text`` is neither.

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


def byte_range(text: str) -> tuple[int, int | None]:
    """Return the start and the length of the bytes in ``text``, as `holdall.Store.read` takes them.

    Raises BadParameter if ``text`` is not FIRST-LAST, FIRST- or -COUNT.

    >>> byte_range("0-99"), byte_range("100-"), byte_range("-100")
    ((0, 100), (100, None), (-100, None))
    """
    found = _range(text)
    if not found or (found[2] and int(found[2]) < int(found[1])):
        raise click.BadParameter(f"{text!r} is not a range of bytes; write for example 0-99, 100- or -100")
    if found[3]:
        return (-int(found[3]), None) if int(found[3]) else (0, 0)
    first = int(found[1])
    return first, int(found[2]) - first + 1 if found[2] else None
