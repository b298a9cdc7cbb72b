"""Reads the bank statements in a file, CAMT.053 or CSV."""

from pathlib import Path
from typing import Final

from holdall.domain.bank.camt import read_camt
from holdall.domain.bank.csv_entries import read_csv
from holdall.domain.bank.csv_format import PLAIN, CsvFormat
from holdall.domain.bank.entry import Statement
from holdall.domain.bank.formats import HEAD, format_of
from holdall.errors import Invalid

MAX_BYTES: Final = 100 * 2**20
"""The largest file that is read: 100 MiB."""


def read_statements(path: Path, how: CsvFormat = PLAIN, *, limit: int = MAX_BYTES) -> list[Statement]:
    """Return the statements in the file at ``path``. ``how`` tells how to read CSV.

    Raises Invalid, which names the file, if it cannot be read, is of another format, or has more than ``limit`` bytes.
    Raises OSError if it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            if format_of(file.read(HEAD)) == "camt":
                file.seek(0)
                return read_camt(file, str(path), limit)
            file.seek(0)
            data = file.read(limit + 1)
        if len(data) > limit:
            raise Invalid(f"it has more than {limit:,} bytes; split it")
        return [read_csv(data, str(path), how)]
    except Invalid as problem:
        raise Invalid(f"{path}: {problem}") from problem
