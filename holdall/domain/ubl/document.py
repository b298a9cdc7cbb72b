"""Makes an Invoice from a UBL document: its head, its lines, and the totals, which must agree."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from reprlib import repr as short
from xml.etree.ElementTree import Element

from holdall.domain.allocation import allocate
from holdall.domain.model import UNAPPLIED, UNCODED, Invoice, InvoiceKind, LineItem, Payment
from holdall.domain.money import EXACT, PLACES, sum_amounts, sum_by_name
from holdall.domain.ubl.adjustments import charges, rounding, taxes
from holdall.domain.ubl.items import items
from holdall.domain.ubl.node import Node
from holdall.domain.ubl.parties import party
from holdall.domain.ubl.terms import Terms, accounting_code
from holdall.errors import Invalid

_PREPAID = "prepaid"
"""The id and the reference of the payment for the prepaid amount."""

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd"
_NAMES = {f"{{{_SCHEMA}:{name}-2}}{name}": name for name in ("Invoice", "CreditNote")}
_KINDS: dict[str, InvoiceKind] = {"Invoice": "invoice", "CreditNote": "credit-note"}

# The codes of UNTDID 1001 that EN 16931 allows only in the other type of document (BR-CL-01).
_CONTRADICTIONS = {
    "Invoice": frozenset(
        ["81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"]
    ),
    "CreditNote": frozenset(["380"]),
}


def invoice(root: Element) -> Invoice:
    """Return the invoice or credit note in the document with the element ``root``.

    Raises Invalid if the document is neither, lacks an element that is read here and that EN 16931 requires,
    or does not add up.
    """
    node = Node(root, _name(root))
    terms = _terms(node)
    lines = _lines(node, terms)
    total = sum_amounts(line.amount for line in lines)
    issued = node.one("cbc:IssueDate", "BT-2").date()
    paid = _paid(node, terms, total)
    return Invoice(
        number=node.one("cbc:ID", "BT-1").text,
        kind=_KINDS[terms.name],
        seller=party(node.one("cac:AccountingSupplierParty", "BG-4"), "BT-27"),
        customer=party(node.one("cac:AccountingCustomerParty", "BG-7"), "BT-44"),
        issued=issued,
        due=_due(node),
        currency=terms.currency,
        total=total,
        lines=lines,
        payments=_prepay(paid, issued, terms.currency, lines),
        references=_references(node),
    )


def _name(root: Element) -> str:
    if root.tag not in _NAMES:
        raise Invalid(
            f"it is not a UBL 2 Invoice or CreditNote but {short(root.tag)}; export it as UBL, or leave it out"
        )
    return _NAMES[root.tag]


def _terms(node: Node) -> Terms:
    code = node.first("cbc:InvoiceTypeCode", "cbc:CreditNoteTypeCode", term="BT-3")
    if code and code.text in _CONTRADICTIONS[node.path]:
        raise code.wrong(f"is {code.text} in {node.path}", "one of them is wrong; correct it")
    currency = node.one("cbc:DocumentCurrencyCode", "BT-5")
    if currency.text not in PLACES:
        raise currency.wrong(f"is {short(currency.text)}", "write a currency code of ISO 4217")
    return Terms(node.path, currency.text, accounting_code(node, UNCODED))


def _lines(node: Node, terms: Terms) -> tuple[LineItem, ...]:
    return (*items(node, terms), *charges(node, terms), *taxes(node, terms), *rounding(node, terms))


def _paid(node: Node, terms: Terms, total: Decimal) -> Decimal:
    """Return the prepaid amount (BT-113). Raises Invalid if the totals of the document do not agree."""
    totals = node.one("cac:LegalMonetaryTotal", "BG-22")
    payable = totals.one("cbc:PayableAmount", "BT-115")
    prepayment = totals.first("cbc:PrepaidAmount", term="BT-113")
    paid = terms.amount(prepayment) if prepayment else Decimal(0)
    declared = EXACT.add(terms.amount(payable), paid)
    if total != declared:
        raise payable.wrong(
            f"and the prepaid amount (BT-113) are {terms.apply_sign(declared)} {terms.currency}, but lines, "
            f"allowances, charges, tax and rounding come to {terms.apply_sign(total)}",
            "correct the document",
        )
    return paid


def _due(node: Node) -> date | None:
    """Return the due day (BT-9), which a credit note has among its payment means."""
    due = node.first("cbc:DueDate", "cac:PaymentMeans/cbc:PaymentDueDate", term="BT-9")
    return due.date() if due else None


def _references(node: Node) -> tuple[str, ...]:
    """Return the numbers of the preceding invoices (BT-25), each once."""
    found = node.every("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID", "BT-25")
    return tuple(dict.fromkeys(each.text for each in found if each.text))


def _prepay(paid: Decimal, issued: date, currency: str, lines: Iterable[LineItem]) -> tuple[Payment, ...]:
    """Return ``paid`` (BT-113) as one payment on the day of issue, or no payment if it is zero.

    UBL does not tell which codes the amount pays, so it settles each code in proportion to the amount billed
    on it. An amount beyond the total is allocated to `UNAPPLIED`.
    """
    if not paid:
        return ()
    billed = sum_by_name((split.code, split.amount) for line in lines for split in line.splits)
    allocations = allocate(paid, billed, currency, overpaid=True)
    beyond = any(each.code == UNAPPLIED for each in allocations)
    return (Payment(_PREPAID, issued, paid, allocations, reference=_PREPAID, overpaid=beyond),)
