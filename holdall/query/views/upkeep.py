"""How a view keeps the groups of a query up to date: one way for each kind of reducer.

A document contributes one item to each of its groups. The index remembers a trace of the item, so that it can
tell which items a changed document replaces.

- A count and a sum are added up, and the old item of a document is taken away again.
- The different values of "distinct" are in a tree, each with the number of documents that have it.
- Other reducers cannot take a value away. The tree of the members of a group then has the partials of its
  nodes, and a change merges the partials on its path again.
"""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from hashlib import blake2b
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final, Protocol

from holdall.batches import split
from holdall.errors import InvalidQuery
from holdall.query.collation import Place, collate, to_key
from holdall.query.exact import total
from holdall.query.grouping import BATCH, run_step
from holdall.query.reducer import Reducer
from holdall.query.reducers import Reduce, reducer
from holdall.query.views.packing import pack, unpack
from holdall.query.views.sums import Sum
from holdall.query.views.texts import text_of
from holdall.query.views.tree import EMPTY, Root, Summary, Tree

_SHORT: Final = 16  # bytes
_EXACT: Final = "min", "max", "stats"  # any order of the documents gives the same result


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

    def item(self, values: list[Any], places: list[int]) -> Any:
        """Return the item of one or more ``values``, the pairs number ``places`` of the map of a document."""
        ...

    def trace(self, item: Any) -> Any:
        """Return an int, text, bytes or a list of text. Different items have different traces."""
        ...

    def member(self, item: Any) -> Any:
        """Return the value of the document in the tree of the members of the group."""
        ...

    def summary(self, place: Place) -> Summary | None:
        """Return the summary of the members of the group at ``place``."""
        ...

    def change(self, group: Group, old: list[Any], new: list[Any]) -> None:
        """Change the state of ``group``, for the traces ``old`` of former items and for the items ``new``."""
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

    def trace(self, item: Any) -> Any:
        return item

    def member(self, item: object) -> Any:
        return 0

    def summary(self, place: Place) -> None:
        return None


class _Counted(_Stateful):
    def item(self, values: list[Any], places: list[int]) -> int:
        return len(values)

    def change(self, group: Group, old: list[int], new: list[int]) -> None:
        group.state = (group.state or 0) - sum(old) + sum(new)

    def result(self, groups: Sequence[Group]) -> int:
        return sum(group.state for group in groups)


class _Summed(_Stateful):
    def item(self, values: list[Any], places: list[int]) -> list[Any]:
        return values

    def trace(self, item: list[Any]) -> str:
        try:
            return " ".join([_DUMP[type(number)](number) for number in item])
        except KeyError:
            total(item)  # raises an error that names the type
            raise

    def change(self, group: Group, old: list[str], new: list[list[Any]]) -> None:
        changed = _sum(group)
        added = list(chain.from_iterable(new))
        taken = [_LOAD[text[0]](text[1:]) for trace in old for text in trace.split(" ")]
        run_step(group.place, changed.add, added)
        changed.subtract(taken)
        group.state = pack(changed.dump())

    def result(self, groups: Sequence[Group]) -> Any:
        whole = Sum()
        for group in groups:
            whole.merge(_sum(group))
        return whole.to_number()


_DUMP: Final[dict[type, Any]] = {int: "i{:x}".format, Decimal: "d{}".format, float: "f{!r}".format}
_LOAD: Final[dict[str, Any]] = {"i": lambda text: int(text, 16), "d": Decimal, "f": float}


def _sum(group: Group) -> Sum:
    return Sum() if group.state is None else Sum(*unpack(group.state))


class _Distinct(_Stateful):
    def item(self, values: list[Any], places: list[int]) -> list[str]:
        return sorted({text_of(collate(value)) for value in values})

    def change(self, group: Group, old: list[list[str]], new: list[list[str]]) -> None:
        tree = self._values(group)
        changes = Counter(chain.from_iterable(new))
        changes.subtract(chain.from_iterable(old))
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
    """Groups whose members have the values of the documents, packed as [places, values]."""

    def item(self, values: list[Any], places: list[int]) -> bytes:
        return pack([places, values])

    def trace(self, item: bytes) -> bytes:
        return item if len(item) < _SHORT else blake2b(item, digest_size=_SHORT).digest()

    def member(self, item: bytes) -> bytes:
        return item

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
        if len(groups) == 1 or self._in_any_order:
            partials: Iterable[Any] = (unpack(group.members.root.partial or b"") for group in groups)
        else:
            partials = map(self._reducer.fold, split(_values(groups), BATCH))
        return run_step(groups[0].place, self._result, partials)

    def _result(self, partials: Iterable[Any]) -> Any:
        return self._reducer.result(functools.reduce(self._reducer.merge, partials))


class _Partials:
    """The summary of the members of the group at ``place``, by ``reducer``."""

    def __init__(self, reducer: Reducer[Any, Any, Any], place: Place) -> None:
        self._reducer = reducer
        self._place = place

    def fold(self, values: Sequence[bytes], /) -> bytes:
        every = [value for packed in values for value in unpack(packed)[1]]
        return self._pack(run_step(self._place, self._reducer.fold, every))

    def merge(self, partials: Sequence[bytes], /) -> bytes:
        merge = self._reducer.merge
        return self._pack(run_step(self._place, functools.reduce, merge, map(unpack, partials)))

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
        for place, value in zip(*unpack(packed), strict=True):
            yield (document, place), value
