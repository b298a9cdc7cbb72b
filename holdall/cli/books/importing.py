"""Imports files into books, one by one, so that a file that cannot be imported does not stop the others."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NoReturn

from holdall.cli.books.outcome import Outcome
from holdall.cli.output.progress import show_progress
from holdall.domain.books import Books
from holdall.domain.files import NoInvoice, Reading, Source, documents_in_file
from holdall.domain.model import Invoice
from holdall.domain.stored_settings import StoredSettings, add_stored
from holdall.errors import Conflict, HoldallError, Invalid, InvalidKey, TooLarge

_SUFFIXES: Final = (".xml", ".json", ".ndjson", ".pdf")

Explain = Callable[[str, Invoice], None]
"""A function that is called with the name of each document, and its invoice."""


def files_in(paths: Iterable[Path], passed_over: Counter[str] | None = None) -> list[Path]:
    """Return the files in ``paths``, and for each folder every .xml, .json and .pdf file in it and below it.

    The files of one folder are sorted by path, and no file is returned twice. ``passed_over`` counts the other
    files of folders by their suffix. Raises HoldallError if a folder has no such file in it or below it, or if
    a folder cannot be read.
    """
    others: Counter[str] = Counter() if passed_over is None else passed_over
    found: dict[Path, None] = {}
    for path in paths:
        found |= dict.fromkeys(_files_below(path, others) if path.is_dir() else [path])
    return list(found)


def _files_below(folder: Path, passed_over: Counter[str]) -> list[Path]:
    inside = sorted(
        Path(above, name) for above, _, names in os.walk(folder, onerror=_refuse_folder) for name in names
    )
    files = [path for path in inside if path.suffix.lower() in _SUFFIXES]
    # A broken link stays in the list, so that it is refused by its name. Reading a pipe would wait for data.
    files = [path for path in files if path.is_file() or not path.exists()]
    passed_over.update(path.suffix.lower() for path in inside if path.suffix.lower() not in _SUFFIXES)
    if files:
        return files
    raise HoldallError(
        f"{folder}: there is no .xml file, no .json file and no .pdf file in it; name the folder of your invoices"
    )


def _refuse_folder(error: OSError) -> NoReturn:
    raise HoldallError(
        f"{error.filename}: {error.strerror}; check its permissions, or name the other folders"
    ) from error


def import_files(
    books: Books,
    paths: Iterable[Path],
    how: Reading | None = None,
    *,
    explain: Explain | None = None,
    err: bool = False,
    as_json: bool = False,
) -> Outcome:
    """Add the invoices in the files that `files_in` finds to ``books``, print a summary and return it.

    ``how`` tells how to read the files. The summary is printed on standard output, or with ``err`` on standard
    error. Refused documents are printed on standard error with the reason. An error of the store itself ends
    the import: the invoices that were added before it stay, and running the import again adds the others.
    """
    outcome, named = Outcome(), set(paths := list(paths))
    files = files_in(paths, outcome.passed_over)
    try:
        with show_progress("importing", len(files)) as tell:
            for count, file in enumerate(files, 1):
                for source in _sources(file, how or Reading(), outcome):
                    add(books, source, outcome, explain, in_folder=file not in named)
                tell(count)
    finally:
        outcome.print(err=err, as_json=as_json)
    return outcome


def _sources(file: Path, how: Reading, outcome: Outcome) -> Iterator[Source]:
    """Yield the documents in ``file``. A file whose format is not known is refused."""
    try:
        yield from documents_in_file(file, how)
    except (Invalid, OSError) as problem:
        outcome.refuse(str(file), problem)


def add(
    books: Books,
    source: Source,
    outcome: Outcome,
    explain: Explain | None = None,
    *,
    in_folder: bool = False,
) -> None:
    """Add the invoice of ``source`` to ``books``, and count it in ``outcome``.

    In a folder, a PDF without an embedded invoice is passed over, because it may be the picture of an XML file. So
    is JSON of other programs, and so are settings, because somebody else may have put the file there.
    """
    try:
        found = source.make()
        if in_folder and not isinstance(found, Invoice):
            raise NoInvoice("the settings of books")
    except NoInvoice as problem:
        if in_folder:
            outcome.passed_over[Path(source.name).suffix] += 1
        else:
            outcome.refuse(source.name, problem)
    except (Invalid, OSError) as problem:
        outcome.refuse(source.name, problem)
    else:
        _store(books, source.name, found, outcome, explain)


def _store(
    books: Books, name: str, found: Invoice | StoredSettings, outcome: Outcome, explain: Explain | None
) -> None:
    try:
        added = books.add(found) if isinstance(found, Invoice) else add_stored(books.store, found)
    except (Invalid, InvalidKey, TooLarge, Conflict) as problem:
        outcome.refuse(name, problem)
    else:
        outcome.added += added
        outcome.known += not added
        if explain and isinstance(found, Invoice):
            explain(name, found)
