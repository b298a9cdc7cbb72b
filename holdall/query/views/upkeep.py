"""How a view keeps the groups of a query up to date: one way for each kind of reducer.

A document contributes an item to each of its groups. The index remembers a trace of each item, so that it knows
which items a changed document replaces. Items and traces are lists.

- A count and a sum are added up, and the old item of a document is taken away again.
- The different values of "distinct" are in a tree, each with the number of documents that have it.
- Other reducers cannot take a value away. The tree of the members of a group then has the partials of its
  nodes, and a change merges the partials on its path again.
"""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final, Protocol

from holdall.batches import split
from holdall.errors import InvalidQuery
from holdall.query.collation import Place, collate, to_key
from holdall.query.grouping import BATCH, run_step
from holdall.query.reducer import Reducer
from holdall.query.reducers import Reduce, Stats, reducer
from holdall.query.views.packing import encode, pack, unpack, unpack_each
from holdall.query.views.sums import Sum
from holdall.query.views.texts import text_of
from holdall.query.views.tree import EMPTY, Root, Summary, Tree

_SHORT: Final = 16  # bytes
_EXACT: Final = "min", "max", "stats"
"""Any order of the documents gives the same result, unless numbers such as 1 and 1.0 tie for an extreme."""


class Group(Protocol):
    """A group, as the index keeps it."""

    place: Place
    state: Any
    """The state of the upkeep, or None for a new group. It is packed as MessagePack without tags."""

    @property
    def members(self) -> Tree:
        """The documents of the group."""
        ...

    def tree(self, root: Root) -> Tree:
        """Return another tree of the same index."""
        ...


class Upkeep(Protocol):
    """One way to keep groups up to date."""

    ordered: bool
    """Whether each value is a pair of its number in the document and itself."""

    def items(self, values: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Return the items of a document, made of its ``values`` by group. Raises InvalidQuery for wrong ones."""
        ...

    def dump(self, items: Mapping[str, list[Any]]) -> bytes:
        """Return the traces of ``items``, packed. If an item changes, its trace changes."""
        ...

    def load(self, dumped: bytes) -> dict[str, list[Any]]:
        """Return the traces that `dump` packed."""
        ...

    def is_same(self, item: list[Any], trace: list[Any]) -> bool:
        """Return whether ``trace`` is that of ``item``. If that is not known, return False."""
        ...

    def member(self, item: list[Any]) -> Any:
        """Return the value of the document in the tree of the members of the group."""
        ...

    def summary(self, place: Place) -> Summary | None:
        """Return the summary of the members of the group at ``place``."""
        ...

    def change(self, group: Group, old: list[Any], new: list[Any]) -> None:
        """Change the state of ``group``: ``old`` are all former traces, and ``new`` all new items, joined."""
        ...

    def result(self, groups: Sequence[Group]) -> Any:
        """Return the value of the row that ``groups`` make together."""
        ...


def upkeep(reduce: Reduce) -> Upkeep:
    """Return the upkeep for a reducer."""
    if reduce == "count":
        return _Counted()
    if reduce == "sum":
        return _Summed()
    if reduce == "distinct":
        return _Distinct()
    return _Merged(reducer(reduce), in_any_order=reduce in _EXACT) if reduce else _Listed()


def name_of(reduce: Reduce) -> str:
    """Return the name of a reducer: two reducers with one name, other than "", keep the same state."""
    return reduce if isinstance(reduce, str) else "" if reduce else "none"


class _Stateful:
    """Groups whose members have no values, because the state has all that the result needs."""

    ordered = False

    def dump(self, items: Mapping[str, list[Any]]) -> bytes:
        return encode(items)

    def load(self, dumped: bytes) -> dict[str, list[Any]]:
        return unpack(dumped)  # type: ignore[no-any-return]

    def is_same(self, item: list[Any], trace: list[Any]) -> bool:
        return item == trace

    def member(self, item: list[Any]) -> Any:
        return 0

    def summary(self, place: Place) -> None:
        return None


class _Counted(_Stateful):
    def items(self, values: Mapping[str, list[Any]]) -> Mapping[str, list[int]]:
        return {text: [len(each)] for text, each in values.items()}

    def change(self, group: Group, old: list[int], new: list[int]) -> None:
        group.state = (group.state or 0) - sum(old) + sum(new)

    def result(self, groups: Sequence[Group]) -> int:
        return sum(group.state for group in groups)


class _Summed(_Stateful):
    """The traces are the numbers themselves; a Decimal is packed as its text, as nothing else is."""

    def items(self, values: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        return values

    def dump(self, items: Mapping[str, list[Any]]) -> bytes:
        try:
            return encode(items)
        except (TypeError, OverflowError):  # an int over 64 bits, or not a number
            return pack(dict(items))

    def load(self, dumped: bytes) -> dict[str, list[Any]]:
        return {
            text: [Decimal(each) if type(each) is str else each for each in numbers]
            for text, numbers in unpack(dumped).items()
        }

    def is_same(self, item: list[Any], trace: list[Any]) -> bool:
        return False  # 1.0 equals 1.00, but the sum has another exponent

    def change(self, group: Group, old: list[Any], new: list[Any]) -> None:
        changed = _sum(group)
        run_step(group.place, changed.add, new)
        changed.subtract(old)
        group.state = pack(changed.dump())

    def result(self, groups: Sequence[Group]) -> Any:
        whole = Sum()
        for group in groups:
            whole.merge(_sum(group))
        return run_step(groups[0].place, whole.to_number)


def _sum(group: Group) -> Sum:
    return Sum() if group.state is None else Sum(*unpack(group.state))


class _Distinct(_Stateful):
    def items(self, values: Mapping[str, list[Any]]) -> Mapping[str, list[str]]:
        return {text: sorted({text_of(collate(value)) for value in each}) for text, each in values.items()}

    def change(self, group: Group, old: list[str], new: list[str]) -> None:
        tree = self._values(group)
        changes = Counter(new)
        changes.subtract(old)
        counts = tree.get_many(sorted(changes))
        tree.update({text: counts.get(text, 0) + count or None for text, count in changes.items()})
        group.state = tree.root.dump()

    def result(self, groups: Sequence[Group]) -> int:
        trees = [self._values(group) for group in groups]
        if len(trees) == 1:
            return trees[0].root.count
        texts = merge(*(map(itemgetter(0), tree.items()) for tree in trees))
        return sum(1 for _ in groupby(texts))

    def _values(self, group: Group) -> Tree:
        return group.tree(EMPTY if group.state is None else Root.load(group.state))


class _Listed:
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


class _Merged(_Listed):
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
