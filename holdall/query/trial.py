"""Checks a user's reducer on the values of a run: its result must not depend on batches."""

from collections.abc import Sequence
from copy import deepcopy
from reprlib import repr as brief
from typing import Any, Final

from holdall.query.alike import is_alike, largest
from holdall.query.reducer import Reducer

TRIALS: Final = 32  # lists of values per run; a single group has them in a quarter of a million pairs
SAMPLE: Final = 8  # values per list
LEAST: Final = 3  # values: two can hide the error, because len([1, 1]) is 2 in parts and at once

_REMEDY: Final = (
    "A function is applied again to its own results, so f(a + b) must equal f([f(a), f(b)]); "
    'use "count", "sum", "stats" or another named reducer, or a Reducer with fold, merge and result'
)


class Unsplittable(Exception):
    """The result of a reducer depends on how the values are split into batches."""


class Few(list[Any]):
    """The values of a group, in place of their partial, while they are too few to try the reducer on."""


class Tried:
    """A reducer that returns the results of ``reducer``, and tries it on lists of values.

    Raises Unsplittable if ``reducer`` has another result for the same values in two parts. The first 32 lists
    of a run that have three or more values are tried. A trial uses copies of up to 8 values of the list, so
    that a function that changes its values does no harm. If a list is shorter, its values wait for other
    values of their group; so a group of three or more values is tried even if they came in different batches.
    """

    def __init__(self, reducer: Reducer[Any, Any, Any]) -> None:
        self._reducer = reducer
        self._left = TRIALS

    def fold(self, values: Sequence[Any]) -> Any:
        if len(values) < LEAST:
            return Few(values)
        sample = self._sample(values)
        partial = self._reducer.fold(values)
        if sample:
            self._try(sample)
        return partial

    def merge(self, left: Any, right: Any) -> Any:
        if isinstance(left, Few) and isinstance(right, Few):
            return self.fold([*left, *right])
        return self._reducer.merge(self._fold_few(left), self._fold_few(right))

    def result(self, partial: Any) -> Any:
        return self._reducer.result(self._fold_few(partial))

    def _fold_few(self, partial: Any) -> Any:
        return self._reducer.fold(list(partial)) if isinstance(partial, Few) else partial

    def _sample(self, values: Sequence[Any]) -> list[Any]:
        """Return copies of values that are spread over ``values``, or no copies after enough trials."""
        if not self._left:
            return []
        self._left -= 1
        try:
            return deepcopy(list(values[:: -(-len(values) // SAMPLE)]))
        except Exception:  # noqa: BLE001 - a value that cannot be copied might not survive the trial
            return []

    def _try(self, sample: list[Any]) -> None:
        whole = self._reduce_parts([deepcopy(sample)])
        for cut in {1, len(sample) - 1}:
            values = deepcopy(sample)
            split = self._reduce_parts([values[:cut], values[cut:]])
            if not (is_alike(whole, split) or is_alike(whole, split, largest(sample))):
                raise Unsplittable(
                    f"{self._reducer!r} gives {brief(whole)} for {len(sample)} values at once, "
                    f"and {brief(split)} when it merges its results for two parts of them. {_REMEDY}"
                )

    def _reduce_parts(self, parts: list[list[Any]]) -> Any:
        try:
            partials = [self._reducer.fold(part) for part in parts]
            return self._reducer.result(
                partials[0] if len(partials) == 1 else self._reducer.merge(partials[0], partials[1])
            )
        except MemoryError:
            raise
        except Exception as problem:
            raise Unsplittable(
                f"{self._reducer!r} fails on parts of a group: {problem!r}. {_REMEDY}"
            ) from problem
