"""What a UBL document says, and what the book then keeps."""

from datetime import date
from decimal import Decimal

import pytest

from holdall.domain.books import Books
from holdall.domain.model import Allocation, Party, Split
from holdall.domain.ubl import read
from holdall.errors import Invalid
from tests.domain.ubl_documents import LINE_AMOUNT, PAYABLE, TAX_TOTAL, before, credit_note, edited

SELLER = "<cac:AccountingSupplierParty>"


def amounts(invoice):
    return [(line.kind, line.amount) for line in invoice.lines]


def test_the_head_of_a_document():
    invoice = read(edited())
    assert (invoice.number, invoice.kind, invoice.currency) == ("R-7", "invoice", "EUR")
    assert (invoice.issued, invoice.due) == (date(2026, 1, 5), date(2026, 2, 4))
    assert invoice.seller == Party("DE111", "Seller GmbH")
    assert invoice.customer == Party("NO222", "Buyer AS")
    assert (invoice.total, invoice.payments, invoice.references) == (Decimal(119), (), ())


def test_a_line_of_a_document():
    line = read(edited()).lines[0]
    assert (line.id, line.description, line.kind) == ("1", "Chairs", "item")
    assert (line.quantity, line.unit_price, line.amount) == (Decimal(4), Decimal(25), Decimal(100))


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
    means = "<cac:PaymentMeans><cbc:PaymentDueDate>2026-03-01</cbc:PaymentDueDate></cac:PaymentMeans>"
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


def test_the_reference_for_the_payment_is_the_first_one():
    means = "<cac:PaymentMeans><cbc:PaymentID>{}</cbc:PaymentID></cac:PaymentMeans>"
    added = means.format("") + means.format(" RF18 5390 0754 7034 ") + means.format("other")
    assert read(edited(before(SELLER, added))).payment_reference == "RF18 5390 0754 7034"
    assert read(edited(before(SELLER, means.format("7" * 201)))).payment_reference == ""


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


def test_tax_is_described_by_its_rates_once_each():
    rate = (
        "<cac:TaxSubtotal><cac:TaxCategory><cbc:Percent>{}</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>"
    )
    rates = "".join(map(rate.format, ("25", "0", "25")))
    tax = read(edited(before("</cac:TaxTotal>", rates))).lines[-1]
    assert (tax.kind, tax.description) == ("tax", "VAT 25%, 0%")


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


def test_a_price_has_no_exponent():
    price = '<cbc:PriceAmount currencyID="EUR">25</cbc:PriceAmount>'
    hundred = price.replace("25", "9000") + "<cbc:BaseQuantity>2</cbc:BaseQuantity>"
    assert str(read(edited((price, hundred))).lines[0].unit_price) == "4500"


@pytest.mark.parametrize("price", ["9" * 40, "9" * 20 + "." + "9" * 19, "9" * 17 + ".25"])
@pytest.mark.parametrize("units", ["1", "0." + "0" * 37 + "7"])
def test_a_price_beyond_all_measure_is_left_to_the_book_to_refuse(price, units):
    said = '<cbc:PriceAmount currencyID="EUR">25</cbc:PriceAmount>'
    base = f"<cbc:BaseQuantity>{units}</cbc:BaseQuantity>"
    invoice = read(edited((said, said.replace("25", price) + base)))
    with pytest.raises(Invalid, match="write at most 15 digits and 12 decimals"):
        Books({}).add(invoice)


def test_a_currency_without_decimals_takes_amounts_written_with_them():
    invoice = read(edited(("EUR", "JPY")))
    assert (str(invoice.total), str(invoice.lines[0].amount)) == ("119", "100")


def test_amounts_have_all_decimals_of_their_currency():
    assert str(read(edited(("119.00", "119"), ("100.00", "+100."))).lines[0].amount) == "100.00"
