"""How the pages write numbers, sizes, times and amounts."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Final

from holdall.domain.money import text

_directions = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB")


def format_size(count: int) -> str:
    """Return a number of bytes for people.

    >>> format_size(12), format_size(1), format_size(1536)
    ('12 bytes', '1 byte', '1.5 KiB')
    """
    if count < 1024:
        return f"{count} byte{'' if count == 1 else 's'}"
    size, unit = float(count), 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.1f} {_UNITS[unit]}"


def format_time(moment: datetime) -> str:
    """Return a time in UTC, to the second. The time 0 belongs to values that are older than their history."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment.timestamp() else "earlier"


def format_amount(amount: Decimal, currency: str) -> str:
    """Return an amount with the decimals of its currency, in groups of three digits, with a minus sign.

    >>> format_amount(Decimal("1234.5"), "EUR"), format_amount(Decimal(1000), "JPY")
    ('1,234.50', '1,000')
    """
    return format_number(Decimal(text(amount, currency)))


def format_number(number: Decimal) -> str:
    """Return a number with its own decimals, in groups of three digits, with a minus sign.

    >>> format_number(Decimal("12000.125"))
    '12,000.125'
    """
    whole, point, decimals = f"{abs(number):f}".partition(".")
    sign = "\N{MINUS SIGN}" if number < 0 else ""
    return f"{sign}{int(whole):,}{point}{decimals}"


def show_controls(text: str) -> str:
    r"""Return ``text`` with the characters that change the direction of writing as escapes.

    A browser would show the characters after them in another order.

    >>> show_controls("gpj.\u202eexe")
    'gpj.\\u202eexe'
    """
    return _directions.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


FILTERS: Final = {
    "size": format_size,
    "time": format_time,
    "amount": format_amount,
    "number": format_number,
    "visible": show_controls,
}
