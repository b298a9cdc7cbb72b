"""Proposes how an entry of a bank statement pays the invoices that it names: exactly, in part, or with a rest."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from holdall.domain.bank.entry import Entry
from holdall.domain.bank.open_items import OpenItem
from holdall.domain.bank.proposal import Proposal, Share, Status
from holdall.domain.money import EXACT, sum_amounts, text


class Found(NamedTuple):
    """The invoices that an entry names: each name with its items, and the reason. ``sure`` names are not by chance."""

    named: list[tuple[str, list[OpenItem]]]
    how: str
    sure: bool


def by_names(entry: Entry, found: Found) -> Proposal:
    """Return the proposal for an entry that names invoices. An exact match lowers the amount owed on them to zero."""
    invoices = list({id(item): item for _, each in found.named for item in each}.values())
    if len({each.seller for each in invoices}) > 1:
        return Proposal("unmatched", entry, f"{found.how}, of several sellers: name the seller")
    same = [each for each in invoices if each.currency == entry.currency]
    if not same:
        return proposal(
            "unmatched", entry, f"{found.how}: {_in_other_currency(entry, invoices)}", [], invoices
        )
    if len(same) < len(invoices) or any(len(each) > 1 for _, each in found.named):
        return _of_several(entry, found.how, same)
    if sum_amounts(each.owed for each in same) != entry.amount or not all(each.owed for each in same):
        return _in_part(entry, found.how, same)
    made = proposal(
        "exact" if found.sure else "proposed", entry, found.how, [(each, each.owed) for each in same], same
    )
    if found.sure:
        for each in same:
            each.owed = Decimal(0)
    return made


def proposal(
    status: Status,
    entry: Entry,
    reason: str,
    parts: Iterable[tuple[OpenItem, Decimal]],
    invoices: list[OpenItem],
) -> Proposal:
    """Return a proposal whose seller and customer are those of ``invoices``, of which there is at least one."""
    shares = tuple(Share(each.number, each.seller, each.series, amount) for each, amount in parts)
    return Proposal(status, entry, reason, shares, *invoices[0].parties)


def oldest(items: Iterable[OpenItem]) -> list[OpenItem]:
    """Return ``items``, the one that is due first at the beginning."""
    return sorted(items, key=lambda each: (each.due or each.issued, each.issued, each.number))


def _of_several(entry: Entry, how: str, invoices: list[OpenItem]) -> Proposal:
    """Return the proposal for an entry with a name that several invoices have."""
    if equal := oldest(each for each in invoices if each.owed == entry.amount):
        numbers = ", ".join(repr(each.number) for each in equal)
        why = f"{how}, of {len(invoices)} invoices; {entry.amount} is owed on {numbers}"
        return proposal("proposed", entry, why, [(equal[0], entry.amount)], equal)
    return _in_part(entry, f"{how}, of {len(invoices)} invoices", invoices)


def _in_part(entry: Entry, how: str, invoices: list[OpenItem]) -> Proposal:
    """Return the proposal for an entry whose amount is not the sum of the invoices that it names."""
    unpaid = oldest(each for each in invoices if each.owed > 0)
    parts, rest = [], entry.amount
    for each in unpaid:
        if part := min(rest, each.owed):
            parts.append((each, part))
            rest = EXACT.subtract(rest, part)
    owed = sum_amounts(each.owed for each in unpaid)
    reason = f"{how}: {_difference(entry, owed, rest)}"
    return proposal("proposed" if parts else "unmatched", entry, reason, parts, invoices)


def _difference(entry: Entry, owed: Decimal, rest: Decimal) -> str:
    currency = entry.currency
    if not owed:
        return "nothing is owed any more"
    stated = f"{text(owed, currency)} {currency} is owed"
    if owed == entry.amount:
        return stated
    if rest:
        return f"{stated}, and {text(rest, currency)} is too much"
    missing = text(EXACT.subtract(owed, entry.amount), currency)
    charges = f"; the bank kept {text(entry.charges, currency)}" if entry.charges else ""
    return f"{stated}, and {missing} is missing{charges}"


def _in_other_currency(entry: Entry, invoices: list[OpenItem]) -> str:
    currencies = ", ".join(sorted({each.currency for each in invoices}))
    ordered = f", of which {entry.ordered} were ordered" if entry.ordered else ""
    return f"owed in {currencies}, paid in {entry.currency}{ordered}"
