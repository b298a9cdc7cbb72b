"""Keeps up groups whose reducer cannot take a value away: their values, and the partials of their nodes."""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from holdall.batches import split
from holdall.errors import InvalidQuery
from holdall.query.collation import Place, to_key
from holdall.query.grouping import BATCH, run_step
from holdall.query.reducer import Reducer
from holdall.query.reducers import Stats
from holdall.query.views.packing import encode, pack, unpack, unpack_each
from holdall.query.views.tree import Summary
from holdall.query.views.upkeep.protocol import Group

_SHORT: Final = 16  # bytes


class Listed:
    """Groups whose members have the values of the documents, packed as [number, value, …]."""

    ordered = True

    def items(self, values: Mapping[str, list[Any]]) -> Mapping[str, list[bytes]]:
        return {text: [pack(list(chain.from_iterable(each)))] for text, each in values.items()}

    def dump(self, items: Mapping[str, list[Any]]) -> bytes:
        return encode({text: self._trace(item) for text, item in items.items()})

    def load(self, dumped: bytes) -> dict[str, list[Any]]:
        return unpack(dumped)  # type: ignore[no-any-return]

    def is_same(self, item: list[Any], trace: list[Any]) -> bool:
        return self._trace(item) == trace

    def _trace(self, item: list[bytes]) -> list[bytes]:
        (packed,) = item
        return item if len(packed) < _SHORT else [blake2b(packed, digest_size=_SHORT).digest()]

    def member(self, item: list[bytes]) -> Any:
        return item[0]

    def summary(self, place: Place) -> Summary | None:
        return None

    def change(self, group: Group, old: list[Any], new: list[Any]) -> None:
        pass

    def result(self, groups: Sequence[Group]) -> Any:
        return list(_values(groups))


class Merged(Listed):
    """Groups whose tree of members has partials."""

    def __init__(self, reducer: Reducer[Any, Any, Any], *, in_any_order: bool) -> None:
        self._reducer = reducer
        self._in_any_order = in_any_order

    def summary(self, place: Place) -> Summary:
        return _Partials(self._reducer, place)

    def result(self, groups: Sequence[Group]) -> Any:
        return run_step(groups[0].place, self._result, groups)

    def _result(self, groups: Sequence[Group]) -> Any:
        merge = self._reducer.merge
        if len(groups) == 1 or self._in_any_order:
            partials = [unpack(group.members.root.partial or b"") for group in groups]
            merged = functools.reduce(merge, partials)
            if len(groups) == 1 or not _is_tied(merged, partials):
                return self._reducer.result(merged)
        folded = map(self._reducer.fold, split(_values(groups), BATCH))
        return self._reducer.result(functools.reduce(merge, folded))


def _is_tied(merged: Any, partials: Iterable[Any]) -> bool:
    """Return whether an extreme of ``merged`` equals one of ``partials`` that is shown differently, as 1 and 1.0."""
    return any(
        one == other and repr(one) != repr(other)
        for partial in partials
        for one, other in zip(_extremes(merged), _extremes(partial), strict=True)
    )


def _extremes(partial: Any) -> tuple[Any, ...]:
    return (partial.min, partial.max) if isinstance(partial, Stats) else (partial,)


class _Partials:
    """The summary of the members of the group at ``place``, by ``reducer``."""

    def __init__(self, reducer: Reducer[Any, Any, Any], place: Place) -> None:
        self._reducer = reducer
        self._place = place

    def fold(self, values: Sequence[bytes], /) -> bytes:
        every = [value for numbered in unpack_each(values) for value in numbered[1::2]]
        return self._pack(run_step(self._place, self._reducer.fold, every))

    def merge(self, partials: Sequence[bytes], /) -> bytes:
        merge = self._reducer.merge
        return self._pack(run_step(self._place, functools.reduce, merge, unpack_each(partials)))

    def _pack(self, partial: object) -> bytes:
        try:
            return pack(partial)
        except InvalidQuery as problem:
            raise InvalidQuery(f"group {to_key(self._place)!r}: {problem}") from None


def _values(groups: Iterable[Group]) -> Iterator[Any]:
    """Yield the values of all members of ``groups``, in the order of their documents and of their pairs."""
    for _, value in merge(*map(_numbered, groups), key=itemgetter(0)):
        yield value


def _numbered(group: Group) -> Iterator[tuple[tuple[str, int], Any]]:
    for document, packed in group.members.items():
        numbered = unpack(packed)
        for number, value in zip(numbered[::2], numbered[1::2], strict=True):
            yield (document, number), value
