"""Money is a Decimal in a named currency. Functions here check its decimals and divide it without loss."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce

from holdall.errors import Invalid

# ISO 4217, list one as of 2026, without metals, funds without a minor unit and test codes. The codes
# withdrawn since 2010 are here too, because documents in old books still have them.
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF BYR",
    2: """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
        CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
        GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD
        MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
        PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
        TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
        ANG BGN CUC EEK HRK LTL LVL MRO SLL STD VEF ZMK ZWL""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
PLACES = {code: places for places, codes in _CODES.items() for code in codes.split()}
"""The number of decimals of each currency's amounts, by ISO 4217 code."""

MOST_PLACES = max(PLACES.values())
"""The largest number of decimals of any currency."""

DIGITS = 15
"""An amount has at most this many digits before the point."""

EXACT = Context(prec=99)
"""The context for computing with amounts, whatever the caller's context. It has more digits than any sum."""

_UNITS = [Decimal(1).scaleb(-decimals) for decimals in range(DIGITS)]


def places(currency: str) -> int:
    """Return the number of decimals of amounts in ``currency``.

    Raises Invalid if ``currency`` is not a code of ISO 4217.

    >>> places("EUR"), places("JPY"), places("KWD")
    (2, 0, 3)
    """
    try:
        return PLACES[currency]
    except (KeyError, TypeError):
        raise Invalid(f"{currency!r} is not a currency of ISO 4217; write a code such as EUR") from None


def minor(amount: Decimal, currency: str) -> int:
    """Return ``amount`` in minor units of ``currency``, such as cents.

    Raises Invalid if ``amount`` has more decimals than the currency, or more than `DIGITS` digits before the
    point.

    >>> minor(Decimal("12.3"), "EUR")
    1230
    """
    decimals = places(currency)
    if not fits(amount, decimals):
        raise Invalid(
            f"{amount} is not a valid amount in {currency}; "
            f"give a Decimal of at most {DIGITS} digits and {decimals} decimals"
        )
    return int(amount.scaleb(decimals, context=EXACT))


def major(units: int, currency: str) -> Decimal:
    """Return the amount of ``units`` minor units, with all decimals of ``currency``.

    >>> major(1230, "EUR")
    Decimal('12.30')
    """
    return Decimal(units).scaleb(-places(currency), context=EXACT)


def nearest(amount: Decimal, currency: str) -> Decimal:
    """Return ``amount`` rounded to the decimals of ``currency``. A half is rounded away from zero.

    >>> nearest(Decimal("60.0456"), "EUR"), nearest(Decimal("-0.5"), "JPY")
    (Decimal('60.05'), Decimal('-1'))
    """
    return amount.quantize(_UNITS[places(currency)], ROUND_HALF_UP, context=EXACT)


def text(amount: Decimal, currency: str) -> str:
    """Return ``amount`` as decimal text with the decimals of ``currency``.

    The text has more decimals if rounding would lose some.

    >>> text(Decimal("7"), "EUR"), text(Decimal("1E+3"), "JPY"), text(Decimal("0.125"), "EUR")
    ('7.00', '1000', '0.125')
    """
    shown = EXACT.plus(amount.quantize(_UNITS[PLACES.get(currency, 0)], context=EXACT))
    return f"{shown if shown == amount else amount:f}"


def sum_amounts(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of ``amounts``, or 0 if there are none.

    >>> sum_amounts([Decimal("0.1"), Decimal("1E+14")])
    Decimal('100000000000000.1')
    """
    return reduce(EXACT.add, amounts, Decimal(0))


def sum_by_name(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Return the exact sum of the amounts in ``pairs`` for each name, in the order of their first appearance.

    >>> sum_by_name([("4400", Decimal(1)), ("VAT", Decimal(2)), ("4400", Decimal(3))])
    {'4400': Decimal('4'), 'VAT': Decimal('2')}
    """
    sums: dict[str, Decimal] = {}
    for name, amount in pairs:
        sums[name] = EXACT.add(sums.get(name, Decimal(0)), amount)
    return sums


def largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide ``amount`` in proportion to ``weights``, into whole units that sum to ``amount``.

    Each part differs by less than one unit from its exact share. The units left after rounding down go to the
    parts with the largest remainders, and among equal remainders to the first. A negative amount is divided
    in the same way as the positive amount. The weights may have mixed signs, but must not sum to 0. The
    larger of two weights never gets less. Not promised: that every part grows if the amount grows (with the
    weights 6, 6 and 2, ten units become 4, 4 and 2, and eleven units become 5, 5 and 1).

    >>> largest_remainder(100, [1, 1, 1])
    [34, 33, 33]
    """
    if amount < 0:
        return [-part for part in largest_remainder(-amount, weights)]
    whole = sum(weights)
    if whole < 0:
        weights, whole = [-weight for weight in weights], -whole
    parts = [amount * weight // whole for weight in weights]
    remainders = [amount * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in order[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def fits(amount: object, decimals: int) -> bool:
    """Return whether ``amount`` is a finite Decimal with at most ``decimals`` decimals.

    It must also have at most `DIGITS` digits before the point.

    >>> fits(Decimal("1.50"), 1), fits(Decimal("1.5"), 0), fits(Decimal("NaN"), 2)
    (True, False, False)
    """
    if not isinstance(amount, Decimal) or not amount.is_finite():
        return False
    if amount and amount.adjusted() >= DIGITS:
        return False
    return amount == amount.quantize(_UNITS[decimals], context=EXACT)


def is_possible(amount: object) -> bool:
    """Return whether ``amount`` can be an amount of money in some currency.

    It must be finite, with at most `DIGITS` digits before the point and fewer than that after it.

    >>> is_possible(Decimal("0.125")), is_possible(Decimal("1E+99")), is_possible(Decimal("sNaN"))
    (True, False, False)
    """
    return fits(amount, DIGITS - 1)


def is_positive(amount: Decimal) -> bool:
    """Return whether ``amount`` can be an amount of money, and is more than zero.

    >>> is_positive(Decimal("0.01")), is_positive(Decimal(0)), is_positive(Decimal("NaN"))
    (True, False, False)
    """
    return is_possible(amount) and amount > 0
