"""Rewrites a CII invoice as UBL, so that one reader reads both.

CII is UN/CEFACT Cross Industry Invoice D16B (EN 16931-3-3), the XML of Factur-X, ZUGFeRD 2 and XRechnung CII.

    CII                                                                          UBL, business term
    ExchangedDocument: ID, TypeCode, IssueDateTime                               BT-1, BT-3, BT-2
    SellerTradeParty, BuyerTradeParty                                            BG-4, BG-7
    IncludedSupplyChainTradeLineItem                                             BG-25
    SpecifiedTradeAllowanceCharge, SpecifiedLogisticsServiceCharge               BG-20, BG-21
    TaxTotalAmount, ApplicableTradeTax                                           BT-110, BG-23
    RoundingAmount, TotalPrepaidAmount, DuePayableAmount                         BT-114, BT-113, BT-115
    ReceivableSpecifiedTradeAccountingAccount                                    BT-19, BT-133
    SpecifiedTradePaymentTerms, InvoiceReferencedDocument, PaymentReference      BT-9, BT-25, BT-83

A credit note in CII is an invoice of the type 381. The profiles MINIMUM and BASIC WL of Factur-X have no lines: the
document then gets one line with the sum of its lines (BT-106) or its net total (BT-109).
"""

from xml.etree.ElementTree import Element, SubElement

from holdall.domain.ubl.cii_paths import (
    AGREEMENT,
    CHARGE,
    CLASS,
    DEAL,
    HEAD,
    LINE,
    LINE_SUM,
    OF_LINE,
    PARTY,
    PRODUCT,
    SERVICE,
    SETTLEMENT,
    SUBTOTAL,
    SUMS,
    TOTALS,
)
from holdall.domain.ubl.tree import CAC, CBC, RAM

_UNECE = "urn:un:unece:uncefact:data:standard"
ROOT = f"{{{_UNECE}:CrossIndustryInvoice:100}}CrossIndustryInvoice"
"""The root element of a CII document."""

INVOICE = "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice"

_FROM = {"rsm": f"{_UNECE}:CrossIndustryInvoice:100", "ram": RAM, "udt": f"{_UNECE}:UnqualifiedDataType:100"}
_TO = {"cac": CAC, "cbc": CBC}
_GROUPS = ("GROUP", "INFORMATION")  # lines that repeat or explain others (Factur-X EXTENDED)


def as_ubl(root: Element) -> Element:
    """Return the UBL invoice with the content of the CII document ``root`` that the reader uses."""
    made = Element(INVOICE)
    _copy(root, made, HEAD)
    _references(root, made)
    for role, name in {"AccountingSupplierParty": "Seller", "AccountingCustomerParty": "Buyer"}.items():
        for party in _every(root, f"{AGREEMENT}/ram:{name}TradeParty"):
            _party(party, _add(made, f"cac:{role}/cac:Party"))
    for settlement in _every(root, SETTLEMENT):
        _charges(settlement, made)
        _taxes(settlement, made)
        for sums in _every(settlement, SUMS):
            _copy(sums, _add(made, "cac:LegalMonetaryTotal"), TOTALS)
    _lines(root, made)
    return made


def _references(root: Element, made: Element) -> None:
    for number in _every(root, f"{SETTLEMENT}/ram:InvoiceReferencedDocument/ram:IssuerAssignedID"):
        _put(number, _add(made, "cac:BillingReference"), "cac:InvoiceDocumentReference/cbc:ID")


def _party(party: Element, made: Element) -> None:
    _copy(party, made, PARTY)
    if not _every(party, "ram:GlobalID"):
        _copy(party, made, {"cac:PartyIdentification/cbc:ID": "ram:ID"})
    for number in _every(party, "ram:SpecifiedLegalOrganization/ram:ID"):
        _put(number, made, "cac:PartyLegalEntity/cbc:CompanyID")
    for number in _every(party, "ram:SpecifiedTaxRegistration/ram:ID"):
        registration = _add(made, "cac:PartyTaxScheme")
        _add(registration, "cbc:CompanyID").text = number.text
        _add(registration, "cac:TaxScheme/cbc:ID").text = "VAT" if number.get("schemeID") == "VA" else "FC"


def _charges(settlement: Element, made: Element) -> None:
    for charge in _every(settlement, "ram:SpecifiedTradeAllowanceCharge"):
        _copy(charge, _add(made, "cac:AllowanceCharge"), CHARGE)
    for charge in _every(settlement, "ram:SpecifiedLogisticsServiceCharge"):
        target = _add(made, "cac:AllowanceCharge")
        _add(target, "cbc:ChargeIndicator").text = "true"
        _copy(charge, target, SERVICE)


def _taxes(settlement: Element, made: Element) -> None:
    """Add one tax total for each TaxTotalAmount. The first in the currency of the document has the subtotals."""
    currency = [each.text for each in _every(settlement, "ram:InvoiceCurrencyCode")]
    subtotals = _every(settlement, "ram:ApplicableTradeTax")
    for tax in _every(settlement, f"{SUMS}/ram:TaxTotalAmount"):
        total = _add(made, "cac:TaxTotal")
        _put(tax, total, "cbc:TaxAmount")
        if tax.get("currencyID") in (None, *currency):
            for each in subtotals:
                _copy(each, _add(total, "cac:TaxSubtotal"), SUBTOTAL)
            subtotals = []


def _lines(root: Element, made: Element) -> None:
    lines = _every(root, f"{DEAL}/ram:IncludedSupplyChainTradeLineItem")
    for position, line in enumerate(lines, 1):
        status = _every(line, "ram:AssociatedDocumentLineDocument/ram:LineStatusReasonCode")
        if any(each.text in _GROUPS for each in status) or not _every(line, LINE_SUM):
            continue  # a line without a sum is only a text between lines
        target = _add(made, "cac:InvoiceLine")
        _copy(line, target, LINE)
        if not _every(line, LINE["cbc:ID"]):
            _add(target, "cbc:ID").text = str(position)
        for code in _every(line, f"{PRODUCT}/ram:DesignatedProductClassification/ram:ClassCode"):
            _put(code, _add(target, CLASS), "cbc:ItemClassificationCode")
        for charge in _every(line, f"{OF_LINE}/ram:SpecifiedTradeAllowanceCharge"):
            _copy(charge, _add(target, "cac:AllowanceCharge"), CHARGE)
    if not lines:
        _whole(root, made)


def _whole(root: Element, made: Element) -> None:
    """Add one line with the sum of the lines, for a document that has only totals."""
    sums = f"{SETTLEMENT}/{SUMS}"
    for amount in (
        _every(root, f"{sums}/ram:LineTotalAmount") or _every(root, f"{sums}/ram:TaxBasisTotalAmount")
    )[:1]:
        target = _add(made, "cac:InvoiceLine")
        _add(target, "cbc:ID").text = "1"
        _put(amount, target, "cbc:LineExtensionAmount")


def _copy(source: Element, target: Element, paths: dict[str, str]) -> None:
    """Put the first element at each CII path of ``source`` at the UBL path in ``target``."""
    for to, path in paths.items():
        for element in _every(source, path)[:1]:
            _put(element, target, to)


def _put(element: Element, target: Element, path: str) -> None:
    made = _add(target, path)
    made.text = _day(element) if element.tag.endswith("}DateTimeString") else element.text
    made.attrib |= {name: value for name, value in element.items() if name in ("currencyID", "schemeID")}


def _day(element: Element) -> str | None:
    """Return a date of the format 102, which is YYYYMMDD, as UBL writes it."""
    text = (element.text or "").strip()
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else element.text


def _add(parent: Element, path: str) -> Element:
    """Return a new element at ``path`` below ``parent``. The steps above it are made if they are missing."""
    *above, last = (f"{{{_TO[step[:3]]}}}{step[4:]}" for step in path.split("/"))
    for step in above:
        found = parent.find(step)
        parent = SubElement(parent, step) if found is None else found
    return SubElement(parent, last)


def _every(source: Element, path: str) -> list[Element]:
    return source.findall(path, _FROM)
