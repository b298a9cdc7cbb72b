"""A proposal for one entry of a bank statement: the invoices that it pays, the rest, and the reason."""

from decimal import Decimal
from typing import Literal

from holdall.domain.bank.entry import Entry
from holdall.extras import needs

with needs("domain"):
    from msgspec import Struct

Status = Literal["exact", "proposed", "unmatched", "unclear", "booked", "repeated", "passed over"]


class Share(Struct, frozen=True, forbid_unknown_fields=True):
    """The part of an entry that pays the invoice with this number, seller and series."""

    invoice: str
    seller: str
    series: str
    amount: Decimal


class Proposal(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The invoices that ``entry`` pays. The amount that is not in ``shares`` waits as unapplied money.

    ``status`` is exact if the match is beyond doubt, proposed if a person must decide, and unmatched if no invoice
    fits. The entry is unclear if its id is not its own, booked if the books have it already, repeated if it is in the
    files twice, and passed over if it is not a payment of a customer.
    ``customer`` is the id of the payer, or empty if it is not known. ``reason`` tells how the invoices were found.
    """

    status: Status
    entry: Entry
    reason: str
    shares: tuple[Share, ...] = ()
    customer: str = ""
