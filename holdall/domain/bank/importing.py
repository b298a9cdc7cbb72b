"""Reads bank statements from files, proposes the invoices that their entries pay, and keeps proposals in a file."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from holdall.domain.bank.csv_format import PLAIN, CsvFormat
from holdall.domain.bank.entry import Statement
from holdall.domain.bank.proposal import BOOKABLE, Proposal, Status
from holdall.domain.bank.reading import MAX_BYTES, read_statements
from holdall.errors import Invalid

_KIND: Final = "holdall-bank-proposals"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """A file of proposals."""

    kind: str
    proposals: list[Proposal]


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


def write_proposals(path: Path, proposals: Iterable[Proposal]) -> None:
    """Write the proposals that can be booked to a new JSON file, for a person to edit.

    Raises FileExistsError if there is a file at ``path``, because a person may have edited it.
    """
    kept = [each for each in proposals if each.status in BOOKABLE]
    encoded = msgspec.json.encode(_File(_KIND, kept))
    with path.open("xb") as file:
        file.write(msgspec.json.format(encoded, indent=2) + b"\n")


def read_proposals(path: Path) -> list[Proposal]:
    """Return the proposals in the file at ``path``, whatever a person has changed in it.

    Raises Invalid, which names the file and the place, if it is not a file of proposals. Raises OSError if it cannot be
    read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        found = msgspec.json.decode(data, type=_File)
        if found.kind != _KIND:
            raise Invalid(f"its kind is {found.kind!r}, not {_KIND!r}")
    except (msgspec.MsgspecError, Invalid) as problem:
        remedy = "write one with `holdall payments import --dry-run --out FILE`"
        raise Invalid(f"{path}: it is not a file of proposals ({problem}); {remedy}") from None
    return found.proposals


def count(proposals: Iterable[Proposal]) -> Counter[Status]:
    """Return the number of ``proposals`` of each status."""
    return Counter(each.status for each in proposals)
