"""A UBL invoice and a credit note as text, and how to say one with a difference."""

INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
 <cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>
 <cbc:ID>R-7</cbc:ID>
 <cbc:IssueDate>2026-01-05</cbc:IssueDate>
 <cbc:DueDate>2026-02-04</cbc:DueDate>
 <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
 <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
 <cac:AccountingSupplierParty><cac:Party>
  <cac:PartyTaxScheme><cbc:CompanyID>DE111</cbc:CompanyID>
   <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
  <cac:PartyLegalEntity><cbc:RegistrationName>Seller GmbH</cbc:RegistrationName></cac:PartyLegalEntity>
 </cac:Party></cac:AccountingSupplierParty>
 <cac:AccountingCustomerParty><cac:Party>
  <cac:PartyLegalEntity><cbc:RegistrationName>Buyer AS</cbc:RegistrationName>
   <cbc:CompanyID>NO222</cbc:CompanyID></cac:PartyLegalEntity>
 </cac:Party></cac:AccountingCustomerParty>
 <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">19.00</cbc:TaxAmount></cac:TaxTotal>
 <cac:LegalMonetaryTotal>
  <cbc:PayableAmount currencyID="EUR">119.00</cbc:PayableAmount>
 </cac:LegalMonetaryTotal>
 <cac:InvoiceLine>
  <cbc:ID>1</cbc:ID>
  <cbc:InvoicedQuantity unitCode="C62">4</cbc:InvoicedQuantity>
  <cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
  <cac:Item><cbc:Name>Chairs</cbc:Name></cac:Item>
  <cac:Price><cbc:PriceAmount currencyID="EUR">25</cbc:PriceAmount></cac:Price>
 </cac:InvoiceLine>
</Invoice>
"""

TYPE = "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>"
PAYABLE = '<cbc:PayableAmount currencyID="EUR">119.00</cbc:PayableAmount>'
TAX_TOTAL = '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">19.00</cbc:TaxAmount></cac:TaxTotal>'
LINE_AMOUNT = '<cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>'


def edited(*changes: tuple[str, str], document: str = INVOICE) -> bytes:
    """``document`` with each old text replaced by the new one; an old text that is not there fails."""
    for old, new in changes:
        assert old in document, old
        document = document.replace(old, new)
    return document.encode()


def before(mark: str, added: str) -> tuple[str, str]:
    """The change that puts ``added`` before ``mark``."""
    return mark, added + mark


def credit_note(*changes: tuple[str, str]) -> bytes:
    """The same document as a credit note, with ``changes``."""
    note = (
        INVOICE.replace("InvoiceTypeCode>380", "CreditNoteTypeCode>381")
        .replace("</cbc:InvoiceTypeCode", "</cbc:CreditNoteTypeCode")
        .replace("InvoicedQuantity", "CreditedQuantity")
        .replace("InvoiceLine", "CreditNoteLine")
        .replace("<Invoice", "<CreditNote")
        .replace("</Invoice>", "</CreditNote>")
        .replace("xsd:Invoice-2", "xsd:CreditNote-2")
        .replace(" <cbc:DueDate>2026-02-04</cbc:DueDate>\n", "")
    )
    return edited(*changes, document=note)
