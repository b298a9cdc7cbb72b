"""Tax that the customer withholds and pays to the tax office, so that it is never owed to the seller."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from holdall.domain.model import TAX, LineItem, Split
from holdall.domain.money import EXACT, nearest
from holdall.domain.ubl.node import Node
from holdall.domain.ubl.terms import Terms

_SPLIT_PAYMENT = "B"


def withheld(document: Node, terms: Terms) -> Iterator[tuple[str, Decimal]]:
    """Yield the description and the amount of each tax that the customer withholds.

    These are the withheld taxes (cac:WithholdingTaxTotal, in UBL-TR and in the Italian form of Peppol), and
    the VAT of the category B (BT-118), which is the Italian split payment: the customer, a public body, pays
    the VAT itself.
    """
    for total in document.every("cac:WithholdingTaxTotal"):
        if amount := _amount(total.one("cbc:TaxAmount", ""), terms):
            yield "Withheld tax", amount
    for part in document.every("cac:TaxTotal/cac:TaxSubtotal", "BG-23"):
        category = part.first("cac:TaxCategory/cbc:ID", term="BT-118")
        if category is None or category.text != _SPLIT_PAYMENT:
            continue
        if amount := _amount(part.one("cbc:TaxAmount", "BT-117"), terms):
            yield "VAT that the customer pays to the tax office", amount


def _amount(node: Node, terms: Terms) -> Decimal:
    """Return the amount in ``node``, or 0 if it is in the tax currency and only repeats another amount."""
    own = node.element.get("currencyID", terms.currency)
    return terms.amount(node) if own == terms.currency else Decimal(0)


def withholding_lines(taken: Iterable[tuple[str, Decimal]], currency: str) -> Iterator[LineItem]:
    """Yield a line for each tax in ``taken``, which lowers the amount owed on the code of tax."""
    for position, (description, amount) in enumerate(taken, 1):
        owed = EXACT.minus(nearest(amount, currency))
        splits = (Split(TAX, owed),)
        yield LineItem(
            f"withholding-{position}", description, Decimal(1), owed, owed, splits, "withholding", filed=True
        )
