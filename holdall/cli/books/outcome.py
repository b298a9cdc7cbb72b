"""Counts what an import did, and reports it: a summary, the refused documents by reason, or JSON."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import click

from holdall.cli.output.printing import print_json
from holdall.cli.output.safe_text import one_line

_FEW: Final = 10  # refused documents that are listed one by one
_SHOWN: Final = 3  # names of a group
_KINDS: Final = 5  # suffixes of files that were passed over
_varying = re.compile(r"'[^']*'|\"[^\"]*\"|\[\d+\]|-?\d[\d.,]*")


@dataclass
class Outcome:
    """How many documents were added, or were in the books already, and which were refused.

    ``refused`` has a name and a reason for each refused document. ``passed_over`` counts the files of a folder
    that hold no invoices, by the end of their name.
    """

    added: int = 0
    known: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)

    def refuse(self, name: str, problem: Exception) -> None:
        """Count a document with that name as refused because of ``problem``."""
        system = isinstance(problem, OSError) and problem.strerror
        self.refused.append((name, system or str(problem).removeprefix(f"{name}: ")))

    def __str__(self) -> str:
        counts = f"imported {self.added:,}, already there {self.known:,}, refused {len(self.refused):,}"
        return f"{counts}, passed over {_listed(self.passed_over)}" if self.passed_over else counts

    def print(self, *, err: bool, as_json: bool) -> None:
        """Print the summary, and the refused documents on standard error. With ``as_json``, print JSON only.

        A closed pipe is ignored, so that the exit code of the import stays.
        """
        with suppress(BrokenPipeError):
            if as_json:
                print_json(self.record())
                return
            for line in refusals(self.refused):
                click.echo(one_line(line), err=True)
            click.echo(str(self), err=err)

    def record(self) -> dict[str, Any]:
        """Return the outcome as JSON has it."""
        return {
            "imported": self.added,
            "already_there": self.known,
            "refused": [{"document": name, "reason": reason} for name, reason in self.refused],
            "passed_over": dict(sorted(self.passed_over.items())),
        }


def refusals(refused: list[tuple[str, str]]) -> Iterator[str]:
    """Yield a line for each name and reason in ``refused``, or for each group of equal reasons if they are many."""
    if len(refused) <= _FEW:
        yield from (f"refused: {name}: {reason}" for name, reason in refused)
        return
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, reason in refused:
        groups.setdefault(_varying.sub("…", reason), []).append((name, reason))
    for group in sorted(groups.values(), key=lambda each: -len(each)):
        names = ", ".join(name for name, _ in group[:_SHOWN])
        more = f" and {len(group) - _SHOWN:,} more" if len(group) > _SHOWN else ""
        yield f"refused {len(group):,}: {group[0][1]}: {names}{more}"


def _listed(passed: Counter[str]) -> str:
    """Return the number of files, and the number of each kind.

    >>> _listed(Counter({".txt": 2, "": 1}))
    '3 (2 .txt, 1 without a suffix)'
    """
    kinds = [f"{count:,} {kind or 'without a suffix'}" for kind, count in passed.most_common(_KINDS)]
    if (more := len(passed) - _KINDS) > 0:
        kinds.append(f"{more:,} other suffixes")
    return f"{passed.total():,} ({', '.join(kinds)})"
