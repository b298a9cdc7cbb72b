"""Prints the proposals for bank statements: a table, the refused entries and a summary, or JSON."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import click
import msgspec

from holdall.cli.books.outcome import refusals
from holdall.cli.output.printing import print_json, print_rows
from holdall.cli.output.safe_text import one_line
from holdall.domain.bank.importing import Statements, count
from holdall.domain.bank.proposal import Proposal
from holdall.domain.money import text

_COLUMNS: Final = ("on", "amount", "currency", "name", "match", "number", "reason")
_PASSED: Final = frozenset({"there", "repeated", "passed over"})


def print_outcome(found: Statements, proposals: list[Proposal], *, as_json: bool, dry_run: bool) -> None:
    """Print ``proposals`` and a summary, and the refused entries on standard error. With ``as_json``, print JSON only.

    The table leaves out entries that are in the books already and entries that are not payments of customers, unless
    a person must do something about them.
    """
    with suppress(BrokenPipeError):
        if as_json:
            print_json(
                {
                    "proposals": msgspec.to_builtins(proposals),
                    "pending": found.pending,
                    "refused": [{"file": name, "reason": reason} for name, reason in found.refused],
                }
            )
            return
        for line in refusals(found.refused):
            click.echo(one_line(line), err=True)
        print_rows(_COLUMNS, [_row(each) for each in proposals if _is_shown(each)])
        click.echo(", ".join(_counts(found, proposals, dry_run)))


def _is_shown(proposal: Proposal) -> bool:
    return proposal.status not in _PASSED or (proposal.entry.reversal and proposal.entry.amount < 0)


def _row(proposal: Proposal) -> tuple[str, ...]:
    entry = proposal.entry
    numbers = [
        f"{each.invoice} ({text(each.amount, entry.currency)})" if len(proposal.shares) > 1 else each.invoice
        for each in proposal.shares
    ]
    return (
        str(entry.on),
        text(entry.amount, entry.currency),
        entry.currency,
        entry.name,
        proposal.status,
        ", ".join(numbers),
        proposal.reason,
    )


def _counts(found: Statements, proposals: list[Proposal], dry_run: bool) -> Iterator[str]:
    counts = count(proposals)
    if dry_run:
        yield from (f"{status} {counts[status]:,}" for status in ("exact", "proposed", "unmatched"))
    else:
        applied = sum(1 for each in proposals if each.status == "booked" and each.shares)
        yield f"booked {applied:,}, unapplied {counts['booked'] - applied:,}, left {counts['proposed']:,}"
    if counts["unclear"]:
        yield f"unclear {counts['unclear']:,}"
    yield f"already there {counts['there'] + counts['repeated']:,}"
    yield f"passed over {counts['passed over']:,}"
    if found.pending:
        yield f"not booked by the bank yet {found.pending:,}"
    yield f"refused {len(found.refused):,}"
