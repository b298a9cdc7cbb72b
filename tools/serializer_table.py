"""Try every serializer, and write the tables of docs/reference/serializers.md: `python -m tools.serializer_table`."""

import re
import time
import timeit
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from holdall import Corrupt, Invalid, Json, Memory, MessagePack, Pickle, Text, Xml, Yaml
from holdall.store import Store

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "serializers.md"
Make = Callable[..., Store[Any]]


class Split(msgspec.Struct):
    """A part of a line, on one accounting code."""

    code: str
    amount: str


class Line(msgspec.Struct):
    """A line of an invoice."""

    text: str
    quantity: int
    price: str
    splits: list[Split]


class Invoice(msgspec.Struct):
    """The document whose reads and writes are timed."""

    number: str
    customer: str
    issued: str
    currency: str
    paid: bool
    note: str | None
    lines: list[Line]


def trusted(store: Store[bytes]) -> Pickle:
    """A pickle layer, with the trust that the tables assume."""
    return Pickle(store, trust=True)


SERIALIZERS: dict[str, Make] = {
    "Json": Json,
    "MessagePack": MessagePack,
    "Yaml": Yaml,
    "Xml": Xml,
    "Pickle": trusted,
    "Text": Text,
}
SAFE = {name: "only if signed" if name == "Pickle" else "yes" for name in SERIALIZERS}
READABLE = {name: "no" if name in ("MessagePack", "Pickle") else "yes" for name in SERIALIZERS}

SAMPLES: dict[str, Any] = {
    "str": "no",
    "int of 64 bits": 2**63 - 1,
    "int of any size": 2**99,
    "float": 0.5,
    "NaN, infinity": [float("nan"), float("-inf")],
    "bool": True,
    "None": None,
    "list": [1, ["a"]],
    "dict with names that are str": {"a": 1},
    "dict with other names": {1: "a"},
    "bytes": b"\0\xff",
    "date": date(2026, 11, 22),
    "datetime in UTC": datetime(2026, 11, 22, 10, 30, tzinfo=UTC),
    "datetime without a zone": datetime.fromisoformat("2026-11-22T10:30:00"),
    "Decimal": Decimal("119.00"),
    "tuple": (1, 2),
    "set": {1},
    "Struct, dataclass": Split("8200", "119.00"),
    "object of another class": re.compile("a"),
}
DECLARED: dict[str, Any] = {"NaN, infinity": list[float], "dict with other names": dict[int, str]}

LINES = [
    Line(f"Consulting, day {day}", 8, "150.00", [Split("8200", "800.00"), Split("8300", "400.00")])
    for day in range(1, 8)
]
INVOICE = Invoice("2026-7", "Müller & Söhne AG", "2026-11-22", "EUR", False, None, LINES)


def kept(make: Make, name: str) -> str:
    """Whether ``make`` keeps the sample: without a type ("yes"), with a declared one ("typed"), or not ("-")."""
    sample = SAMPLES[name]
    if comes_back(make, sample):
        return "yes"
    declared = DECLARED.get(name, type(sample))
    takes_types = make not in (trusted, Text)
    return "typed" if takes_types and comes_back(make, sample, type=declared) else "-"


def comes_back(make: Make, value: Any, **options: Any) -> bool:
    """Whether a read returns exactly the value that was written; False if the store refuses it."""
    try:
        store = make(Memory(), **options)
        store["a"] = value
        return repr(store["a"]) == repr(value)
    except (Invalid, Corrupt):
        return False


def types() -> str:
    """The table of types."""
    rows = [[name, *(kept(make, name) for make in SERIALIZERS.values())] for name in SAMPLES]
    return table(["", *(f"`{name}`" for name in SERIALIZERS)], rows)


def sizes() -> str:
    """The table of bytes and times, for one invoice."""
    plain = msgspec.to_builtins(INVOICE)
    head = ["", "bytes", "write", "read", "write, typed", "read, typed", "from strangers", "for people"]
    return table(head, [row(name, plain) for name in SERIALIZERS if name != "Text"])


def row(name: str, plain: Any) -> list[str]:
    """One serializer's bytes and times."""
    make = SERIALIZERS[name]
    typed = ["-", "-"] if make is trusted else timed(make, INVOICE, type=Invoice)
    return [f"`{name}`", size(make, plain), *timed(make, plain), *typed, SAFE[name], READABLE[name]]


def size(make: Make, value: Any) -> str:
    """The number of bytes that are stored for ``value``."""
    below = Memory()
    make(below)["a"] = value
    return f"{len(below['a']):,}"


def timed(make: Make, value: Any, **options: Any) -> list[str]:
    """Microseconds to write and to read ``value``, in memory."""
    store = make(Memory(), **options)
    write = microseconds(lambda: store.__setitem__("a", value))
    return [f"{write:,.1f}", f"{microseconds(lambda: store['a']):,.1f}"]


def microseconds(act: Callable[[], object]) -> float:
    """Processor time of one call: the best of five rounds, each of a fifth of a second or more."""
    timer = timeit.Timer(act, timer=time.process_time)
    count, _ = timer.autorange()
    return min(timer.repeat(5, count)) / count * 1e6


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def pages(text: str, tables: dict[str, str]) -> str:
    """The page with new tables, each between its two marks."""
    for name, body in tables.items():
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        text = f"{before}{mark}{body}\n{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(pages(PAGE.read_text(), {"types": types(), "sizes": sizes()}))
    print(f"Written: {PAGE}")
