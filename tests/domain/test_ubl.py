"""What a UBL document says, and what the book then keeps."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest

from holdall.domain.model import Allocation, Party, Split
from holdall.domain.ubl import read
from tests.domain.ubl_documents import (
    INVOICE,
    LINE_AMOUNT,
    PAYABLE,
    TAX_TOTAL,
    TYPE,
    before,
    credit_note,
    edited,
)

NUMBER = "<cbc:ID>R-7</cbc:ID>"
SELLER = "<cac:AccountingSupplierParty>"
ITEM = "<cac:Item>"


def amounts(invoice):
    return [(line.kind, line.amount) for line in invoice.lines]


def test_head():
    invoice = read(edited())
    assert (invoice.number, invoice.kind, invoice.currency) == ("R-7", "invoice", "EUR")
    assert (invoice.issued, invoice.due) == (date(2026, 1, 5), date(2026, 2, 4))
    assert invoice.seller == Party("DE111", "Seller GmbH")
    assert invoice.customer == Party("NO222", "Buyer AS")
    assert (invoice.total, invoice.payments, invoice.references) == (Decimal(119), (), ())


def test_line():
    line = read(edited()).lines[0]
    assert (line.id, line.description, line.kind) == ("1", "Chairs", "item")
    assert (line.quantity, line.unit_price, line.amount) == (Decimal(4), Decimal(25), Decimal(100))


def test_every_way_to_hand_over_a_document_reads_the_same(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(edited())
    with path.open("rb") as file:
        readings = [read(edited()), read(path), read(str(path)), read(file)]
        assert not file.closed
    assert all(each == readings[0] for each in readings)


def test_what_is_owed_by_kind_sums_to_the_total():
    charge = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>{}</cbc:ChargeIndicator>"
        '<cbc:Amount currencyID="EUR">{}</cbc:Amount></cac:AllowanceCharge>'
    )
    invoice = read(
        edited(
            before("<cac:TaxTotal>", charge.format("true", "10") + charge.format("0", "30.50")),
            (
                PAYABLE,
                '<cbc:PayableRoundingAmount currencyID="EUR">-0.02</cbc:PayableRoundingAmount>'
                '<cbc:PayableAmount currencyID="EUR">98.48</cbc:PayableAmount>',
            ),
        )
    )
    assert amounts(invoice) == [
        ("item", Decimal("100.00")),
        ("charge", Decimal("10.00")),
        ("allowance", Decimal("-30.50")),
        ("tax", Decimal("19.00")),
        ("rounding", Decimal("-0.02")),
    ]
    assert invoice.total == Decimal("98.48")
    assert invoice.billed() == {
        "uncoded": Decimal("79.50"),
        "VAT": Decimal("19.00"),
        "rounding": Decimal("-0.02"),
    }
    assert len({line.id for line in invoice.lines}) == 5


def test_a_credit_note_is_owed_the_other_way():
    note = read(credit_note())
    assert (note.kind, note.total, note.due) == ("credit-note", Decimal("-119.00"), None)
    assert amounts(note) == [("item", Decimal("-100.00")), ("tax", Decimal("-19.00"))]
    assert (note.lines[0].quantity, note.lines[0].unit_price) == (Decimal(-4), Decimal(25))
    assert note.lines[0].splits == (Split("uncoded", Decimal("-100.00")),)


def test_a_negative_line_in_a_credit_note_is_owed_again():
    note = read(
        credit_note(
            (LINE_AMOUNT, LINE_AMOUNT.replace("100.00", "-100.00")),
            (PAYABLE, PAYABLE.replace("119.00", "-81.00")),
        )
    )
    assert amounts(note) == [("item", Decimal("100.00")), ("tax", Decimal("-19.00"))]


def test_a_credit_note_is_due_by_its_payment_means():
    means = (
        "<cac:PaymentMeans><cbc:PaymentDueDate>2026-03-01</cbc:PaymentDueDate></cac:PaymentMeans>"
    )
    assert read(credit_note(before("<cac:TaxTotal>", means))).due == date(2026, 3, 1)


def test_no_due_day_is_none():
    assert read(edited(("<cbc:DueDate>2026-02-04</cbc:DueDate>", ""))).due is None


def test_references_are_the_preceding_invoices_once_each():
    reference = (
        "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{}</cbc:ID>"
        "</cac:InvoiceDocumentReference></cac:BillingReference>"
    )
    added = "".join(reference.format(number) for number in ("R-1", "R-2", "R-1"))
    assert read(edited(before(SELLER, added))).references == ("R-1", "R-2")


@pytest.mark.parametrize(
    ("of_line", "of_document", "code"),
    [
        (
            "<cbc:AccountingCost>4400</cbc:AccountingCost>",
            "<cbc:AccountingCost>9</cbc:AccountingCost>",
            "4400",
        ),
        ("<cbc:AccountingCostCode>4400</cbc:AccountingCostCode>", "", "4400"),
        (
            "<cbc:AccountingCostCode>1</cbc:AccountingCostCode><cbc:AccountingCost>4400</cbc:AccountingCost>",
            "",
            "4400",
        ),
        (
            "<cbc:AccountingCost> \n </cbc:AccountingCost>",
            "<cbc:AccountingCost>9</cbc:AccountingCost>",
            "9",
        ),
        ("", "<cbc:AccountingCostCode>9</cbc:AccountingCostCode>", "9"),
        ("", "", "uncoded"),
    ],
)
def test_the_code_of_a_line_is_its_own_or_the_documents_or_the_default(of_line, of_document, code):
    invoice = read(edited(before(ITEM, of_line), before(SELLER, of_document)))
    assert invoice.billed() == {code: Decimal("100.00"), "VAT": Decimal("19.00")}


def sub(amount, code="", inner="", name="SubInvoiceLine"):
    coded = f"<cbc:AccountingCost>{code}</cbc:AccountingCost>" if code else ""
    return (
        f'<cac:{name}><cbc:LineExtensionAmount currencyID="EUR">{amount}</cbc:LineExtensionAmount>'
        f"{coded}{inner}</cac:{name}>"
    )


OWN = "<cbc:AccountingCost>own</cbc:AccountingCost>"


@pytest.mark.parametrize(
    ("details", "splits"),
    [
        (sub("60", "a") + sub("40", "b"), {"a": "60.00", "b": "40.00"}),
        (sub("60", "a") + sub("30", "b") + sub("10", "a"), {"a": "70.00", "b": "30.00"}),
        (sub("60", "a") + sub("40"), {"a": "60.00", "own": "40.00"}),
        (
            sub("60", "a", sub("20", "x") + sub("40")) + sub("40", "b"),
            {"x": "20.00", "a": "40.00", "b": "40.00"},
        ),
        (sub("60", "a") + sub("39.99", "b"), {"own": "100.00"}),
    ],
    ids=["by code", "one split a code", "own code inherited", "nested", "only informing"],
)
def test_sub_lines_that_add_up_split_their_line(details, splits):
    line = read(edited(before(ITEM, OWN), before("</cac:InvoiceLine>", details))).lines[0]
    assert {each.code: str(each.amount) for each in line.splits} == splits


def test_sub_lines_of_a_credit_note_split_it_too():
    details = sub("60", "a", name="SubCreditNoteLine") + sub("40", "b", name="SubCreditNoteLine")
    line = read(credit_note(before("</cac:CreditNoteLine>", details))).lines[0]
    assert line.splits == (Split("a", Decimal("-60.00")), Split("b", Decimal("-40.00")))


def test_a_charge_may_name_its_own_code():
    charge = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>"
        "<cbc:AllowanceChargeReason>Freight</cbc:AllowanceChargeReason>"
        '<cbc:Amount currencyID="EUR">1</cbc:Amount>'
        "<cbc:AccountingCost>6000</cbc:AccountingCost></cac:AllowanceCharge>"
    )
    invoice = read(
        edited(before("<cac:TaxTotal>", charge), (PAYABLE, PAYABLE.replace("119", "120")))
    )
    assert invoice.lines[1].description == "Freight"
    assert invoice.billed()["6000"] == Decimal("1.00")


def test_tax_in_the_accounting_currency_is_not_owed():
    foreign = '<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">210.00</cbc:TaxAmount></cac:TaxTotal>'
    assert amounts(read(edited(before(TAX_TOTAL, foreign)))) == amounts(read(edited()))


def test_taxes_of_several_schemes_are_all_owed():
    invoice = read(
        edited(
            (TAX_TOTAL, TAX_TOTAL + TAX_TOTAL.replace("19.00", "1.00")),
            (PAYABLE, PAYABLE.replace("119", "120")),
        )
    )
    assert [amount for kind, amount in amounts(invoice) if kind == "tax"] == [
        Decimal(19),
        Decimal(1),
    ]


def test_a_document_without_tax_has_no_tax_line():
    untaxed = read(edited((TAX_TOTAL, ""), (PAYABLE, PAYABLE.replace("119", "100"))))
    assert amounts(untaxed) == [("item", Decimal(100))]


def prepaid(paid, payable):
    return (
        PAYABLE,
        f'<cbc:PrepaidAmount currencyID="EUR">{paid}</cbc:PrepaidAmount>'
        f'<cbc:PayableAmount currencyID="EUR">{payable}</cbc:PayableAmount>',
    )


def test_the_prepaid_amount_is_a_payment_in_proportion():
    invoice = read(edited(prepaid("59.50", "59.50")))
    (payment,) = invoice.payments
    assert (payment.on, payment.amount, payment.reference) == (
        date(2026, 1, 5),
        Decimal("59.50"),
        "prepaid",
    )
    assert payment.allocations == (
        Allocation("uncoded", Decimal("50.00")),
        Allocation("VAT", Decimal("9.50")),
    )
    assert invoice.total == Decimal("119.00")


def test_prepaid_beyond_the_total_says_so_and_stays_unapplied():
    (payment,) = read(edited(prepaid("130", "-11"))).payments
    assert payment.overpaid
    assert payment.allocations[-1] == Allocation("unapplied", Decimal("11.00"))


def test_what_was_prepaid_on_a_credit_note_was_paid_back():
    (payment,) = read(credit_note(prepaid("119", "0"))).payments
    assert payment.amount == Decimal("-119.00")


def test_nothing_prepaid_is_no_payment():
    assert read(edited(prepaid("0.00", "119"))).payments == ()


def test_a_price_for_several_units_is_the_price_of_one():
    price = '<cbc:PriceAmount currencyID="EUR">25</cbc:PriceAmount>'
    line = read(edited((price, price + "<cbc:BaseQuantity>3</cbc:BaseQuantity>"))).lines[0]
    assert line.unit_price == Decimal("8.333333333333")


def test_a_currency_without_decimals_takes_amounts_written_with_them():
    invoice = read(edited(("EUR", "JPY")))
    assert (str(invoice.total), str(invoice.lines[0].amount)) == ("119", "100")


def test_amounts_have_all_decimals_of_their_currency():
    assert str(read(edited(("119.00", "119"), ("100.00", "+100."))).lines[0].amount) == "100.00"


def party(*parts):
    """The seller, read from ``parts`` alone."""
    start, end = (
        INVOICE.index("<cac:PartyTaxScheme>"),
        INVOICE.index(" </cac:Party></cac:AccountingSupp"),
    )
    return read((INVOICE[:start] + "".join(parts) + INVOICE[end:]).encode()).seller


LEGAL = (
    "<cac:PartyLegalEntity><cbc:RegistrationName>Legal AB</cbc:RegistrationName>"
    '<cbc:CompanyID schemeID="0007">556</cbc:CompanyID></cac:PartyLegalEntity>'
)
TRADE = "<cac:PartyName><cbc:Name>Trade</cbc:Name></cac:PartyName>"
IDENTIFIER = (
    '<cac:PartyIdentification><cbc:ID schemeID="0088">730</cbc:ID></cac:PartyIdentification>'
)
ENDPOINT = '<cbc:EndpointID schemeID="EM">a@b.example</cbc:EndpointID>'


def registration(scheme, id):
    return (
        f"<cac:PartyTaxScheme><cbc:CompanyID>{id}</cbc:CompanyID>"
        f"<cac:TaxScheme><cbc:ID>{scheme}</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            [
                ENDPOINT,
                IDENTIFIER,
                TRADE,
                registration("LOC", "77"),
                registration("VAT", "SE1"),
                LEGAL,
            ],
            Party("SE1", "Legal AB"),
        ),
        ([ENDPOINT, IDENTIFIER, registration("LOC", "77"), LEGAL], Party("0007:556", "Legal AB")),
        ([ENDPOINT, IDENTIFIER, TRADE, registration("LOC", "77")], Party("0088:730", "Trade")),
        ([ENDPOINT, TRADE, registration("LOC", "77")], Party("77", "Trade")),
        ([ENDPOINT, TRADE], Party("EM:a@b.example", "Trade")),
        ([TRADE], Party("Trade", "Trade")),
        ([registration("VAT", "SE1")], Party("SE1", "SE1")),
    ],
)
def test_a_party_is_known_by_the_first_of_its_ids(parts, expected):
    assert party(*parts) == expected


def test_namespaces_count_and_prefixes_do_not():
    renamed = INVOICE.replace("cbc:", "a:").replace("xmlns:cbc", "xmlns:a").replace("cac:", "b:")
    renamed = renamed.replace("xmlns:cac", "xmlns:b").replace(
        "<Invoice xmlns=", "<i:Invoice xmlns:i="
    )
    assert read(renamed.replace("</Invoice>", "</i:Invoice>").encode()) == read(edited())


def test_white_space_comments_and_cdata_make_no_difference():
    changes = [
        (NUMBER, "<cbc:ID>\n R<!-- no. -->-<![CDATA[7]]>\t</cbc:ID>"),
        ("Chairs", "  Chairs\n "),
    ]
    assert read(edited(*changes)) == read(edited())


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252"])
def test_encodings(encoding):
    document = INVOICE.replace('"UTF-8"', f'"{encoding}"').replace("Chairs", "Stühle")
    assert read(document.encode(encoding)).lines[0].description == "Stühle"


@pytest.mark.parametrize("zone", ["Z", "+05:30", "-11:00"])
def test_a_day_is_the_day_written_whatever_its_zone(zone):
    assert read(edited(("2026-01-05", f"2026-01-05{zone}"))).issued == date(2026, 1, 5)


def test_unknown_content_is_ignored():
    extra = '<cbc:Note>n</cbc:Note><x:Y xmlns:x="urn:example"><cbc:ID>R-8</cbc:ID></x:Y>'
    assert read(edited(before(TYPE, extra))) == read(edited())


def test_the_same_file_read_twice_is_the_same_invoice():
    assert read(BytesIO(edited())) == read(BytesIO(edited()))
