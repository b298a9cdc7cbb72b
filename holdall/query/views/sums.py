"""The exact sum of a group, to which numbers are added and from which they are taken away again.

Floats and Decimals are added separately, because their sum is refused only while a group has both. How many
numbers have each exponent is counted too: the sum then has the exponent that a new addition would give it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import filterfalse
from typing import Any, Final

from holdall.query.exact import DIGITS, EXACT, Kind, Number, Total, total

_KINDS: Final[tuple[Kind, ...]] = (int, Decimal, float)


class Sum:
    """A sum of numbers. It is exact, so `subtract` undoes `add`.

    >>> sum = Sum()
    >>> sum.add([Decimal("1.50"), Decimal("0.125"), 7])
    >>> sum.subtract([Decimal("0.125")])
    >>> sum.to_number()
    Decimal('8.50')
    """

    def __init__(
        self, state: Iterable[Any] = ((0, 0), (0, Decimal()), (0, Decimal())), exponents: Any = None
    ) -> None:
        """Go on with the state that `dump` returned."""
        self._parts: list[tuple[int, Any]] = [(count, value) for count, value in state]
        self._exponents: Counter[int] = Counter(exponents)

    def dump(self) -> tuple[Any, ...]:
        """Return the arguments that make an equal sum."""
        return list(map(list, self._parts)), dict(+self._exponents)

    def add(self, numbers: Sequence[Number]) -> None:
        """Add ``numbers``. Raises the errors of `holdall.query.exact.total`."""
        self._change(numbers, 1)

    def subtract(self, numbers: Sequence[Number]) -> None:
        """Take ``numbers`` away, which were added before."""
        self._change(numbers, -1)

    def merge(self, other: "Sum") -> None:
        """Add all numbers of ``other``."""
        for index, (count, value) in enumerate(other._parts):
            self._include(index, count, value)
        self._exponents += other._exponents

    def _change(self, numbers: Sequence[Number], sign: int) -> None:
        kinds = set(map(type, numbers))
        if not kinds.issubset(_KINDS):
            total(numbers)  # raises an error that names their types
        for index, kind in enumerate(_KINDS):
            if kind in kinds:
                these = numbers if len(kinds) == 1 else [each for each in numbers if type(each) is kind]
                _, value = total(these)
                self._include(index, sign * len(these), value if sign > 0 else _negative(value))
                if kind is Decimal:
                    self._count(these, sign)

    def _include(self, index: int, count: int, value: int | Decimal) -> None:
        if count:
            own_count, own = self._parts[index]
            self._parts[index] = own_count + count, total([own, value]).value

    def _count(self, numbers: Sequence[Any], sign: int) -> None:
        while numbers:  # most numbers have the same exponent, and `same_quantum` is faster than `as_tuple`
            first = numbers[0]
            exponent = first.as_tuple().exponent
            others = list(filterfalse(first.same_quantum, numbers))
            # A sum begins at zero, so it never has a higher exponent than 0.
            if exponent < 0:
                self._exponents[exponent] += sign * (len(numbers) - len(others))
            numbers = others

    def to_number(self) -> Number:
        """Return the sum, as a run of the query returns it. Raises InvalidQuery for Decimal with float."""
        present = [
            Total(kind, value) for kind, (count, value) in zip(_KINDS, self._parts, strict=True) if count
        ]
        result = present[0]
        for each in present[1:]:
            result += each
        if result.kind is Decimal:
            return _with_exponent(Decimal(result.value), min(+self._exponents, default=0))
        return result.to_number()


def _negative(value: int | Decimal) -> int | Decimal:
    return value.copy_negate() if isinstance(value, Decimal) else -value


def _with_exponent(value: Decimal, exponent: int) -> Decimal:
    """Return ``value`` with ``exponent``, or with as many zeros at its end as an exact sum may have."""
    lowest = value.adjusted() - DIGITS + 1
    return value.quantize(Decimal((0, (1,), max(exponent, lowest))), context=EXACT)
