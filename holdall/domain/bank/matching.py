"""Matches entries of bank statements with open invoices. Each proposal tells its reason.

The first of these that finds an invoice decides:

    1. the structured reference, which is the payment reference (BT-83) of an invoice, or holds its number
    2. a reference of ISO 11649, a payment reference or an invoice number in the text
    3. the amount and the name: the same amount is owed by a customer whose name is like that of the payer

A match is exact, which means beyond doubt, if it is the first or the second, each name in it is of one invoice, and
the amount is all that is owed on these invoices, in the same currency. A number in the text needs the name of the
customer, too, if it has one or two characters or may be a year, a month or a day, and if the payer has the name of
another customer. Every other match is a proposal.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from holdall.domain.bank.entry import Entry
from holdall.domain.bank.names import are_alike
from holdall.domain.bank.open_items import OpenItem, OpenItems, Recorded
from holdall.domain.bank.proposal import Proposal
from holdall.domain.bank.proposing import Found, by_names, oldest, proposal
from holdall.domain.bank.references import find_references, is_damaged
from holdall.domain.money import text
from holdall.extras import needs

with needs("domain"):
    from msgspec.structs import replace

_YEAR: Final = r"(?:19|20)\d\d"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_may_be_chance: Final = re.compile(
    rf"\w{{1,2}}|{_YEAR}(?:[-/.]?{_MONTH})?|{_YEAR}(?:{_MONTH}[0-3]\d|[-/.]{_MONTH}[-/.][0-3]\d)"
    rf"|(?:{_MONTH}|[1-9])[-/.]{_YEAR}"
).fullmatch
_SHOWN: Final = 5  # numbers in a reason
_READ: Final = 4_000  # characters of a text that are read; banks carry a few hundred
_OTHERWISE: Final = (
    "the books have this entry, but as one payment of the whole, or as several payments of its parts; to record it as "
    "this file has it, void these with `holdall payments void`"
)


def match(entries: Iterable[Entry], items: OpenItems) -> Iterator[Proposal]:
    """Yield a proposal for each of ``entries``, in their order. An exact match lowers the amount owed in ``items``.

    An entry is there if ``items`` has its payment, unless all of its amount is unapplied and fits an invoice now. An
    entry that is earlier in ``entries`` is repeated. Two entries with one id and different amounts or days are a
    mistake of the bank, and the second one is unclear, also if the books have the first one since an earlier import.
    """
    seen: dict[str, Entry] = {}
    for entry in entries:
        first = seen.setdefault(entry.payment_id, entry)
        if first is not entry:
            yield _again(first, entry)
        elif known := items.payments.get(entry.payment_id):
            yield _there(entry, known, items)
        elif entry.batch_id in items.standing or entry.payment_id in items.batches:
            yield Proposal("unclear", entry, _OTHERWISE)
        elif entry.amount <= 0 or entry.reversal:
            yield Proposal("passed over", entry, _passed_over(entry))
        else:
            yield _propose(entry, items)


def _there(entry: Entry, known: Recorded, items: OpenItems) -> Proposal:
    """Return the proposal for an entry that is in the books. If all of its amount waits, an invoice may fit now."""
    if known != (entry.on, entry.amount, entry.currency):
        return _other(entry, "the books gave", *known)
    if items.waiting.get(entry.payment_id) == entry.amount and (found := _propose(entry, items)).shares:
        return replace(found, reason=f"{found.reason}; the money is unapplied until now")
    return Proposal("there", entry, "it is in the books already")


def _again(first: Entry, entry: Entry) -> Proposal:
    if (first.on, first.amount, first.currency) == (entry.on, entry.amount, entry.currency):
        return Proposal("repeated", entry, "it is earlier in these files, too")
    return _other(entry, "the bank gave", first.on, first.amount, first.currency)


def _other(entry: Entry, who: str, on: date, amount: Decimal, currency: str) -> Proposal:
    """Return the proposal for an entry whose id is that of another one."""
    why = f"{who} the id {entry.id!r} also to the entry of {text(amount, currency)} {currency} on {on}"
    return Proposal(
        "unclear", entry, f"{why}; record it with `holdall payments receive`, and an id of its own"
    )


def _passed_over(entry: Entry) -> str:
    if entry.reversal and entry.amount < 0:
        return "the bank took back a payment; void it with `holdall invoices void`, or refund it"
    if entry.reversal:
        return "the bank took back a payment of yours"
    return "it is a payment of yours" if entry.amount < 0 else "its amount is zero"


def _propose(entry: Entry, items: OpenItems) -> Proposal:
    found = _by_reference(entry, items) or _by_text(entry, items)
    return by_names(entry, found) if found else _by_amount(entry, items)


def _by_reference(entry: Entry, items: OpenItems) -> Found | None:
    named = [(each, found) for each in entry.references if (found := items.of_reference(each))]
    if not named:
        return None
    damaged = next((each for each, _ in named if is_damaged(each)), "")
    how = f"reference {damaged}, whose check digits are wrong" if damaged else f"reference {_list(named)}"
    return Found(named, how, not damaged and len(named) == len(entry.references))


def _by_text(entry: Entry, items: OpenItems) -> Found | None:
    words = entry.text[:_READ]
    references = [(each, found) for each in find_references(words) if (found := items.of_reference(each))]
    if references:
        return Found(references, f"reference {_list(references)} in the text", True)
    if not (named := items.named.find(words)):
        return None
    how = f"number {_list(named)} in the text"
    payers = items.customers.find(entry.name)
    strange = [name for name, found in named if payers.isdisjoint(each.parties for each in found)]
    if strange and payers:
        return Found(named, f"{how}, but the payer has the name of customer {min(payers)[1]!r}", False)
    return Found(named, how, not any(map(_may_be_chance, strange)))


def _by_amount(entry: Entry, items: OpenItems) -> Proposal:
    """Return the proposal for an entry that names no invoice."""
    of_amount = items.by_amount.get((entry.currency, entry.amount), [])
    equal = [each for each in of_amount if each.owed == entry.amount]
    if alike := oldest(each for each in equal if are_alike(each.customer.name, entry.name)):
        several = f", and on {len(alike) - 1} others" if len(alike) > 1 else ""
        amount = text(entry.amount, entry.currency)
        why = f"amount and name: {amount} is owed on {alike[0].number!r}{several}"
        return proposal("proposed", entry, why, [(alike[0], entry.amount)], alike[:1])
    customers = items.customers.find(entry.name)
    if len(customers) == 1:
        seller, customer = next(iter(customers))
        why = f"no invoice fits; the name is that of customer {customer!r}"
        return Proposal("unmatched", entry, why, (), seller, customer)
    return Proposal("unmatched", entry, "no reference, number, or amount and name fits")


def _list(named: list[tuple[str, list[OpenItem]]]) -> str:
    return ", ".join(repr(name) for name, _ in named[:_SHOWN])
