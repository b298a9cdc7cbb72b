"""The cost of one layer: a store with the layer against the same store without it, in nanoseconds a call."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.invoices import invoices
from benchmarks.measure import EXTRA_NS, EXTRA_US, Goal, Row, Work, at_most, compare
from holdall import Json, Memory, PassThrough, Prefix, Store, Validate
from holdall.domain.model import Invoice
from holdall.domain.schema import InvoiceSchema

ROUNDS = 41
KEYS = [f"2026-{index:06}" for index in range(1000)]
DOCUMENTS = list(invoices(len(KEYS)))


def layers(folder: Path) -> Iterator[Row]:
    """Reads through one more layer, and writes that are validated."""
    store = Memory()
    store.update(dict.fromkeys(KEYS, b"value"))
    yield _row("read through a PassThrough", PassThrough(store), store, at_most(60))
    prefixed = Prefix(Memory(), "invoices")
    prefixed.update(dict.fromkeys(KEYS, b"value"))
    yield _row("read through a Prefix", prefixed, store, None)
    documents: Store[Invoice] = Json(Memory(), type=Invoice)
    yield compare(
        "one layer",
        "write through a FormEncode schema",
        _writes(Validate(documents, InvoiceSchema())),
        _writes(documents),
        rounds=5,
        scale=EXTRA_US,
    )


def _row(name: str, ours: Store[bytes], peer: Store[bytes], goal: Goal | None) -> Row:
    return compare("one layer", name, _reads(ours), _reads(peer), rounds=ROUNDS, scale=EXTRA_NS, goal=goal)


def _reads(store: Store[Any]) -> Work:
    def work(round: int) -> int:
        for _ in range(10):
            for key in KEYS:
                store[key]
        return 10 * len(KEYS)

    return work


def _writes(store: Store[Invoice]) -> Work:
    def work(round: int) -> int:
        for number, invoice in DOCUMENTS:
            store[number] = invoice
        return len(DOCUMENTS)

    return work
