"""Writes an invoice of the book as a UBL document, with the standard library: what the reader is held to."""

from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement, tostring

from holdall.domain.model import Invoice, LineItem, Party

UBL = "urn:oasis:names:specification:ubl:schema:xsd"
PREFIXES = {"cac": f"{UBL}:CommonAggregateComponents-2", "cbc": f"{UBL}:CommonBasicComponents-2"}


def write(invoice: Invoice) -> bytes:
    """``invoice`` as UBL: one cac:TaxTotal a tax line, splits as sub-lines, one payment as prepaid."""
    name = "CreditNote" if invoice.kind == "credit-note" else "Invoice"
    sign = -1 if name == "CreditNote" else 1
    root = Element(f"{{{UBL}:{name}-2}}{name}")
    put(root, "cbc:ID", invoice.number)
    put(root, "cbc:IssueDate", invoice.issued)
    put(root, "cbc:DueDate", invoice.due or "")
    put(root, "cbc:DocumentCurrencyCode", invoice.currency)
    for number in invoice.references:
        put(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID", number)
    put(root, "cac:PaymentMeans/cbc:PaymentID", invoice.payment_reference)
    put_party(root, "cac:AccountingSupplierParty", invoice.seller)
    put_party(root, "cac:AccountingCustomerParty", invoice.customer)
    for line in invoice.lines:
        if line.kind in ("allowance", "charge"):
            put_charge(root, line, sign)
        elif line.kind == "tax":
            put_amount(root, "cac:TaxTotal/cbc:TaxAmount", sign * line.amount, invoice.currency)
    put_totals(root, invoice, sign)
    for line in invoice.lines:
        if line.kind == "item":
            put_item(root, name, line, sign)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def put(parent: Element, path: str, text: object) -> Element:
    """The element at ``path`` under ``parent``, each step made anew, with ``text``."""
    for step in path.split("/"):
        prefix, name = step.split(":")
        parent = SubElement(parent, f"{{{PREFIXES[prefix]}}}{name}")
    parent.text = str(text)
    return parent


def put_amount(parent: Element, path: str, amount: Decimal, currency: str = "") -> None:
    element = put(parent, path, f"{amount:f}")
    if currency:
        element.set("currencyID", currency)


def put_party(root: Element, path: str, party: Party) -> None:
    entity = put(root, f"{path}/cac:Party/cac:PartyLegalEntity", "")
    put(entity, "cbc:RegistrationName", party.name)
    put(entity, "cbc:CompanyID", party.id)


def put_charge(root: Element, line: LineItem, sign: int) -> None:
    element = put(root, "cac:AllowanceCharge", "")
    put(element, "cbc:ChargeIndicator", "true" if line.kind == "charge" else "false")
    put(element, "cbc:AllowanceChargeReason", line.description)
    put_amount(element, "cbc:Amount", sign * (line.amount if line.kind == "charge" else -line.amount))
    put(element, "cbc:AccountingCost", line.splits[0].code)


def put_totals(root: Element, invoice: Invoice, sign: int) -> None:
    totals = put(root, "cac:LegalMonetaryTotal", "")
    paid = sum((payment.amount for payment in invoice.payments), Decimal(0))
    put_amount(totals, "cbc:PrepaidAmount", sign * paid)
    for line in invoice.lines:
        if line.kind == "rounding":
            put_amount(totals, "cbc:PayableRoundingAmount", sign * line.amount)
    put_amount(totals, "cbc:PayableAmount", sign * (invoice.total - paid))


def put_item(root: Element, name: str, line: LineItem, sign: int) -> None:
    element = put(root, f"cac:{name}Line", "")
    put(element, "cbc:ID", line.id)
    quantity = "cbc:CreditedQuantity" if sign < 0 else "cbc:InvoicedQuantity"
    put_amount(element, quantity, sign * line.quantity)
    put_amount(element, "cbc:LineExtensionAmount", sign * line.amount)
    put(element, "cac:Item/cbc:Name", line.description)
    put_amount(element, "cac:Price/cbc:PriceAmount", line.unit_price)
    for split in line.splits:
        detail = put(element, f"cac:Sub{name}Line", "")
        put_amount(detail, "cbc:LineExtensionAmount", sign * split.amount)
        put(detail, "cbc:AccountingCost", split.code)
