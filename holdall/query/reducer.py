"""The protocol of a reducer. It works in steps, so that a group can be reduced batch by batch or in parallel.

A reducer folds values into a partial, merges partials, and makes the result from the last partial.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

V_contra = TypeVar("V_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)
P = TypeVar("P")


@runtime_checkable
class Reducer(Protocol[V_contra, P, R_co]):
    """Three steps that reduce the values of a group: fold a batch, merge two partials, return the result.

    The result must not depend on how the values are split into batches. A query checks this on samples of the
    values, and raises InvalidQuery if the result depends on it. Batches are folded and merged in the order of
    the documents. It must be possible to pickle a partial. One reducer serves all groups, so it must not keep
    anything between calls.

    >>> class Mean:
    ...     def fold(self, values):
    ...         return sum(values), len(values)
    ...     def merge(self, left, right):
    ...         return left[0] + right[0], left[1] + right[1]
    ...     def result(self, partial):
    ...         return partial[0] / partial[1]
    >>> from holdall.query import MapReduce
    >>> MapReduce(lambda key, scores: [("all", each) for each in scores], Mean()).run({"a": [1, 2], "b": [6]})
    [Row(key='all', value=3.0)]
    """

    def fold(self, values: Sequence[V_contra], /) -> P:
        """Return the partial of one or more values. It must not keep or change the list."""
        ...

    def merge(self, left: P, right: P, /) -> P:
        """Return the partial of the values of both partials. It may change both arguments."""
        ...

    def result(self, partial: P, /) -> R_co:
        """Return the value of the row."""
        ...
