"""The reducers of a query: the named ones, and one for any function."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from reprlib import repr as brief
from typing import Any, TypeAlias, TypeVar

from holdall.errors import InvalidQuery
from holdall.query.collation import Place, collate, to_key
from holdall.query.exact import Number, Total, total
from holdall.query.reducer import Reducer
from holdall.query.trial import Tried

T = TypeVar("T")


@dataclass(frozen=True)
class Stats:
    """The count of some numbers, their exact sum, the smallest and the largest.

    >>> Stats(count=2, sum=7, min=3, max=4).mean
    3.5
    """

    count: int
    sum: Any
    min: Any
    max: Any

    @property
    def mean(self) -> Any:
        """The sum divided by the count, rounded to the decimal context or to a float."""
        return self.sum / self.count


class _Sum:
    def fold(self, values: Sequence[Number]) -> Total:
        return total(values)

    def merge(self, left: Total, right: Total) -> Total:
        return left + right

    def result(self, partial: Total) -> Number:
        return partial.to_number()


class _Count:
    def fold(self, values: Sequence[object]) -> int:
        return len(values)

    def merge(self, left: int, right: int) -> int:
        return left + right

    def result(self, partial: int) -> int:
        return partial


class _Stats:
    def fold(self, values: Sequence[Number]) -> Stats:
        # The sum comes first, because it refuses the values that have no minimum and maximum, such as NaN.
        return Stats(len(values), total(values), min(values), max(values))

    def merge(self, left: Stats, right: Stats) -> Stats:
        return Stats(
            left.count + right.count,
            left.sum + right.sum,
            min(left.min, right.min),
            max(left.max, right.max),
        )

    def result(self, partial: Stats) -> Stats:
        return replace(partial, sum=partial.sum.to_number())


class _Extreme:
    def __init__(self, choose: Callable[..., Any]) -> None:
        self.choose = choose

    def fold(self, values: Sequence[object]) -> Place:
        return self.choose(map(collate, values))  # type: ignore[no-any-return]

    def merge(self, left: Place, right: Place) -> Place:
        return self.choose(left, right)  # type: ignore[no-any-return]

    def result(self, partial: Place) -> Any:
        return to_key(partial)


class _Distinct:
    def fold(self, values: Sequence[object]) -> set[Place]:
        return set(map(collate, values))

    def merge(self, left: set[Place], right: set[Place]) -> set[Place]:
        left |= right
        return left

    def result(self, partial: set[Place]) -> int:
        return len(partial)


class Function:
    """A reducer from a function of a sequence of values. The function is applied again to its own results."""

    def __init__(self, function: Callable[[Sequence[Any]], Any]) -> None:
        self.function = function

    def fold(self, values: Sequence[Any]) -> Any:
        return self.function(values)

    def merge(self, left: Any, right: Any) -> Any:
        return self.function([left, right])

    def result(self, partial: Any) -> Any:
        return partial

    def __repr__(self) -> str:
        return getattr(self.function, "__qualname__", repr(self.function))


class Every:
    """A reducer that keeps the values as they are, in the order of their documents."""

    def fold(self, values: Sequence[T]) -> list[T]:
        return list(values)

    def merge(self, left: list[T], right: list[T]) -> list[T]:
        left += right
        return left

    def result(self, partial: list[T]) -> list[T]:
        return partial


Reduce: TypeAlias = str | Reducer[Any, Any, Any] | Callable[[Sequence[Any]], Any] | None

BUILT_IN: Mapping[str, Reducer[Any, Any, Any]] = {
    "sum": _Sum(),
    "count": _Count(),
    "stats": _Stats(),
    "min": _Extreme(min),
    "max": _Extreme(max),
    "distinct": _Distinct(),
}


def reducer(reduce: Reduce) -> Reducer[Any, Any, Any]:
    """Return the reducer that ``reduce`` names or is, for one run.

    Raises InvalidQuery if the name is unknown, and TypeError if ``reduce`` is not None, a name, a Reducer or
    a function.
    """
    if reduce is None:
        return Every()
    if isinstance(reduce, str):
        if reduce not in BUILT_IN:
            raise InvalidQuery(
                f"{reduce!r} is not a reducer: use {', '.join(BUILT_IN)}, a function or a Reducer"
            )
        return BUILT_IN[reduce]
    if isinstance(reduce, Reducer):
        if isinstance(reduce, type):
            raise TypeError(f"reduce is the class {reduce.__name__}: give an instance, {reduce.__name__}()")
        return Tried(reduce)
    if callable(reduce):
        return Tried(Function(reduce))
    raise TypeError(
        f"reduce is {brief(reduce)}, not a reducer: "
        f"give one of {', '.join(map(repr, BUILT_IN))}, a function, a Reducer or None"
    )
