"""Writes a document of the demo as UBL, in the form of Peppol BIS Billing 3."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from .documents import Document, Line, Party

UBL = "urn:oasis:names:specification:ubl:schema:xsd"
PREFIXES = {"cac": f"{UBL}:CommonAggregateComponents-2", "cbc": f"{UBL}:CommonBasicComponents-2"}
EN = "urn:cen.eu:en16931:2017"
PEPPOL = f"{EN}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
# A line that is split over codes needs sub-lines. Peppol has none, but the extension of XRechnung has them.
EXTENSION = f"{EN}#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0"
PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"


def files(documents: Iterable[Document]) -> dict[str, bytes]:
    """The content of each document's file, by the file's name."""
    return {f"{document.number.lower().replace('/', '-')}.xml": xml(document) for document in documents}


def xml(document: Document) -> bytes:
    """The document as XML, with its parts in the order of the UBL 2.1 schema."""
    namespace = f"{UBL}:{document.name}-2"
    for prefix, uri in {"": namespace, **PREFIXES}.items():
        ElementTree.register_namespace(prefix, uri)
    root = Element(f"{{{namespace}}}{document.name}")
    _put_head(root, document)
    _put_party(root, "cac:AccountingSupplierParty", document.seller)
    _put_party(root, "cac:AccountingCustomerParty", document.customer)
    _put_means(root, document)
    _put_charges(root, document)
    _put_taxes(root, document)
    _put_totals(root, document)
    for position, line in enumerate(document.lines, 1):
        _put_line(root, document, position, line)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"


def _put(parent: Element, path: str, text: object = "", **attributes: str) -> Element:
    """Add an element at ``path`` below ``parent`` and return it. All steps of the path become new elements."""
    for step in path.split("/"):
        prefix, name = step.split(":")
        parent = SubElement(parent, f"{{{PREFIXES[prefix]}}}{name}")
    parent.text = str(text) or None
    parent.attrib.update(attributes)
    return parent


def _put_amount(parent: Element, path: str, amount: Decimal, document: Document) -> None:
    _put(parent, path, f"{document.rounded(amount):f}", currencyID=document.currency)


def _put_head(root: Element, document: Document) -> None:
    _put(root, "cbc:CustomizationID", EXTENSION if document.split else PEPPOL)
    _put(root, "cbc:ProfileID", PROFILE)
    _put(root, "cbc:ID", document.number)
    _put(root, "cbc:IssueDate", document.issued)
    if document.credits:
        _put(root, "cbc:CreditNoteTypeCode", 381)
    else:
        _put(root, "cbc:DueDate", document.issued + timedelta(days=30))
        _put(root, "cbc:InvoiceTypeCode", 380)
    _put(root, "cbc:DocumentCurrencyCode", document.currency)
    if document.accounts[0]:
        _put(root, "cbc:TaxCurrencyCode", document.accounts[0])
    if document.code:
        _put(root, "cbc:AccountingCost", document.code)
    _put(root, "cbc:BuyerReference", "Accounts payable")
    if document.credits:
        _put(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID", document.credits)


def _put_party(root: Element, role: str, party: Party) -> None:
    node = _put(root, f"{role}/cac:Party")
    scheme, endpoint = party.endpoint
    _put(node, "cbc:EndpointID", endpoint, schemeID=scheme)
    address = _put(node, "cac:PostalAddress")
    street, city, zone, country = party.address
    _put(address, "cbc:StreetName", street)
    _put(address, "cbc:CityName", city)
    _put(address, "cbc:PostalZone", zone)
    _put(address, "cac:Country/cbc:IdentificationCode", country)
    registration = _put(node, "cac:PartyTaxScheme")
    _put(registration, "cbc:CompanyID", party.vat)
    _put(registration, "cac:TaxScheme/cbc:ID", "VAT")
    _put(node, "cac:PartyLegalEntity/cbc:RegistrationName", party.name)


def _put_means(root: Element, document: Document) -> None:
    means = _put(root, "cac:PaymentMeans")
    _put(means, "cbc:PaymentMeansCode", 30, name="Credit transfer")
    _put(means, "cbc:PaymentID", document.number)
    _put(means, "cac:PayeeFinancialAccount/cbc:ID", document.seller.account)


def _put_charges(root: Element, document: Document) -> None:
    for charge in document.charges:
        node = _put(root, "cac:AllowanceCharge")
        _put(node, "cbc:ChargeIndicator", "true" if charge.amount > 0 else "false")
        _put(node, "cbc:AllowanceChargeReason", charge.reason)
        _put_amount(node, "cbc:Amount", abs(charge.amount), document)
        _put_category(node, "cac:TaxCategory", charge.rate)


def _put_category(parent: Element, path: str, rate: int, reason: str = "") -> None:
    category = _put(parent, path)
    _put(category, "cbc:ID", "S" if rate else "G")
    _put(category, "cbc:Percent", rate)
    if reason:
        _put(category, "cbc:TaxExemptionReason", reason)
    _put(category, "cac:TaxScheme/cbc:ID", "VAT")


def _put_taxes(root: Element, document: Document) -> None:
    total = _put(root, "cac:TaxTotal")
    _put_amount(total, "cbc:TaxAmount", document.taxes(), document)
    for rate, taxable in document.taxable().items():
        part = _put(total, "cac:TaxSubtotal")
        _put_amount(part, "cbc:TaxableAmount", taxable, document)
        _put_amount(part, "cbc:TaxAmount", document.tax(rate), document)
        _put_category(part, "cac:TaxCategory", rate, "" if rate else "Export")
    currency, exchange = document.accounts
    if currency:
        tax = document.rounded(document.taxes() * Decimal(exchange))
        _put(root, "cac:TaxTotal/cbc:TaxAmount", tax, currencyID=currency)


def _put_totals(root: Element, document: Document) -> None:
    allowances = -sum(each.amount for each in document.charges if each.amount < 0)
    charges = sum(each.amount for each in document.charges if each.amount > 0)
    totals = _put(root, "cac:LegalMonetaryTotal")
    _put_amount(totals, "cbc:LineExtensionAmount", document.lines_net(), document)
    _put_amount(totals, "cbc:TaxExclusiveAmount", document.exclusive(), document)
    _put_amount(totals, "cbc:TaxInclusiveAmount", document.inclusive(), document)
    for name, amount in [
        ("AllowanceTotalAmount", allowances),
        ("ChargeTotalAmount", charges),
        ("PrepaidAmount", document.paid()),
        ("PayableRoundingAmount", document.rounding()),
    ]:
        if amount:
            _put_amount(totals, f"cbc:{name}", Decimal(amount), document)
    _put_amount(totals, "cbc:PayableAmount", document.payable(), document)


def _put_line(root: Element, document: Document, position: int, line: Line) -> None:
    node = _put_detail(root, f"cac:{document.name}Line", document, line, str(position))
    for number, (code, amount) in enumerate(document.split.get(str(position), {}).items(), 1):
        part = line._replace(code=code, quantity=Decimal(1), price=Decimal(amount))
        _put_detail(node, f"cac:Sub{document.name}Line", document, part, f"{position}.{number}")


def _put_detail(parent: Element, path: str, document: Document, line: Line, id: str) -> Element:
    node = _put(parent, path)
    _put(node, "cbc:ID", id)
    quantity = "cbc:CreditedQuantity" if document.credits else "cbc:InvoicedQuantity"
    _put(node, quantity, line.quantity, unitCode=line.unit)
    _put_amount(node, "cbc:LineExtensionAmount", document.net(line), document)
    if line.code:
        _put(node, "cbc:AccountingCost", line.code)
    item = _put(node, "cac:Item")
    _put(item, "cbc:Name", line.name)
    _put_category(item, "cac:ClassifiedTaxCategory", line.rate)
    _put(node, "cac:Price/cbc:PriceAmount", line.price, currencyID=document.currency)
    return node
