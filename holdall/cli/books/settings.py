"""The settings with which a command makes invoices, and the file that --codes names."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from holdall.configuration.files import find_books
from holdall.domain.books import Books
from holdall.domain.codes import read_codes
from holdall.domain.settings import Settings, settings_of
from holdall.errors import Invalid


def codes_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--codes`` to a command that files invoice lines."""
    return click.option(
        "--codes",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        show_default="the mapping of the books, or else [books.codes] in holdall.toml",
        help="The rules, in TOML, that file invoice lines under your accounting codes.",
    )(command)


def read_settings(books: Books, codes: Path | None = None) -> Settings:
    """Return the settings of ``books``, and for each one that is not set there, that of holdall.toml.

    A mapping in the file ``codes`` replaces the mapping in the settings.
    """
    found = Books(books.store, configured()).settings
    return replace(found, codes=read_codes(codes)) if codes else found


def configured() -> Settings:
    """Return the settings in [books] of holdall.toml."""
    if (found := find_books()) is None:
        return Settings()
    file, table = found
    try:
        return settings_of(table)
    except Invalid as problem:
        raise Invalid(f"{file}: [books]: {problem}", errors=problem.errors) from None
