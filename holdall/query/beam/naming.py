"""Names a group by a text, because Beam groups by the bytes of keys.

    name   = JSON of the place of the group: scalar, or [8, scalar …] for a tuple
    scalar = [rank, text], with the ranks of `holdall.query.collation`

The text of a number is its digits without zeros at the end, "E", and the exponent: 1, 1.0 and Decimal("1.00")
are all "1E0", and zero is "0".
"""

import json
from datetime import date
from decimal import Decimal

from holdall.query.collation import NUMBER, TEXT, TUPLE, Place


def name(place: Place) -> str:
    """Return the name of the group at ``place``. Two groups have one name if and only if they are equal.

    >>> from holdall.query.collation import collate
    >>> name(collate(("EUR", 1))), name(collate(("EUR", Decimal("1.00")))) == name(collate(("EUR", 1.0)))
    ('[8, [4, "EUR"], [3, "1E0"]]', True)
    """
    rank, value = place
    return json.dumps([rank, *map(_scalar, value)] if rank == TUPLE else _scalar(place))


def _scalar(place: Place) -> tuple[int, str]:
    rank, value = place
    if rank == TEXT:
        return rank, value
    if rank == NUMBER:
        return rank, _number(Decimal(value))
    return rank, value.isoformat() if isinstance(value, date) else str(value)


def _number(value: Decimal) -> str:
    # By its digits, because arithmetic would round them to the decimal context.
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return str(value)  # infinite
    written = "".join(map(str, digits)).rstrip("0")
    exponent += len(digits) - len(written)
    return f"{'-' * sign}{written}E{exponent}" if written else "0"
