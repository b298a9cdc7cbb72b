"""Tax that the customer withholds and pays to the tax office, so that it is never owed to the seller."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from holdall.domain.allocation import allocate
from holdall.domain.model import TAX, LineItem, Split
from holdall.domain.money import EXACT, nearest, sum_amounts, sum_by_name
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


def subtract_withheld(
    lines: Iterable[LineItem], taken: Iterable[tuple[str, Decimal]], currency: str
) -> Iterator[LineItem]:
    """Yield a line for each tax in ``taken``. Its amount lowers the amount owed.

    The tax is taken off the billed tax first. If the tax that is withheld is more than the billed tax, as an
    income tax may be, the rest is taken off the codes of the items, in proportion.
    """
    billed = list(lines)
    left = sum_amounts(line.amount for line in billed if line.kind == "tax")
    items = sum_by_name(
        (split.code, split.amount) for each in billed if each.kind == "item" for split in each.splits
    )
    for position, (description, exact) in enumerate(taken, 1):
        amount = nearest(exact, currency)
        from_tax = _nearer_to_zero(amount, left)
        left = EXACT.subtract(left, from_tax)
        parts = dict[str, Decimal]()
        if rest := EXACT.subtract(amount, from_tax):
            parts = {each.code: each.amount for each in allocate(rest, items, currency, overpaid=True)}
        if from_tax:
            parts[TAX] = EXACT.add(parts.get(TAX, Decimal(0)), from_tax)
        splits = tuple(Split(code, EXACT.minus(part)) for code, part in parts.items())
        owed = EXACT.minus(amount)
        yield LineItem(f"withholding-{position}", description, Decimal(1), owed, owed, splits, "withholding")


def _nearer_to_zero(amount: Decimal, bound: Decimal) -> Decimal:
    """Return the part of ``amount`` that lies between 0 and ``bound``."""
    if amount < 0:
        return max(amount, min(bound, Decimal(0)))
    return min(amount, max(bound, Decimal(0)))
