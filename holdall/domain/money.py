"""Money is a Decimal in a named currency: how many decimals it has, and how to divide it without loss."""

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from functools import reduce

from holdall.errors import Invalid

# ISO 4217, list one as of 2026, without metals, funds of no minor unit and test codes; and the codes
# withdrawn since 2010, which documents in old books still carry.
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
"""Decimals of each currency's amounts, by ISO 4217 code."""

MOST_PLACES = max(PLACES.values())
"""Decimals of the currency that has most."""

DIGITS = 15
"""An amount has at most this many digits before the point."""

EXACT = Context(prec=99)
"""What amounts are computed in, whatever the caller's context: of more digits than any sum of them has."""

_UNITS = [Decimal(1).scaleb(-decimals) for decimals in range(DIGITS)]


def places(currency: str) -> int:
    """Decimals that amounts in ``currency`` have; Invalid where ISO 4217 knows no such code.

    >>> places("EUR"), places("JPY"), places("KWD")
    (2, 0, 3)
    """
    try:
        return PLACES[currency]
    except (KeyError, TypeError):
        raise Invalid(f"{currency!r} is no currency of ISO 4217; write a code such as EUR") from None


def minor(amount: Decimal, currency: str) -> int:
    """``amount`` in minor units of ``currency``; Invalid where it has more decimals or digits than fit.

    >>> minor(Decimal("12.3"), "EUR")
    1230
    """
    decimals = places(currency)
    if not fits(amount, decimals):
        raise Invalid(
            f"{amount} is no amount in {currency}: "
            f"give a Decimal of at most {DIGITS} digits and {decimals} decimals"
        )
    return int(amount.scaleb(decimals, context=EXACT))


def major(units: int, currency: str) -> Decimal:
    """The amount that ``units`` minor units are, written with all decimals of ``currency``.

    >>> major(1230, "EUR")
    Decimal('12.30')
    """
    return Decimal(units).scaleb(-places(currency), context=EXACT)


def text(amount: Decimal, currency: str) -> str:
    """``amount`` as decimal text with the decimals of ``currency``, or more where rounding would lose some.

    >>> text(Decimal("7"), "EUR"), text(Decimal("1E+3"), "JPY"), text(Decimal("0.125"), "EUR")
    ('7.00', '1000', '0.125')
    """
    shown = EXACT.plus(amount.quantize(_UNITS[PLACES.get(currency, 0)], context=EXACT))
    return f"{shown if shown == amount else amount:f}"


def summed(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of ``amounts``, 0 where there are none.

    >>> summed([Decimal("0.1"), Decimal("1E+14")])
    Decimal('100000000000000.1')
    """
    return reduce(EXACT.add, amounts, Decimal(0))


def summed_by(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """The exact sums of the amounts in ``pairs`` by their names, in the order in which names first come.

    >>> summed_by([("4400", Decimal(1)), ("VAT", Decimal(2)), ("4400", Decimal(3))])
    {'4400': Decimal('4'), 'VAT': Decimal('2')}
    """
    sums: dict[str, Decimal] = {}
    for name, amount in pairs:
        sums[name] = EXACT.add(sums.get(name, Decimal(0)), amount)
    return sums


def largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """``amount`` divided in proportion to ``weights``: whole units that sum to it, each less than one off.

    The units left after rounding down go to the largest remainders; of equal ones to the first. A
    negative amount divides as the positive one does. The weights may be of mixed sign but not sum to 0.
    The larger weight never gets less. Not promised: that every part grows when the amount does (with
    weights 6, 6 and 2, ten units are 4, 4 and 2, eleven are 5, 5 and 1).

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
    """Whether ``amount`` is a finite Decimal, of at most DIGITS digits before the point, ``decimals`` after.

    >>> fits(Decimal("1.50"), 1), fits(Decimal("1.5"), 0), fits(Decimal("NaN"), 2)
    (True, False, False)
    """
    if not isinstance(amount, Decimal) or not amount.is_finite():
        return False
    if amount and amount.adjusted() >= DIGITS:
        return False
    return amount == amount.quantize(_UNITS[decimals], context=EXACT)


def possible(amount: object) -> bool:
    """Whether ``amount`` could be one: finite, of at most DIGITS digits before the point and fewer after it.

    >>> possible(Decimal("0.125")), possible(Decimal("1E+99")), possible(Decimal("sNaN"))
    (True, False, False)
    """
    return fits(amount, DIGITS - 1)
