"""Finds invoice numbers in the free text of a payment, as whole words.

A number is compared by its runs of letters and of digits: "RE-2026/0106" has the runs re, 2026 and 106. So spaces,
hyphens, case and leading zeros may differ. The runs must stand alone: the number 106 is in "RE106" and in "Nr. 106",
but not in "2026/106", in "106,00" or in "106a".
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, Generic, NamedTuple, TypeVar

from holdall.domain.bank.references import compact

T = TypeVar("T")

_run: Final = re.compile(r"\d+|[^\W\d_]+")
_LONGEST: Final = 8  # runs of a number
_JOINING: Final = frozenset("-/._:#")


class _Run(NamedTuple):
    text: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        return self.text.isdecimal()


def runs(text: str) -> tuple[str, ...]:
    """Return the runs of letters and of digits in ``text``, in small letters and without leading zeros.

    >>> runs("RE-2026/0106")
    ('re', '2026', '106')
    """
    return tuple(each.text for each in _runs(text))


class Names(Generic[T]):
    """The things that a text may name, by their names.

    >>> names = Names[int]()
    >>> names.add("2026/106", 1)
    >>> names.add("106", 2)
    >>> names.find("Rechnung 2026-0106"), names.find("RE106, danke"), names.find("106,00 EUR")
    ([('2026/106', [1])], [('106', [2])], [])
    """

    def __init__(self) -> None:
        self._by_runs: dict[tuple[str, ...], tuple[str, list[T]]] = {}
        self._joined: dict[str, tuple[str, list[T]]] = {}

    def add(self, name: str, thing: T) -> None:
        """Add ``thing`` under ``name``. A name without letters and digits is never found."""
        plain = unicodedata.normalize("NFKC", name)
        parts = runs(plain)
        if parts and len(parts) <= _LONGEST:
            found = self._by_runs.setdefault(parts, (name, []))
            found[1].append(thing)
            self._joined.setdefault(compact(plain).casefold(), found)

    def find(self, text: str) -> list[tuple[str, list[T]]]:
        """Return each name in ``text`` with its things, in the order of the text, and each name once."""
        text = unicodedata.normalize("NFKC", text)
        found, taken = dict[int, tuple[str, list[T]]](), set[int]()
        all_runs = list(_runs(text))
        for length in range(min(_LONGEST, len(all_runs)), 0, -1):
            for first in range(len(all_runs) - length + 1):
                places = range(first, first + length)
                named = self._named(all_runs[first : first + length], text)
                if (
                    named
                    and taken.isdisjoint(places)
                    and _stands_alone(text, all_runs, first, first + length)
                ):
                    taken.update(places)
                    found[first] = named
        return list({name: (name, things) for _, (name, things) in sorted(found.items())}.values())

    def _named(self, part: list[_Run], text: str) -> tuple[str, list[T]] | None:
        """Return the name with these runs, or the name that is written without its separators."""
        if named := self._by_runs.get(tuple(each.text for each in part)):
            return named
        word = text[part[0].start : part[-1].end]
        return self._joined.get(compact(word).casefold()) if word.isalnum() else None


def _runs(text: str) -> Iterator[_Run]:
    for match in _run.finditer(text):
        found = match[0].casefold()
        yield _Run(found.lstrip("0") or "0" if found.isdecimal() else found, match.start(), match.end())


def _stands_alone(text: str, found: list[_Run], first: int, last: int) -> bool:
    """Return whether the runs from ``first`` up to ``last`` are a word, and not a part of a longer one."""
    before = found[first - 1] if first else None
    after = found[last] if last < len(found) else None
    if before and before.is_number and _joins(text[before.end : found[first].start]):
        return False
    if after is None:
        return True
    glue = text[found[last - 1].end : after.start]
    if glue == "," and after.is_number and after.end - after.start == 2:
        return False  # an amount, such as 106,00
    return not _joins(glue) if after.is_number else glue != ""


def _joins(glue: str) -> bool:
    """Return whether ``glue``, the text between two runs, makes one word of them."""
    return set(glue) <= _JOINING
