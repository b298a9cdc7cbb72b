"""Sums without rounding, which are therefore the same in any order and grouping."""

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, getcontext, setcontext
from typing import NamedTuple, TypeAlias, cast

from holdall.errors import InvalidQuery

Number: TypeAlias = float | Decimal
Kind: TypeAlias = type[int] | type[float] | type[Decimal]
_Exact: TypeAlias = Iterable[int | Decimal]

DIGITS = 2_000  # the exact sum of any two finite floats has at most 1,383
EXACT = Context(prec=DIGITS, traps=[Inexact, InvalidOperation, Overflow])
_KINDS: dict[frozenset[type], Kind] = {
    frozenset([int]): int,
    frozenset([int, Decimal]): Decimal,
    frozenset([Decimal]): Decimal,
    frozenset([int, float]): float,
    frozenset([float]): float,
}


class Total(NamedTuple):
    """An exact sum, and the type of the number to show for it.

    >>> (total([1e16, 1.0]) + total([-1e16])).to_number()
    1.0
    """

    kind: Kind
    value: int | Decimal

    def __add__(self, other: "Total") -> "Total":  # type: ignore[override]  # a sum, not two tuples
        kind = self.kind if self.kind is other.kind else _kind([self.kind, other.kind])
        return Total(kind, _sum(kind, [self.value, other.value]))

    def to_number(self) -> Number:
        """Return the sum. For floats, return the float nearest to the exact sum."""
        return float(self.value) if self.kind is float else self.value


def total(values: Sequence[Number]) -> Total:
    """Return the exact sum of one or more numbers.

    int can be added to Decimal and to float. Raises InvalidQuery for Decimal with float, for bool, infinities
    and NaN, and if the sum has more than 2,000 digits.
    """
    kind = _kind(map(type, values))
    return Total(kind, _sum(kind, map(Decimal, values) if kind is float else cast(_Exact, values)))


def _kind(kinds: Iterable[type]) -> Kind:
    present = frozenset(kinds)
    if present in _KINDS:
        return _KINDS[present]
    names = " and ".join(sorted(kind.__name__ for kind in present))
    raise InvalidQuery(f"cannot add up {names}: use int with Decimal, or int with float")


def _sum(kind: Kind, values: _Exact) -> int | Decimal:
    if kind is int:
        return sum(values)
    context = getcontext()
    try:
        setcontext(EXACT)  # not localcontext: its copy takes half of the time if there are many groups
        result: Decimal = sum(values, Decimal())  # type: ignore[assignment]
    except ArithmeticError as problem:
        raise InvalidQuery(f"no exact sum of finite numbers within {DIGITS} digits") from problem
    finally:
        setcontext(context)
    if not result.is_finite():
        raise InvalidQuery(f"cannot add up {result}: use finite numbers")
    return result
