"""Matches entries of bank statements with open invoices. Each proposal tells its reason.

The first of these that finds an invoice decides:

    1. the structured reference, which is the payment reference (BT-83) of an invoice, or holds its number
    2. a reference of ISO 11649, a payment reference or an invoice number in the text
    3. the amount and the name: the same amount is owed by a customer whose name is like that of the payer

A match is exact, which means beyond doubt, if it is the first or the second, each name in it is of one invoice, and
the amount is all that is owed on these invoices, in the same currency. A number of one or two characters needs the
name of the customer, too. Every other match is a proposal.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from holdall.domain.bank.entry import Entry
from holdall.domain.bank.names import are_alike
from holdall.domain.bank.open_items import OpenItem, OpenItems
from holdall.domain.bank.proposal import Proposal, Share, Status
from holdall.domain.bank.references import compact, find_references, is_damaged
from holdall.domain.money import EXACT, sum_amounts, text

_SHORT: Final = 3  # a shorter number may be in a text by chance
_SHOWN: Final = 5  # numbers in a reason


class _Found(NamedTuple):
    """The invoices that an entry names: each name with its items, and the reason. ``sure`` names are not by chance."""

    named: list[tuple[str, list[OpenItem]]]
    how: str
    sure: bool


def match(entries: Iterable[Entry], items: OpenItems) -> Iterator[Proposal]:
    """Yield a proposal for each of ``entries``, in their order. An exact match lowers the amount owed in ``items``.

    An entry is booked if ``items`` has its payment. An entry that is earlier in ``entries`` is repeated. Two entries
    with one id and different amounts are a mistake of the bank, and the second one is unclear.
    """
    seen: dict[str, Entry] = {}
    for entry in entries:
        first = seen.setdefault(entry.payment_id, entry)
        if first is not entry:
            yield _again(first, entry)
        elif entry.payment_id in items.payments:
            yield Proposal("booked", entry, "it is in the books already")
        elif entry.amount <= 0 or entry.reversal:
            yield Proposal("passed over", entry, _passed_over(entry))
        else:
            yield _propose(entry, items)


def _again(first: Entry, entry: Entry) -> Proposal:
    if (first.on, first.amount, first.currency) == (entry.on, entry.amount, entry.currency):
        return Proposal("repeated", entry, "it is earlier in these files, too")
    return Proposal(
        "unclear",
        entry,
        f"the bank gave the id {entry.id!r} also to the entry of {first.amount} {first.currency} on {first.on}; "
        "record it with `holdall invoices pay`, and an id of its own",
    )


def _passed_over(entry: Entry) -> str:
    if entry.reversal and entry.amount < 0:
        return "the bank took back a payment; void it with `holdall invoices void`, or refund it"
    if entry.reversal:
        return "the bank took back a payment of yours"
    return "it is a payment of yours" if entry.amount < 0 else "its amount is zero"


def _propose(entry: Entry, items: OpenItems) -> Proposal:
    found = _by_reference(entry, items) or _by_text(entry, items)
    return _by_names(entry, found) if found else _by_amount(entry, items)


def _by_reference(entry: Entry, items: OpenItems) -> _Found | None:
    named = [(each, found) for each in entry.references if (found := items.of_reference(each))]
    if not named:
        return None
    damaged = next((each for each, _ in named if is_damaged(each)), "")
    how = f"reference {damaged}, whose check digits are wrong" if damaged else f"reference {_list(named)}"
    return _Found(named, how, not damaged and len(named) == len(entry.references))


def _by_text(entry: Entry, items: OpenItems) -> _Found | None:
    references = [
        (each, found) for each in find_references(entry.text) if (found := items.of_reference(each))
    ]
    if references:
        return _Found(references, f"reference {_list(references)} in the text", True)
    if not (named := items.named.find(entry.text)):
        return None
    short = [name for name, found in named if len(compact(name)) < _SHORT and not _pays(entry, found)]
    return _Found(named, f"number {_list(named)} in the text", not short)


def _by_names(entry: Entry, found: _Found) -> Proposal:
    """Return the proposal for an entry that names invoices."""
    invoices = list({id(item): item for _, each in found.named for item in each}.values())
    customer = _only({each.customer.id for each in invoices})
    same = [each for each in invoices if each.currency == entry.currency]
    unique = all(len(each) == 1 for _, each in found.named)
    owed = sum_amounts(each.owed for each in same)
    if unique and len(same) == len(invoices) and owed == entry.amount and all(each.owed for each in same):
        status: Status = "exact" if found.sure else "proposed"
        proposal = Proposal(status, entry, found.how, _shares([(each, each.owed) for each in same]), customer)
        if status == "exact":
            for each in same:
                each.owed = Decimal(0)
        return proposal
    if not same:
        currencies = ", ".join(sorted({each.currency for each in invoices}))
        ordered = f", of which {entry.ordered} were ordered" if entry.ordered else ""
        return Proposal(
            "unmatched",
            entry,
            f"{found.how}: owed in {currencies}, paid in {entry.currency}{ordered}",
            (),
            customer,
        )
    return _in_part(entry, found.how, same, customer, unique=unique)


def _in_part(entry: Entry, how: str, invoices: list[OpenItem], customer: str, *, unique: bool) -> Proposal:
    """Return the proposal for an entry whose amount is not the sum of the invoices that it names."""
    equal = [each for each in invoices if each.owed == entry.amount]
    if not unique and equal:
        why = f"{how}, of {len(invoices)} invoices; {entry.amount} is owed on {_numbers(equal)}"
        return Proposal("proposed", entry, why, _shares([(_oldest(equal)[0], entry.amount)]), customer)
    open_ones = _oldest(each for each in invoices if each.owed > 0)
    parts, rest = [], entry.amount
    for each in open_ones:
        if part := min(rest, each.owed):
            parts.append((each, part))
            rest = EXACT.subtract(rest, part)
    owed = sum_amounts(each.owed for each in open_ones)
    return Proposal(
        "proposed" if parts else "unmatched",
        entry,
        f"{how}: {_difference(entry, owed, rest)}",
        _shares(parts),
        customer,
    )


def _difference(entry: Entry, owed: Decimal, rest: Decimal) -> str:
    currency = entry.currency
    if not owed:
        return "nothing is owed any more"
    stated = f"{text(owed, currency)} {currency} is owed"
    if rest:
        return f"{stated}, and {text(rest, currency)} is too much"
    missing = text(EXACT.subtract(owed, entry.amount), currency)
    charges = f"; the bank kept {text(entry.charges, currency)}" if entry.charges else ""
    return f"{stated}, and {missing} is missing{charges}"


def _by_amount(entry: Entry, items: OpenItems) -> Proposal:
    """Return the proposal for an entry that names no invoice."""
    equal = [
        each for each in items.by_amount.get((entry.currency, entry.amount), []) if each.owed == entry.amount
    ]
    alike = [each for each in equal if are_alike(each.customer.name, entry.name)]
    if alike:
        several = f", and on {len(alike) - 1} others" if len(alike) > 1 else ""
        item = _oldest(alike)[0]
        why = f"amount and name: {text(entry.amount, entry.currency)} is owed on {item.number!r}{several}"
        return Proposal(
            "proposed", entry, why, _shares([(item, item.owed)]), _only({each.customer.id for each in alike})
        )
    customer = _only(items.customers.find(entry.name))
    if customer:
        return Proposal(
            "unmatched", entry, f"no invoice fits; the name is that of customer {customer!r}", (), customer
        )
    return Proposal("unmatched", entry, "no reference, number, or amount and name fits")


def _pays(entry: Entry, items: list[OpenItem]) -> bool:
    return any(are_alike(each.customer.name, entry.name) for each in items)


def _shares(parts: list[tuple[OpenItem, Decimal]]) -> tuple[Share, ...]:
    return tuple(Share(each.number, each.seller, each.series, amount) for each, amount in parts)


def _oldest(items: Iterable[OpenItem]) -> list[OpenItem]:
    return sorted(items, key=lambda each: (each.due or each.issued, each.issued, each.number))


def _only(values: set[str]) -> str:
    return next(iter(values)) if len(values) == 1 else ""


def _list(named: list[tuple[str, list[OpenItem]]]) -> str:
    return ", ".join(repr(name) for name, _ in named[:_SHOWN])


def _numbers(items: list[OpenItem]) -> str:
    return ", ".join(repr(each.number) for each in items[:_SHOWN])
