"""The work of every contender of a group in each round: all of them get the same documents and numbers."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from msgspec.structs import replace

from benchmarks.invoices import invoices
from holdall.domain.model import Invoice

Documents = Sequence[tuple[str, Invoice]]
T = TypeVar("T")

COUNT = 20_000
BULKS = 20


class Plan:
    """Invoices by number, divided into the rounds of each task. Rounds are short, so most run undisturbed.

    ``load`` is COUNT invoices in the order of their numbers; they fill the store. ``change`` has ``bulk`` of
    these invoices in each round, with bytes that no earlier round wrote. ``insert`` has new invoices, and
    ``get`` and ``pay`` have numbers in random order: ``size`` of them in each of ``rounds``.
    """

    def __init__(self, rounds: int, size: int, bulk: int = 1000) -> None:
        documents = list(invoices(COUNT + rounds * size))
        old, new = documents[:COUNT], documents[COUNT:]
        numbers = [number for number, _ in old]
        Random(7).shuffle(numbers)
        self.load = _parts(old, BULKS, COUNT // BULKS)
        self.insert = _parts(new, rounds, size)
        self.change = list(map(_changed, range(BULKS), _parts(old, BULKS, bulk)))
        self.get = self.pay = _parts(numbers, rounds, size)


def _parts(things: Sequence[T], rounds: int, size: int) -> list[Sequence[T]]:
    return [things[begin * size : (begin + 1) * size] for begin in range(rounds)]


def _changed(round: int, documents: Documents) -> Documents:
    references = (f"2025-{round:06}",)
    return [(number, replace(invoice, references=references)) for number, invoice in documents]
