"""The published UBL examples: each reads, and comes to what it declares, to the cent."""

import re
from decimal import Decimal

import pytest

from holdall.domain.schema import check
from holdall.domain.ubl import read

TOTALS = {
    "peppol/Allowance-example.xml": "7125.00 EUR",
    "peppol/Vat-category-S.xml": "8550.00 EUR",
    "peppol/base-creditnote-correction.xml": "-1656.25 EUR",
    "peppol/base-example.xml": "1656.25 EUR",
    "peppol/base-negative-inv-correction.xml": "-1656.25 EUR",
    "peppol/norwegian-example-1.xml": "1802.00 NOK",
    "peppol/sales-order-example.xml": "1656.25 EUR",
    "peppol/vat-category-E.xml": "1200.00 GBP",
    "peppol/vat-category-O.xml": "3200.00 SEK",
    "peppol/vat-category-Z.xml": "1200.00 GBP",
    "ubl/bis3-negative.xml": "-782179.43 DKK",
    "ubl/bis3-positive.xml": "782179.43 DKK",
    "ubl/guide-example1.xml": "250.33 EUR",
    "ubl/guide-example2.xml": "1801.78 NOK",
    "ubl/guide-example3.xml": "1125.00 DKK",
    "ubl/issue116.xml": "830.00 SEK",
    "ubl/sample-discount-price.xml": "15.15 EUR",
    "ubl/ubl-tc434-creditnote1.xml": "-100.11 EUR",
    "ubl/ubl-tc434-example1.xml": "250.33 EUR",
    "ubl/ubl-tc434-example2.xml": "1801.78 NOK",
    "ubl/ubl-tc434-example3.xml": "2005.00 DKK",
    "ubl/ubl-tc434-example4.xml": "4675.00 DKK",
    "ubl/ubl-tc434-example5.xml": "4675.00 DKK",
    "ubl/ubl-tc434-example6.xml": "4675.00 DKK",
}


def declared(text):
    """PayableAmount + PrepaidAmount as the text of the file has them, found without any parser."""
    found = re.findall(r"<(?:\w+:)?(?:Payable|Prepaid)Amount [^>]*>\s*([-\d.]+)", text)
    return sum(map(Decimal, found))


@pytest.mark.parametrize("name", TOTALS)
def test_the_total_is_what_is_payable_and_prepaid(shared_invoices, name):
    path = shared_invoices / name
    invoice = read(path)
    assert f"{invoice.total} {invoice.currency}" == TOTALS[name]
    assert abs(invoice.total) == abs(declared(path.read_text("utf-8")))
    assert sum(invoice.billed().values()) == invoice.total


@pytest.mark.parametrize("name", TOTALS)
def test_what_is_read_may_be_kept(shared_invoices, name):
    invoice = read(shared_invoices / name)
    assert check(invoice) == invoice


def test_all_published_files_are_in_the_table(shared_invoices):
    found = {path.relative_to(shared_invoices).as_posix() for path in shared_invoices.rglob("*.xml")}
    assert found == set(TOTALS)


def test_amounts_fall_under_their_codes(shared_invoices):
    billed = read(shared_invoices / "peppol/norwegian-example-1.xml").billed()
    assert {code: str(amount) for code, amount in billed.items()} == {
        "BookingCode001": "1273.00",
        "BookingCode002": "-3.96",
        "BookingCode003": "4.96",
        "BookingCode004": "-25.00",
        "BookingCode005": "187.50",
        "Project cost code 123": "0.00",
        "VAT": "365.28",
        "rounding": "0.22",
    }
