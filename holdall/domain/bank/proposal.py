"""A proposal for one entry of a bank statement: the invoices that it pays, the rest, and the reason."""

from decimal import Decimal
from typing import Final, Literal

from holdall.domain.bank.entry import Entry
from holdall.extras import needs

with needs("domain"):
    from msgspec import Struct

BOOKABLE: Final[frozenset["Status"]] = frozenset({"exact", "proposed", "unmatched"})
"""The statuses of money of customers that the books do not have yet."""

Status = Literal["exact", "proposed", "unmatched", "unclear", "booked", "there", "repeated", "passed over"]


class Share(Struct, frozen=True, forbid_unknown_fields=True):
    """The part of an entry that pays the invoice with this number, seller and series."""

    invoice: str
    seller: str
    series: str
    amount: Decimal


class Proposal(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The invoices that ``entry`` pays. The amount that is not in ``shares`` waits as unapplied money.

    ``status`` is exact if the match is beyond doubt, proposed if a person must decide, and unmatched if no invoice
    fits. The entry is there if the books have it already, repeated if it is in the files twice, and passed over if it
    is not a payment of a customer. It is booked if the books recorded it now, and unclear if they could not.
    ``seller`` and ``customer`` are the ids of the receiver and the payer, or empty if they are not known. ``reason``
    tells how the invoices were found.
    """

    status: Status
    entry: Entry
    reason: str
    shares: tuple[Share, ...] = ()
    seller: str = ""
    customer: str = ""
