"""CII, the XML of Factur-X and ZUGFeRD, comes to the same invoice as UBL with the same content."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from holdall.domain.books import Books
from holdall.domain.model import Item, Party
from holdall.domain.ubl import read
from holdall.errors import Invalid
from tests.domain.test_ubl_national import HEADER
from tests.domain.ubl_documents import INVOICE

CII = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
  xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
 <rsm:ExchangedDocument><ram:ID>R-7</ram:ID><ram:TypeCode>380</ram:TypeCode>
  <ram:IssueDateTime><udt:DateTimeString format="102">20260105</udt:DateTimeString></ram:IssueDateTime>
 </rsm:ExchangedDocument>
 <rsm:SupplyChainTradeTransaction>
  <ram:IncludedSupplyChainTradeLineItem>
   <ram:AssociatedDocumentLineDocument><ram:LineID>1</ram:LineID></ram:AssociatedDocumentLineDocument>
   <ram:SpecifiedTradeProduct><ram:Name>Chairs</ram:Name></ram:SpecifiedTradeProduct>
   <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>25</ram:ChargeAmount>
    </ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
   <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">4</ram:BilledQuantity>
    </ram:SpecifiedLineTradeDelivery>
   <ram:SpecifiedLineTradeSettlement><ram:SpecifiedTradeSettlementLineMonetarySummation>
     <ram:LineTotalAmount>100.00</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>
   </ram:SpecifiedLineTradeSettlement>
  </ram:IncludedSupplyChainTradeLineItem>
  <ram:ApplicableHeaderTradeAgreement>
   <ram:SellerTradeParty><ram:ID>inner</ram:ID><ram:Name>Seller GmbH</ram:Name>
    <ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">55/5</ram:ID></ram:SpecifiedTaxRegistration>
    <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE111</ram:ID></ram:SpecifiedTaxRegistration>
   </ram:SellerTradeParty>
   <ram:BuyerTradeParty><ram:Name>Buyer AS</ram:Name>
    <ram:SpecifiedLegalOrganization><ram:ID>NO222</ram:ID></ram:SpecifiedLegalOrganization>
   </ram:BuyerTradeParty>
  </ram:ApplicableHeaderTradeAgreement>
  <ram:ApplicableHeaderTradeSettlement>
   <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
   <ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format="102">20260204</udt:DateTimeString>
    </ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>
   <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    <ram:LineTotalAmount>100.00</ram:LineTotalAmount>
    <ram:TaxBasisTotalAmount>100.00</ram:TaxBasisTotalAmount>
    <ram:TaxTotalAmount currencyID="EUR">19.00</ram:TaxTotalAmount>
    <ram:GrandTotalAmount>119.00</ram:GrandTotalAmount>
    <ram:DuePayableAmount>119.00</ram:DuePayableAmount>
   </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
  </ram:ApplicableHeaderTradeSettlement>
 </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""
SUMS = "<ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
DUE = "<ram:DuePayableAmount>119.00</ram:DuePayableAmount>"
LINE = CII[CII.index("<ram:IncludedSupply") : CII.index("<ram:ApplicableHeaderTradeAgreement>")]
NUMBER = "<ram:LineID>1</ram:LineID>"


def changed(*changes):
    document = CII
    for old, new in changes:
        assert old in document, old
        document = document.replace(old, new)
    return document.encode()


def due(amount):
    return DUE, DUE.replace("119.00", amount)


def test_it_is_the_invoice_that_ubl_makes():
    assert read(CII.encode()) == read(INVOICE.encode())


def test_an_envelope_around_it_is_opened():
    inside = CII.split("?>", 1)[1]
    document = f'<StandardBusinessDocument xmlns="{HEADER}">{inside}</StandardBusinessDocument>'
    assert read(document.encode()) == read(CII.encode())


def test_type_381_is_a_credit_note():
    note = read(changed(("TypeCode>380", "TypeCode>381")))
    assert (note.kind, note.total) == ("credit-note", Decimal("-119.00"))


def test_facts_of_a_line():
    product = (
        '<ram:GlobalID schemeID="0160">4012345</ram:GlobalID><ram:SellerAssignedID>S-1</ram:SellerAssignedID>'
        "<ram:BuyerAssignedID>B-1</ram:BuyerAssignedID><ram:Name>Chairs</ram:Name>"
        "<ram:DesignatedProductClassification><ram:ClassCode>72</ram:ClassCode></ram:DesignatedProductClassification>"
        "<ram:DesignatedProductClassification><ram:ClassCode>73</ram:ClassCode></ram:DesignatedProductClassification>"
    )
    settlement = (
        "<ram:ApplicableTradeTax><ram:CategoryCode>S</ram:CategoryCode>"
        "<ram:RateApplicablePercent>19</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
        "<ram:ReceivableSpecifiedTradeAccountingAccount><ram:ID>4711</ram:ID>"
        "</ram:ReceivableSpecifiedTradeAccountingAccount>"
    )
    mark = "<ram:SpecifiedLineTradeSettlement>"
    line = read(changed(("<ram:Name>Chairs</ram:Name>", product), (mark, mark + settlement))).lines[0]
    assert line.item == Item(("S-1", "B-1", "4012345"), ("72", "73"), "S", Decimal(19), "4711")
    assert line.splits[0].code == "4711"


def test_allowances_charges_prepayment_rounding_and_references():
    charges = "".join(
        f"<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>{raises}</udt:Indicator>"
        f"</ram:ChargeIndicator><ram:ActualAmount>{amount}</ram:ActualAmount><ram:Reason>{reason}</ram:Reason>"
        "</ram:SpecifiedTradeAllowanceCharge>"
        for raises, amount, reason in [("false", 10, "Discount"), ("true", 5, "Packing")]
    )
    service = (
        "<ram:SpecifiedLogisticsServiceCharge><ram:Description>Freight</ram:Description>"
        "<ram:AppliedAmount>3</ram:AppliedAmount></ram:SpecifiedLogisticsServiceCharge>"
    )
    ends = (
        "<ram:RoundingAmount>0.03</ram:RoundingAmount><ram:TotalPrepaidAmount>7.00</ram:TotalPrepaidAmount>"
        "<ram:DuePayableAmount>110.03</ram:DuePayableAmount>"
    )
    references = "".join(
        f"<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>{number}</ram:IssuerAssignedID>"
        "</ram:InvoiceReferencedDocument>"
        for number in ("R-1", "R-2")
    )
    invoice = read(changed((SUMS, charges + service + references + SUMS), (DUE, ends)))
    assert [(line.kind, line.description, str(line.amount)) for line in invoice.lines[1:]] == [
        ("allowance", "Discount", "-10.00"),
        ("charge", "Packing", "5.00"),
        ("charge", "Freight", "3.00"),
        ("tax", "VAT", "19.00"),
        ("rounding", "Rounding", "0.03"),
    ]
    assert (invoice.payments[0].amount, invoice.references) == (Decimal(7), ("R-1", "R-2"))


def test_the_reference_for_the_payment():
    added = "<ram:PaymentReference>RF18539007547034</ram:PaymentReference><ram:InvoiceCurrencyCode>"
    assert read(changed(("<ram:InvoiceCurrencyCode>", added))).payment_reference == "RF18539007547034"


def test_the_tax_in_another_currency_only_informs():
    foreign = '<ram:TaxTotalAmount currencyID="CZK">480.00</ram:TaxTotalAmount>'
    breakdown = (
        "<ram:ApplicableTradeTax><ram:CalculatedAmount>19.00</ram:CalculatedAmount><ram:BasisAmount>100</ram:BasisAmount>"
        "<ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>19</ram:RateApplicablePercent>"
        "</ram:ApplicableTradeTax>"
    )
    tax = read(changed((SUMS, breakdown + SUMS + foreign))).lines[-1]
    assert (tax.description, tax.amount, tax.item) == (
        "VAT 19%", Decimal(19), Item(tax_category="S", tax_rate=Decimal(19))
    )  # fmt: skip


@pytest.mark.parametrize("status", ["GROUP", "INFORMATION"])
def test_lines_that_repeat_or_explain_others_do_not_count(status):
    reason = f"<ram:LineStatusReasonCode>{status}</ram:LineStatusReasonCode>"
    other = LINE.replace(NUMBER, "<ram:LineID>2</ram:LineID>" + reason)
    assert read(changed((LINE, LINE + other))) == read(CII.encode())


def test_a_line_that_is_only_text_does_not_count():
    start, end = (LINE.index(f"<{slash}ram:SpecifiedLineTradeSettlement>") for slash in ("", "/"))
    assert read(changed((LINE, LINE[:start] + LINE[end:].split(">", 1)[1] + LINE))) == read(CII.encode())


def test_a_line_without_an_id_has_its_position():
    assert read(changed((NUMBER, ""))) == read(CII.encode())


def test_a_document_of_totals_only_has_one_line():
    invoice = read(changed((LINE, "")))
    assert [(line.id, line.kind, line.amount) for line in invoice.lines[:1]] == [("1", "item", Decimal(100))]
    assert Books({}).add(invoice)
    basis = changed((LINE, ""), ("    <ram:LineTotalAmount>100.00</ram:LineTotalAmount>\n", ""))
    assert read(basis) == invoice


def test_a_simplified_one_is_of_the_walk_in_customer():
    start, end = (
        CII.index("<ram:BuyerTradeParty>"),
        CII.index("</ram:BuyerTradeParty>") + len("</ram:BuyerTradeParty>"),
    )
    invoice = read((CII[:start] + CII[end:]).encode())
    assert replace(invoice, customer=Party("NO222", "Buyer AS")) == read(CII.encode())


def test_ids_of_parties_keep_their_scheme():
    buyer = '<ram:GlobalID schemeID="0088">400</ram:GlobalID><ram:Name>Buyer AS</ram:Name>'
    organization = "<ram:SpecifiedLegalOrganization><ram:ID>NO222</ram:ID></ram:SpecifiedLegalOrganization>"
    assert (
        read(changed(("<ram:Name>Buyer AS</ram:Name>", buyer), (organization, ""))).customer.id == "0088:400"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            due("120.00"),
            "it is CII, in UBL terms: Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount (BT-115) and",
        ),
        (("20260105", "2026"), "Invoice/cbc:IssueDate (BT-2) is '2026': write a day"),
        (("20260105", "2026010x"), "(BT-2) is '2026010x'"),
        (("<ram:ID>R-7</ram:ID>", ""), "Invoice/cbc:ID (BT-1) is missing"),
        ((">EUR<", ">EURO<"), "(BT-5) is 'EURO'"),
        (("Invoice:100", "Invoice:1"), "it is not a UBL 2 Invoice or CreditNote but"),
    ],
)
def test_what_is_wrong_is_named_by_its_business_term(change, message):
    with pytest.raises(Invalid) as caught:
        read(changed(change))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (
            b'<CrossIndustryDocument xmlns="urn:ferd:CrossIndustryDocument:invoice:1p0"/>',
            "ZUGFeRD 1, which came",
        ),
        (
            b'<p:FatturaElettronica xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"/>',
            "FatturaPA, the Italian format",
        ),
    ],
)
def test_other_invoices_in_xml_are_named(document, name):
    with pytest.raises(Invalid, match=f"it is {name}.*; ask for it as UBL"):
        read(document)
