"""Reads bank statements from files, and proposes the invoices that their entries pay."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from holdall.domain.bank.csv_format import PLAIN, CsvFormat
from holdall.domain.bank.entry import Statement
from holdall.domain.bank.matching import match
from holdall.domain.bank.open_items import open_items
from holdall.domain.bank.proposal import Proposal, Status
from holdall.domain.bank.reading import read_statements
from holdall.domain.books import Books
from holdall.errors import Invalid


@dataclass
class Statements:
    """The statements that were read, and ``refused``: a name and a reason for each file or entry that was not."""

    read: list[Statement] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def pending(self) -> int:
        """The number of entries that the bank has not booked yet."""
        return sum(each.pending for each in self.read)


def read_files(paths: Iterable[Path], how: CsvFormat = PLAIN) -> Statements:
    """Return the statements in the files at ``paths``. A file that cannot be read does not stop the others."""
    found = Statements()
    for path in paths:
        try:
            read = read_statements(path, how)
        except Invalid as problem:
            found.refused.append((str(path), str(problem).removeprefix(f"{path}: ")))
        except OSError as problem:
            found.refused.append((str(path), problem.strerror or str(problem)))
        else:
            found.read += read
            found.refused += [reason for each in read for reason in each.refused]
    return found


def propose(books: Books, statements: Iterable[Statement]) -> list[Proposal]:
    """Return a proposal for each entry of ``statements``, in order. It reads all invoices of ``books`` once."""
    return list(match((entry for each in statements for entry in each.entries), open_items(books)))


def count(proposals: Iterable[Proposal]) -> Counter[Status]:
    """Return the number of ``proposals`` of each status."""
    return Counter(each.status for each in proposals)
