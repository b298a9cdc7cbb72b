"""Importing files into books: each by itself, so that a bad one stops none of the others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from holdall.cli.progress import progress
from holdall.domain.books import Books
from holdall.domain.ubl import read
from holdall.errors import Conflict, HoldallError, Invalid


@dataclass
class Outcome:
    """What became of the files of one import."""

    added: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """In one line."""
        return f"imported {self.added}, already there {self.known}, refused {len(self.refused)}"


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The files named, and every .xml in the folders named and below them, in the order of their names."""
    found: dict[Path, None] = {}
    for path in paths:
        found |= dict.fromkeys(sorted(_xml_in(path)) if path.is_dir() else [path])
    return list(found)


def _xml_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix.lower() == ".xml" and path.is_file())


def import_files(books: Books, files: list[Path]) -> Outcome:
    """Add each file's invoice to ``books``; those that are refused are named on standard error.

    An error of the store itself ends it: what was added by then stays, and a repeat goes on from there.
    """
    outcome = Outcome()
    with progress("importing", len(files)) as advance:
        for file in advance(files):
            try:
                added = books.add(read(file))
            except (Invalid, Conflict) as problem:
                outcome.refused.append(_reason(file, problem))
            except OSError as problem:
                if isinstance(problem, HoldallError):
                    raise
                outcome.refused.append(f"{file}: {problem.strerror or problem}")
            else:
                outcome.added += added
                outcome.known += not added
    for line in outcome.refused:
        click.echo(f"refused: {line}", err=True)
    return outcome


def _reason(file: Path, problem: HoldallError) -> str:
    reason = str(problem)
    return reason if reason.startswith(str(file)) else f"{file}: {reason}"
