"""The facts of a line by which a mapping files it: the ids and classes of its item, its tax, its reference."""

from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal

from msgspec.structs import replace

from holdall.domain.model import Item
from holdall.domain.money import fits
from holdall.domain.ubl.node import Node
from holdall.errors import Invalid

_LONGEST = 200  # characters
_PLACES = 12

_IDS = {
    "cac:Item/cac:SellersItemIdentification/cbc:ID": "BT-155",
    "cac:Item/cac:BuyersItemIdentification/cbc:ID": "BT-156",
    "cac:Item/cac:StandardItemIdentification/cbc:ID": "BT-157",
}
_CLASSES = "cac:Item/cac:CommodityClassification/cbc:ItemClassificationCode"


def facts(line: Node, reference: str) -> Item | None:
    """Return the facts of an invoice line (BG-25), or None if it has none."""
    ids = [each.text for path, term in _IDS.items() if (each := line.first(path, term=term))]
    classes = [code.text for code in line.every(_CLASSES, "BT-158")]
    known = taxed(line, "cac:Item/cac:ClassifiedTaxCategory", reference) or Item()
    found = replace(known, ids=_short(ids), classifications=_short(classes))
    return None if found == Item() else found


def _short(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the different ``texts`` that the book can hold. No sum needs them, so the others are left out."""
    return tuple(text for text in dict.fromkeys(texts) if 0 < len(text) <= _LONGEST)


def taxed(node: Node, category: str, reference: str = "") -> Item | None:
    """Return the tax category and rate at the path ``category``, with ``reference``, or None."""
    code = node.first(f"{category}/cbc:ID")
    names = _short([code.text] if code else [])
    rate = _rate(node.first(f"{category}/cbc:Percent"))
    item = Item(tax_category="".join(names), tax_rate=rate, reference=reference)
    return None if item == Item() else item


def _rate(node: Node | None) -> Decimal | None:
    """Return the number in ``node``, or None if it is not a number that the book can hold."""
    with suppress(Invalid):
        if node and fits(rate := node.number(), _PLACES):
            return rate
    return None
