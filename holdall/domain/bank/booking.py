"""Books proposals: each entry of a statement becomes a payment, which pays invoices or waits as unapplied money."""

from collections.abc import Callable, Iterable, Iterator, Set
from decimal import Decimal
from typing import Final

from holdall.domain.allotment import Number
from holdall.domain.bank.entry import Entry
from holdall.domain.bank.open_items import OpenItems
from holdall.domain.bank.proposal import Proposal, Status
from holdall.domain.books import Books
from holdall.domain.model import Party
from holdall.errors import Conflict, Invalid
from holdall.extras import needs

with needs("domain"):
    from msgspec.structs import replace

UNKNOWN: Final = Party("unknown", "Unknown payer")
"""The customer of money whose payer is not known."""

_LONGEST: Final = 200  # characters of a reference
_NOTE: Final = 1000


def book(
    books: Books, proposals: Iterable[Proposal], items: OpenItems, statuses: Set[Status], seller: str = ""
) -> Iterator[Proposal]:
    """Record the ``proposals`` that have one of ``statuses`` as payments in ``books``, and yield each as booked.

    The amount of an entry that is not in the shares stays unapplied. The payment has the id of the entry, so an entry
    is recorded once, whoever records it. If its money waits as unapplied since an earlier import, it is applied.
    ``items`` are those of the books. ``seller`` is the seller of entries that
    name none. Other proposals are yielded as they are. A proposal that cannot be booked is yielded as unclear, with the
    reason.
    """
    for each in proposals:
        if each.status not in statuses:
            yield each
        elif each.entry.payment_id not in items.payments:
            yield _told(each, lambda proposal: _receive(books, proposal, items, proposal.seller or seller))
        elif each.shares and items.waiting.get(each.entry.payment_id) == each.entry.amount:
            yield _told(each, lambda proposal: _apply(books, proposal))
        else:
            yield replace(each, status="there", reason="it is in the books already")


def _told(proposal: Proposal, record: Callable[[Proposal], object]) -> Proposal:
    """Return ``proposal`` as booked by ``record``, or as unclear with the reason."""
    try:
        record(proposal)
    except (Invalid, Conflict) as problem:
        return replace(proposal, status="unclear", reason=str(problem))
    except KeyError as missing:
        return replace(proposal, status="unclear", reason=str(missing.args[0]))
    return replace(proposal, status="booked")


def _receive(books: Books, proposal: Proposal, items: OpenItems, seller: str) -> None:
    entry = proposal.entry
    known = items.parties.get((seller, proposal.customer)) if proposal.customer else UNKNOWN
    books.receive(
        entry.amount,
        entry.on,
        _targets(proposal),
        customer=known or proposal.customer,
        seller=seller or None,
        currency=entry.currency,
        id=entry.payment_id,
        reference=", ".join(entry.references)[:_LONGEST],
        note=_note(entry),
    )


def _apply(books: Books, proposal: Proposal) -> None:
    id = proposal.entry.payment_id
    books.apply(id, _targets(proposal), proposal.entry.on, id=f"{id}/applied")


def _targets(proposal: Proposal) -> dict[Number, Decimal]:
    found: dict[Number, Decimal] = {(each.invoice, each.series): each.amount for each in proposal.shares}
    if len(found) < len(proposal.shares):
        raise Invalid("an invoice has two shares; add their amounts up")
    return found


def _note(entry: Entry) -> str:
    return ": ".join(filter(None, (entry.name, entry.text)))[:_NOTE]
