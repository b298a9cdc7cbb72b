"""Keeps up counts, sums and different values, from which the old item of a document is taken away again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any

from holdall.query.collation import Place, collate
from holdall.query.grouping import run_step
from holdall.query.texts import text_of
from holdall.query.views.packing import encode, pack, unpack
from holdall.query.views.root import EMPTY, Root
from holdall.query.views.sums import Sum
from holdall.query.views.tree import Tree
from holdall.query.views.upkeep.protocol import Group


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


class Counted(_Stateful):
    """The state is the number of values."""

    def items(self, values: Mapping[str, list[Any]]) -> Mapping[str, list[int]]:
        return {text: [len(each)] for text, each in values.items()}

    def change(self, group: Group, old: list[int], new: list[int]) -> None:
        group.state = (group.state or 0) - sum(old) + sum(new)

    def result(self, groups: Sequence[Group]) -> int:
        return sum(group.state for group in groups)


class Summed(_Stateful):
    """The state is a `Sum`.

    The traces are the numbers themselves; a Decimal is packed as its text, as nothing else is.
    """

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


class Distinct(_Stateful):
    """The state is the root of a tree of the different values, each with the number of documents that have it."""

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
