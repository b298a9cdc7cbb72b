"""Imports files into books, one by one, so that a file that cannot be imported does not stop the others."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

import click

from holdall.cli.output.progress import show_progress
from holdall.cli.output.safe_text import one_line
from holdall.domain.books import Books
from holdall.domain.model import Invoice
from holdall.domain.ubl import read
from holdall.errors import Conflict, HoldallError, Invalid, InvalidKey, TooLarge


@dataclass
class Outcome:
    """How many files have been imported so far, were already in the books, or were refused."""

    added: int = 0
    known: int = 0
    refused: int = 0

    def __str__(self) -> str:
        return f"imported {self.added:,}, already there {self.known:,}, refused {self.refused:,}"


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Return the files in ``paths``, and for each folder in ``paths`` every .xml file in it and below it.

    The files of one folder are sorted by path, and no file is returned twice. Raises HoldallError if a folder
    has no .xml file in it or below it, or if a folder cannot be read.
    """
    found: dict[Path, None] = {}
    for path in paths:
        found |= dict.fromkeys(_xml_in(path) if path.is_dir() else [path])
    return list(found)


def _xml_in(folder: Path) -> list[Path]:
    inside = (
        Path(above, name) for above, _, names in os.walk(folder, onerror=_refuse_folder) for name in names
    )
    files = sorted(path for path in inside if path.suffix.lower() == ".xml")
    # A broken link stays in the list, so that it is refused by its name. Reading a pipe would wait for data.
    if files := [path for path in files if path.is_file() or not path.exists()]:
        return files
    raise HoldallError(f"{folder}: there is no .xml file in it or below it; name the folder of your invoices")


def _refuse_folder(error: OSError) -> NoReturn:
    raise HoldallError(
        f"{error.filename}: {error.strerror}; check its permissions, or name the other folders"
    ) from error


def import_files(
    books: Books, paths: Iterable[Path], *, tolerance: Decimal = Decimal(0), err: bool = False
) -> Outcome:
    """Add the invoices in the files that `files_in` finds to ``books``, print a summary and return it.

    The summary is printed on standard output, or with ``err`` on standard error. Each refused file is printed
    on standard error with the reason. An error of the store itself ends the import: the invoices that were
    added before it stay, and running the import again adds the others. ``tolerance`` is that of `read`.
    """
    files, outcome = files_in(paths), Outcome()
    try:
        with show_progress("importing", len(files)) as tell:
            for count, file in enumerate(files, 1):
                _import(books, file, outcome, tolerance)
                tell(count)
    finally:
        _tell(str(outcome), err=err)
    return outcome


def _import(books: Books, file: Path, outcome: Outcome, tolerance: Decimal) -> None:
    try:
        added = books.add(_read(file, tolerance))
    except (Invalid, InvalidKey, TooLarge, Conflict) as problem:
        outcome.refused += 1
        reason = str(problem)
        named = reason if reason.startswith(str(file)) else f"{file}: {reason}"
        _tell(f"refused: {one_line(named)}", err=True)
    else:
        outcome.added += added
        outcome.known += not added


def _tell(text: str, *, err: bool) -> None:
    """Print a line, and ignore a closed pipe, so that an import continues and keeps its exit code."""
    with suppress(BrokenPipeError):
        click.echo(text, err=err)


def _read(file: Path, tolerance: Decimal) -> Invoice:
    try:
        return read(file, tolerance=tolerance)
    except OSError as error:
        raise Invalid(f"{file}: {error.strerror or error}") from error
