"""Documents in the manner of many countries: each is read, and comes to the amount that the customer owes."""

from datetime import date
from decimal import Decimal

import pytest

from holdall.domain.books import Books
from holdall.domain.model import Party
from holdall.domain.ubl import read
from holdall.errors import Invalid
from tests.domain.ubl_documents import INVOICE, LINE_AMOUNT, PAYABLE, TAX_TOTAL, before, credit_note, edited

TOTALS = "<cac:LegalMonetaryTotal>"
TYPE = "InvoiceTypeCode>380"
QUANTITY = '<cbc:InvoicedQuantity unitCode="C62">4</cbc:InvoicedQuantity>'
PRICE = '<cbc:PriceAmount currencyID="EUR">25</cbc:PriceAmount>'
SUBTOTAL = (
    '<cac:TaxSubtotal><cbc:TaxableAmount currencyID="EUR">100.00</cbc:TaxableAmount>'
    '<cbc:TaxAmount currencyID="EUR">{}</cbc:TaxAmount>'
    "<cac:TaxCategory><cbc:ID>{}</cbc:ID></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>"
)


def amount(name, value):
    return f'<cbc:{name} currencyID="EUR">{value}</cbc:{name}>'


def payable(value, prepaid=None):
    paid = amount("PrepaidAmount", prepaid) if prepaid else ""
    return PAYABLE, paid + amount("PayableAmount", value)


def withholding(value):
    return before(TOTALS, f"<cac:WithholdingTaxTotal>{amount('TaxAmount', value)}</cac:WithholdingTaxTotal>")


def detailed(tax="19.00", category="S"):
    return "</cac:TaxTotal>", SUBTOTAL.format(tax, category)


def owed(invoice):
    assert Books({}).add(invoice)
    assert sum(line.amount for line in invoice.lines) == invoice.total
    return {code: str(each) for code, each in invoice.owed().items()}


class TestTaxThatOnlyRepeats:
    def test_a_total_without_subtotals_repeats_one_that_has_them(self):
        invoice = read(edited(detailed(), before("<cac:TaxTotal>", TAX_TOTAL)))
        assert owed(invoice) == {"uncoded": "100.00", "VAT": "19.00"}

    def test_it_is_another_tax_if_only_both_come_to_the_payable_amount(self):
        invoice = read(edited(detailed(), before("<cac:TaxTotal>", TAX_TOTAL), payable("138.00")))
        assert owed(invoice) == {"uncoded": "100.00", "VAT": "38.00"}


class TestWithheldTax:
    def test_it_lowers_the_tax_that_is_owed(self):
        invoice = read(edited(withholding("14.00"), payable("105.00")))
        assert owed(invoice) == {"uncoded": "100.00", "VAT": "5.00"}
        assert (invoice.lines[-1].kind, invoice.lines[-1].amount) == ("withholding", Decimal("-14.00"))
        assert invoice.payments == ()

    def test_the_part_beyond_the_tax_lowers_the_items(self):
        invoice = read(edited(withholding("20.00"), payable("99.00")))
        assert owed(invoice) == {"uncoded": "99.00", "VAT": "0.00"}

    def test_stated_as_prepaid_it_is_no_cash(self):
        invoice = read(edited(withholding("14.00"), payable("105.00", prepaid="14.00")))
        assert owed(invoice) == {"uncoded": "100.00", "VAT": "5.00"}
        assert invoice.payments == ()

    def test_cash_beside_it_stays_cash(self):
        invoice = read(edited(withholding("14.00"), payable("75.00", prepaid="30.00")))
        assert invoice.total == Decimal("105.00")
        assert [each.amount for each in invoice.payments] == [Decimal("30.00")]

    def test_it_only_informs_if_the_payable_amount_includes_it(self):
        assert owed(read(edited(withholding("14.00")))) == {"uncoded": "100.00", "VAT": "19.00"}

    def test_in_another_currency_it_only_informs(self):
        foreign = withholding("14.00")[1].replace("EUR", "TRY")
        assert read(edited((TOTALS, foreign))).total == Decimal("119.00")

    def test_of_a_credit_note_it_is_owed_again(self):
        note = read(credit_note(withholding("14.00"), payable("105.00")))
        assert owed(note) == {"uncoded": "-100.00", "VAT": "-5.00"}


class TestSplitPayment:
    @pytest.mark.parametrize("prepaid", [None, "19.00"])
    def test_vat_of_category_b_is_never_owed(self, prepaid):
        invoice = read(edited(detailed(category="B"), payable("100.00", prepaid)))
        assert owed(invoice) == {"uncoded": "100.00", "VAT": "0.00"}
        assert (invoice.total, invoice.payments) == (Decimal("100.00"), ())
        assert [line.kind for line in invoice.lines] == ["item", "tax", "withholding"]

    def test_a_document_that_asks_for_it_is_taken_at_its_word(self):
        assert read(edited(detailed(category="B"))).total == Decimal("119.00")


class TestDecimals:
    def test_the_fraction_of_a_cent_goes_to_the_rounding_line(self):
        second = INVOICE[INVOICE.index("<cac:InvoiceLine>") : INVOICE.index("</Invoice>")].replace(
            "100.00", "40.0455"
        )
        changes = (LINE_AMOUNT, amount("LineExtensionAmount", "60.0456")), (TAX_TOTAL, "")
        invoice = read(edited(*changes, before("</Invoice>", second), payable("100.09")))
        assert owed(invoice) == {"uncoded": "100.10", "rounding": "-0.01"}
        assert [str(line.amount) for line in invoice.lines] == ["60.05", "40.05", "-0.01"]

    def test_it_joins_the_rounding_that_the_document_states(self):
        rounding = amount("PayableRoundingAmount", "0.10")
        changes = (LINE_AMOUNT, amount("LineExtensionAmount", "100.004")), before(PAYABLE, rounding)
        invoice = read(edited(*changes, payable("119.10")))
        assert [(line.kind, str(line.amount)) for line in invoice.lines if line.kind == "rounding"] == [
            ("rounding", "0.10")
        ]

    def test_a_whole_cent_is_refused(self):
        with pytest.raises(Invalid, match=r"come to 119\.010"):
            read(edited((LINE_AMOUNT, amount("LineExtensionAmount", "100.010"))))

    def test_a_split_of_a_fraction_stays_within_its_line(self):
        parts = "".join(
            f"<cac:SubInvoiceLine>{amount('LineExtensionAmount', value)}"
            f"<cbc:AccountingCost>{code}</cbc:AccountingCost></cac:SubInvoiceLine>"
            for code, value in {"a": "33.3333", "b": "66.6677"}.items()
        )
        changes = (
            (LINE_AMOUNT, amount("LineExtensionAmount", "100.0010")),
            before("</cac:InvoiceLine>", parts),
        )
        assert owed(read(edited(*changes))) == {"a": "33.33", "b": "66.67", "VAT": "19.00"}


class TestTolerance:
    def test_a_difference_within_it_goes_to_the_rounding_line(self):
        invoice = read(edited(payable("119.01")), tolerance=Decimal("0.01"))
        assert owed(invoice) == {"uncoded": "100.00", "VAT": "19.00", "rounding": "0.01"}

    def test_a_larger_one_is_refused_and_names_the_tolerance_that_would_do(self):
        with pytest.raises(Invalid, match=r"or allow a tolerance of 0\.02"):
            read(edited(payable("119.02")), tolerance=Decimal("0.01"))


class TestKinds:
    def test_381_in_an_invoice_is_a_credit_note(self):
        note = read(edited((TYPE, "InvoiceTypeCode>381")))
        assert (note.kind, note.total, note.lines[0].quantity) == ("credit-note", Decimal("-119.00"), -4)

    def test_381_in_an_invoice_of_negative_amounts_credits_them_once(self):
        changes = [(">119.00<", ">-119.00<"), (">100.00<", ">-100.00<"), (">19.00<", ">-19.00<")]
        note = read(edited((TYPE, "InvoiceTypeCode>381"), *changes))
        assert (note.kind, note.total) == ("credit-note", Decimal("-119.00"))

    def test_380_in_a_credit_note_is_what_its_amounts_say(self):
        as_invoice = "CreditNoteTypeCode>381", "CreditNoteTypeCode>380"
        changes = [(">119.00<", ">-119.00<"), (">100.00<", ">-100.00<"), (">19.00<", ">-19.00<")]
        note, other = read(credit_note(as_invoice)), read(credit_note(as_invoice, *changes))
        assert (note.kind, note.total) == ("credit-note", Decimal("-119.00"))
        assert (other.kind, other.total) == ("invoice", Decimal("119.00"))

    def test_a_fully_prepaid_381_is_told_by_its_lines(self):
        note = read(edited((TYPE, "InvoiceTypeCode>381"), payable("0.00", prepaid="119.00")))
        assert (note.total, note.payments[0].amount) == (Decimal("-119.00"), Decimal("-119.00"))


class TestCurrency:
    CODE = "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"

    def test_the_amounts_tell_it_if_the_document_does_not(self):
        assert read(edited((self.CODE, ""), ('"EUR"', '"GBP"'))).currency == "GBP"

    def test_amounts_in_two_currencies_are_refused(self):
        with pytest.raises(Invalid, match="write all amounts of the document in EUR"):
            read(edited((self.CODE, ""), (LINE_AMOUNT, LINE_AMOUNT.replace("EUR", "GBP"))))

    def test_no_currency_at_all_is_refused(self):
        with pytest.raises(Invalid, match=r"cbc:DocumentCurrencyCode \(BT-5\) is missing"):
            read(edited((self.CODE, ""), (' currencyID="EUR"', "")))

    def test_a_currency_that_is_none_is_refused(self):
        with pytest.raises(Invalid, match="has the currencyID 'EURO': write a currency code"):
            read(edited((self.CODE, ""), ('"EUR"', '"EURO"')))


class TestPrices:
    @pytest.mark.parametrize(
        ("change", "quantity", "price"),
        [
            ((QUANTITY, ""), "1", "100.00"),
            ((PRICE, ""), "4", "25"),
            ((QUANTITY, QUANTITY.replace(">4<", ">0<")), "0", "25"),
            ((PRICE, PRICE + "<cbc:BaseQuantity>0</cbc:BaseQuantity>"), "4", "25"),
            ((PRICE, PRICE + "<cbc:BaseQuantity>-1</cbc:BaseQuantity>"), "4", "25"),
        ],
    )
    def test_no_sum_needs_quantity_and_price(self, change, quantity, price):
        line = read(edited(change)).lines[0]
        assert (line.quantity, line.unit_price) == (Decimal(quantity), Decimal(price))

    def test_a_credit_note_without_quantity_has_one_of_the_price(self):
        line = read(credit_note((QUANTITY.replace("Invoiced", "Credited"), ""))).lines[0]
        assert (line.quantity, line.unit_price, line.amount) == (-1, 100, -100)


class TestThirdPartyPayments:
    PAYMENT = (
        "<cac:PrepaidPayment><cbc:ID>1</cbc:ID>"
        f"{amount('PaidAmount', '8.00')}<cbc:InstructionID>Toll</cbc:InstructionID></cac:PrepaidPayment>"
    )

    def test_they_are_owed_if_the_payable_amount_includes_them(self):
        invoice = read(edited(before("<cac:TaxTotal>", self.PAYMENT), payable("127.00")))
        assert owed(invoice) == {"uncoded": "108.00", "VAT": "19.00"}
        assert [line.description for line in invoice.lines if line.kind == "charge"] == ["Toll"]

    def test_otherwise_they_explain_the_prepaid_amount(self):
        invoice = read(edited(before("<cac:TaxTotal>", self.PAYMENT), payable("111.00", prepaid="8.00")))
        assert (invoice.total, invoice.payments[0].amount) == (Decimal(119), Decimal(8))


class TestRepeatedAllowances:
    ALLOWANCE = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
        f"{amount('Amount', '5.00')}</cac:AllowanceCharge>"
    )

    def test_one_that_repeats_the_lines_is_subtracted_once(self):
        both = before("<cac:TaxTotal>", self.ALLOWANCE), before("<cac:Item>", self.ALLOWANCE)
        assert owed(read(edited(*both))) == {"uncoded": "100.00", "VAT": "19.00"}

    def test_one_that_comes_on_top_is_subtracted_too(self):
        both = before("<cac:TaxTotal>", self.ALLOWANCE), before("<cac:Item>", self.ALLOWANCE)
        assert owed(read(edited(*both, payable("114.00")))) == {"uncoded": "95.00", "VAT": "19.00"}


def test_the_due_day_may_be_in_the_payment_terms():
    terms = "<cac:PaymentTerms><cbc:PaymentDueDate>2026-05-15</cbc:PaymentDueDate></cac:PaymentTerms>"
    invoice = read(edited(("<cbc:DueDate>2026-02-04</cbc:DueDate>", ""), before(TAX_TOTAL, terms)))
    assert invoice.due == date(2026, 5, 15)


@pytest.mark.parametrize("inside", ["", "<cac:Party><cac:PostalAddress/></cac:Party>"])
def test_a_simplified_invoice_is_of_the_walk_in_customer(inside):
    start, end = INVOICE.index("<cac:AccountingCustomerParty>"), INVOICE.index("<cac:TaxTotal>")
    party = f"<cac:AccountingCustomerParty>{inside}</cac:AccountingCustomerParty>" if inside else ""
    invoice = read((INVOICE[:start] + party + INVOICE[end:]).encode())
    assert invoice.customer == Party("walk-in", "Walk-in customer")


HEADER = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"


def envelope(*documents):
    inside = "".join(each.split("?>", 1)[1] for each in documents)
    return (
        f'<StandardBusinessDocument xmlns="{HEADER}"><StandardBusinessDocumentHeader/>'
        f"{inside}</StandardBusinessDocument>"
    ).encode()


def test_an_envelope_is_opened():
    assert read(envelope(INVOICE)) == read(INVOICE.encode())


@pytest.mark.parametrize("count", [0, 2])
def test_an_envelope_of_no_one_document_is_refused(count):
    with pytest.raises(Invalid, match=f"with {count} UBL 2 Invoices or CreditNotes; send each document"):
        read(envelope(*[INVOICE] * count))
