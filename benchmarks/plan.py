"""What every contender of a group does in each round: the same documents and numbers for all of them."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from msgspec.structs import replace

from benchmarks.invoices import invoices
from holdall.domain.model import Invoice

Documents = Sequence[tuple[str, Invoice]]

T = TypeVar("T")

COUNT = 20_000


class Plan:
    """Invoices by number, for ``rounds`` rounds: COUNT to load, then ``size`` a round to work on.

    ``loads`` come in the order of their numbers and make up the store. ``inserts`` are new to it.
    ``changes`` are invoices that are there, in bytes that no round before has written. ``gets`` and
    ``pays`` are numbers in no order.
    """

    def __init__(self, rounds: int, size: int) -> None:
        self.rounds = rounds
        documents = list(invoices(COUNT + rounds * size))
        old, new = documents[:COUNT], documents[COUNT:]
        numbers = [number for number, _ in old]
        Random(7).shuffle(numbers)
        self.loads = _parts(old, rounds, COUNT // rounds)
        self.inserts = _parts(new, rounds, size)
        self.changes = list(map(_changed, range(rounds), _parts(old, rounds, size)))
        self.gets = self.pays = _parts(numbers, rounds, size)


def _parts(things: Sequence[T], rounds: int, size: int) -> list[Sequence[T]]:
    return [things[begin * size : (begin + 1) * size] for begin in range(rounds)]


def _changed(round: int, documents: Documents) -> Documents:
    references = (f"2025-{round:06}",)
    return [(number, replace(invoice, references=references)) for number, invoice in documents]
