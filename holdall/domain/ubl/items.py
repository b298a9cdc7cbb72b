"""Invoice lines (BG-25), each split over the accounting codes of its sub-lines or under its own."""

from collections.abc import Iterator
from decimal import Decimal

from holdall.domain.model import LineItem, Split
from holdall.domain.money import EXACT, fits, summed, summed_by
from holdall.domain.ubl.node import Node
from holdall.domain.ubl.terms import Terms, accounting_code

_PRICE_PLACES = 12
_SMALLEST = Decimal(1).scaleb(-_PRICE_PLACES)


def items(document: Node, terms: Terms) -> Iterator[LineItem]:
    """The lines in document order; Invalid where there is none, as each document has one (BR-16)."""
    path = f"cac:{terms.name}Line"
    document.one(path, "BG-25")
    for node in document.every(path, "BG-25"):
        yield _item(node, terms)


def _item(node: Node, terms: Terms) -> LineItem:
    amount = _amount(node, terms)
    name = node.first("cac:Item/cbc:Name", "cac:Item/cbc:Description")
    return LineItem(
        id=node.one("cbc:ID", "BT-126").text,
        description=name.text if name else "",
        quantity=_quantity(node, terms),
        unit_price=_unit_price(node),
        amount=amount,
        splits=_splits(node, amount, terms),
    )


def _amount(node: Node, terms: Terms) -> Decimal:
    return terms.amount(node.one("cbc:LineExtensionAmount", "BT-131"))


def _quantity(node: Node, terms: Terms) -> Decimal:
    path = "cbc:CreditedQuantity" if terms.name == "CreditNote" else "cbc:InvoicedQuantity"
    return terms.signed(node.one(path, "BT-129").number())


def _unit_price(node: Node) -> Decimal:
    """The net price (BT-146) of one unit, where it is said for several (BT-149) to 12 decimals."""
    price = node.one("cac:Price/cbc:PriceAmount", "BT-146").number()
    if base := node.first("cac:Price/cbc:BaseQuantity", term="BT-149"):
        if (units := base.number()) <= 0:
            raise base.wrong(f"is {base.text}", "a price is for a quantity above 0")
        price = EXACT.divide(price, units)
    return price if fits(price, _PRICE_PLACES) else price.quantize(_SMALLEST, context=EXACT)


def _splits(node: Node, amount: Decimal, terms: Terms) -> tuple[Split, ...]:
    sums = summed_by(_parts(node, amount, terms, terms.code))
    return tuple(Split(code, part) for code, part in sums.items())


def _parts(node: Node, amount: Decimal, terms: Terms, default: str) -> Iterator[tuple[str, Decimal]]:
    """The codes and amounts of a line, or of its sub-lines where these add up to it.

    UBL 2.1 lets lines of the same form detail a line (cac:SubInvoiceLine, cac:SubCreditNoteLine), and
    who uses them has them sum to it (XRechnung extension, BR-DEX-02). Others only inform.
    """
    code = accounting_code(node, default)
    details = [(each, _amount(each, terms)) for each in node.every(f"cac:Sub{terms.name}Line")]
    if not details or summed(part for _, part in details) != amount:
        yield code, amount
        return
    for each, part in details:
        yield from _parts(each, part, terms, code)
