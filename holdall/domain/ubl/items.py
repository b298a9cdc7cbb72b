"""Invoice lines (BG-25). Each is split over the accounting codes of its sub-lines, or has its own code."""

from collections.abc import Iterator
from decimal import Decimal

from holdall.domain.model import LineItem, Split
from holdall.domain.money import EXACT, fits, sum_amounts, sum_by_name
from holdall.domain.ubl.facts import facts
from holdall.domain.ubl.node import Node
from holdall.domain.ubl.terms import Terms, accounting_code

_PRICE_PLACES = 12
_SMALLEST = Decimal(1).scaleb(-_PRICE_PLACES)


def items(document: Node, terms: Terms) -> Iterator[LineItem]:
    """Yield the lines in document order. Raises Invalid if the document has none (BR-16)."""
    path = f"cac:{terms.name}Line"
    document.one(path, "BG-25")
    for node in document.every(path, "BG-25"):
        yield _item(node, terms)


def _item(node: Node, terms: Terms) -> LineItem:
    amount = _amount(node, terms)
    name = node.first("cac:Item/cbc:Name", "cac:Item/cbc:Description")
    quantity = _quantity(node, terms)
    return LineItem(
        id=node.one("cbc:ID", "BT-126").text,
        description=name.text if name else "",
        quantity=quantity,
        unit_price=_unit_price(node, amount, quantity),
        amount=amount,
        splits=_splits(node, amount, terms),
        item=facts(node, accounting_code(node, terms.reference)),
        filed=True,
    )


def _amount(node: Node, terms: Terms) -> Decimal:
    return terms.amount(node.one("cbc:LineExtensionAmount", "BT-131"))


def _quantity(node: Node, terms: Terms) -> Decimal:
    """Return the quantity (BT-129), which is 1 if UBL leaves it out, because no sum needs it."""
    found = node.first("cbc:InvoicedQuantity", "cbc:CreditedQuantity", term="BT-129")
    return terms.apply_sign(found.number() if found else Decimal(1))


def _unit_price(node: Node, amount: Decimal, quantity: Decimal) -> Decimal:
    """Return the net price (BT-146) of one unit, rounded to 12 decimals.

    If the document states the price for several units (BT-149), it is divided by their number. If the price,
    the quantity or a positive base quantity is missing, the price is the part of the amount for one unit.
    """
    price = node.first("cac:Price/cbc:PriceAmount", term="BT-146")
    base = node.first("cac:Price/cbc:BaseQuantity", term="BT-149")
    units = base.number() if base else Decimal(1)
    if price and units > 0 and node.first("cbc:InvoicedQuantity", "cbc:CreditedQuantity"):
        exact = EXACT.divide(price.number(), units)
    else:
        exact = EXACT.divide(amount, quantity) if quantity else amount
    if not fits(exact, _PRICE_PLACES):
        return exact.quantize(_SMALLEST, context=EXACT)
    return Decimal(f"{exact:f}")  # without the exponent that a division may leave


def _splits(node: Node, amount: Decimal, terms: Terms) -> tuple[Split, ...]:
    sums = sum_by_name(_parts(node, amount, terms, terms.code))
    return tuple(Split(code, part) for code, part in sums.items())


def _parts(node: Node, amount: Decimal, terms: Terms, default: str) -> Iterator[tuple[str, Decimal]]:
    """Yield the codes and amounts of a line, or of its sub-lines if these sum to the amount of the line.

    In UBL 2.1 a line may have sub-lines of the same form (cac:SubInvoiceLine, cac:SubCreditNoteLine), and in
    the XRechnung extension these must sum to the line (BR-DEX-02). Sub-lines that do not sum to the line are
    only information, and are ignored.
    """
    code = accounting_code(node, default)
    details = [(each, _amount(each, terms)) for each in node.every(f"cac:Sub{terms.name}Line")]
    if not details or sum_amounts(part for _, part in details) != amount:
        yield code, amount
        return
    for each, part in details:
        yield from _parts(each, part, terms, code)
