"""Makes an Invoice from a UBL document: its head, its lines, and the totals, which must agree."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from reprlib import repr as short
from xml.etree.ElementTree import Element

from holdall.domain.allocation import allocate
from holdall.domain.model import UNAPPLIED, Invoice, InvoiceKind, LineItem, Payment, PaymentKind
from holdall.domain.money import PLACES, nearest, sum_amounts, sum_by_name
from holdall.domain.ubl.cii import ROOT as CII
from holdall.domain.ubl.cii import as_ubl
from holdall.domain.ubl.kinds import kind_and_sign
from holdall.domain.ubl.node import Node
from holdall.domain.ubl.parties import customer, party
from holdall.domain.ubl.readings import choose
from holdall.domain.ubl.rounding import to_currency
from holdall.domain.ubl.terms import Terms, accounting_code
from holdall.errors import Invalid

_PREPAID = "prepaid"
"""The id and the reference of the payment for the prepaid amount."""

_LONGEST_REFERENCE = 200  # as long as the schema allows; no bank takes more than 140 characters
_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd"
_NAMES = {f"{{{_SCHEMA}:{name}-2}}{name}": name for name in ("Invoice", "CreditNote")}
_OTHERS = {
    "{urn:ferd:CrossIndustryDocument:": "ZUGFeRD 1, which came before EN 16931",
    "{http://ivaservizi.agenziaentrate.gov.it/": "FatturaPA, the Italian format",
    "{http://www.ebinterface.at/": "ebInterface, the Austrian format",
}
_ENVELOPE = "{http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader}StandardBusinessDocument"


def invoice(root: Element, tolerance: Decimal = Decimal(0)) -> Invoice:
    """Return the invoice or credit note in the document with the element ``root``, which is UBL or CII.

    ``root`` may be an envelope (StandardBusinessDocument, as Peppol sends it) around one document. A
    difference of at most ``tolerance`` between the lines and the total becomes a rounding line.

    Raises Invalid if the document is neither, lacks an element that is read here and that EN 16931 requires,
    or does not add up.
    """
    root = _open_envelope(root)
    if root.tag == CII:
        return _of_cii(root, tolerance)
    node = Node(root, _name(root))
    kind, terms = _kind_and_terms(node)
    reading = choose(node, terms, tolerance)
    lines = to_currency(reading, terms.currency)
    issued = node.one("cbc:IssueDate", "BT-2").date()
    paid, references = nearest(reading.paid, terms.currency), _references(node)
    return Invoice(
        number=node.one("cbc:ID", "BT-1").text,
        kind=kind,
        seller=party(node.one("cac:AccountingSupplierParty", "BG-4"), "BT-27"),
        customer=customer(node),
        issued=issued,
        due=_due(node),
        currency=terms.currency,
        total=sum_amounts(line.amount for line in lines),
        lines=lines,
        payments=_prepay(paid, issued, terms.currency, lines, _kind_of_prepaid(kind, references)),
        references=references,
        payment_reference=_payment_reference(node),
    )


def _of_cii(root: Element, tolerance: Decimal) -> Invoice:
    try:
        return invoice(as_ubl(root), tolerance)
    except Invalid as problem:
        raise Invalid(f"it is CII, in UBL terms: {problem}", errors=problem.errors) from None


def _open_envelope(root: Element) -> Element:
    if root.tag != _ENVELOPE:
        return root
    inside = [each for each in root if each.tag in (*_NAMES, CII)]
    if len(inside) != 1:
        raise Invalid(
            f"it is an envelope (StandardBusinessDocument) with {len(inside)} UBL 2 Invoices or CreditNotes; "
            "send each document in an envelope of its own"
        )
    return inside[0]


def _name(root: Element) -> str:
    if other := next((name for start, name in _OTHERS.items() if root.tag.startswith(start)), None):
        raise Invalid(f"it is {other}; ask for it as UBL, Factur-X, ZUGFeRD 2 or CII")
    if root.tag not in _NAMES:
        raise Invalid(
            f"it is not a UBL 2 Invoice or CreditNote but {short(root.tag)}; export it as UBL, or leave it out"
        )
    return _NAMES[root.tag]


def _kind_and_terms(node: Node) -> tuple[InvoiceKind, Terms]:
    currency = _currency(node)
    code = node.first("cbc:InvoiceTypeCode", "cbc:CreditNoteTypeCode", term="BT-3")
    kind, sign = kind_and_sign(node.path, code.text if code else "", _gross(node, currency))
    return kind, Terms(node.path, currency, accounting_code(node, ""), sign)


def _currency(node: Node) -> str:
    """Return the currency (BT-5), or that of the payable amount if the document leaves out BT-5."""
    found = node.first("cbc:DocumentCurrencyCode", term="BT-5")
    payable = node.first("cac:LegalMonetaryTotal/cbc:PayableAmount", term="BT-115")
    if found is None and payable and (own := payable.element.get("currencyID")) is not None:
        if own not in PLACES:
            raise payable.wrong(f"has the currencyID {short(own)}", "write a currency code of ISO 4217")
        return own
    currency = node.one("cbc:DocumentCurrencyCode", "BT-5")
    if currency.text not in PLACES:
        raise currency.wrong(f"is {short(currency.text)}", "write a currency code of ISO 4217")
    return currency.text


def _gross(node: Node, currency: str) -> Decimal:
    """Return the payable and the prepaid amount, or else the sum of the lines, as the document states them."""
    totals = {"PayableAmount": "BT-115", "PrepaidAmount": "BT-113"}
    found = (node.first(f"cac:LegalMonetaryTotal/cbc:{name}", term=term) for name, term in totals.items())
    ends = [each.money(currency) for each in found if each]
    lines = node.every(f"cac:{node.path}Line/cbc:LineExtensionAmount", "BT-131")
    return sum_amounts(ends) or sum_amounts(each.money(currency) for each in lines if each.text)


def _due(node: Node) -> date | None:
    """Return the due day (BT-9). UBL 2.1 also has it in the payment means, as in a credit note, or terms."""
    due = node.first(
        "cbc:DueDate",
        "cac:PaymentMeans/cbc:PaymentDueDate",
        "cac:PaymentTerms/cbc:PaymentDueDate",
        term="BT-9",
    )
    return due.date() if due else None


def _payment_reference(node: Node) -> str:
    """Return the reference that the payer should give, or an empty text if it is longer than a reference is."""
    found = node.first("cac:PaymentMeans/cbc:PaymentID", term="BT-83")
    return found.text if found and len(found.text) <= _LONGEST_REFERENCE else ""


def _references(node: Node) -> tuple[str, ...]:
    """Return the numbers of the preceding invoices (BT-25), each once."""
    found = node.every("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID", "BT-25")
    return tuple(dict.fromkeys(each.text for each in found if each.text))


def _kind_of_prepaid(kind: InvoiceKind, references: Iterable[str]) -> PaymentKind:
    """Return the kind of the entry for the prepaid amount.

    A final invoice states the amounts of its down-payment invoices (type 386, or 380) as prepaid, and refers to
    these invoices (BG-3). The money is paid there. If it were a receipt of the final invoice too, the books would
    count it twice.
    """
    return "prepayment" if kind == "invoice" and any(references) else "receipt"


def _prepay(
    paid: Decimal, issued: date, currency: str, lines: Iterable[LineItem], kind: PaymentKind
) -> tuple[Payment, ...]:
    """Return ``paid`` (BT-113) as one entry on the day of issue, or no entry if it is zero.

    UBL does not tell which codes the amount pays, so it settles each code in proportion to the amount billed
    on it. An amount beyond the total is allocated to `UNAPPLIED`.
    """
    if not paid:
        return ()
    billed = sum_by_name((split.code, split.amount) for line in lines for split in line.splits)
    allocations = allocate(paid, billed, currency, overpaid=True)
    beyond = any(each.code == UNAPPLIED for each in allocations)
    return (Payment(_PREPAID, issued, paid, allocations, reference=_PREPAID, overpaid=beyond, kind=kind),)
