"""What the UBL reader refuses, each in one line that names the file, the place and the remedy."""

from io import BytesIO

import pytest

from holdall.domain.ubl import read
from holdall.domain.ubl.tree import CAC, EXT
from holdall.errors import Invalid
from tests.domain.ubl_documents import INVOICE, LINE_AMOUNT, PAYABLE, credit_note, edited

CHARGE = (
    "<cac:AllowanceCharge><cbc:ChargeIndicator>{}</cbc:ChargeIndicator>"
    '<cbc:Amount currencyID="EUR">0</cbc:Amount></cac:AllowanceCharge><cac:TaxTotal>'
)

MISSING = {
    "Invoice/cbc:ID (BT-1)": "<cbc:ID>R-7</cbc:ID>",
    "Invoice/cbc:IssueDate (BT-2)": "<cbc:IssueDate>2026-01-05</cbc:IssueDate>",
    "Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount (BT-115)": PAYABLE,
    "Invoice/cac:TaxTotal[1]/cbc:TaxAmount (BT-110)": '<cbc:TaxAmount currencyID="EUR">19.00</cbc:TaxAmount>',
    "Invoice/cac:InvoiceLine[1]/cbc:ID (BT-126)": "<cbc:ID>1</cbc:ID>",
    "Invoice/cac:InvoiceLine[1]/cbc:LineExtensionAmount (BT-131)": LINE_AMOUNT,
}


def refusal(document, **options):
    with pytest.raises(Invalid) as caught:
        read(document, **options)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("place", MISSING)
def test_what_must_be_there_is_named_by_path_and_term(place):
    problem = refusal(edited((MISSING[place], "")))
    assert str(problem).startswith(f"<bytes>: {place} is missing or empty: ")
    assert problem.errors == {place.split(" ")[0]: "is missing or empty"}


@pytest.mark.parametrize("role", ["AccountingSupplierParty", "InvoiceLine"])
def test_a_part_that_must_be_there_is_named(role):
    start, end = INVOICE.index(f"<cac:{role}>"), INVOICE.index(f"</cac:{role}>")
    without = INVOICE[:start] + INVOICE[end + len(f"</cac:{role}>") :]
    assert f"Invoice/cac:{role} (BG-" in str(refusal(without.encode()))


def test_a_party_without_name_and_id_is_named_by_the_term_of_its_name():
    nobody = INVOICE.replace("Seller GmbH", "").replace("DE111", "")
    assert "cbc:RegistrationName (BT-27) is missing" in str(refusal(nobody.encode()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("2026-01-05", "05.01.2026"),
            "Invoice/cbc:IssueDate (BT-2) is '05.01.2026': write a day as YYYY-MM-DD",
        ),
        (("2026-01-05", "20260105"), "(BT-2) is '20260105'"),
        (("2026-01-05", "2026-02-30"), "(BT-2) is '2026-02-30'"),
        (("2026-01-05", "2026-01-05T10:00:00"), "(BT-2) is "),
        (("2026-02-04", "soon"), "Invoice/cbc:DueDate (BT-9) is 'soon'"),
        ((">100.00<", ">100<x/>000.00<"), "(BT-131) is missing or empty"),
        (
            (">100.00<", ">1,00<"),
            "cac:InvoiceLine[1]/cbc:LineExtensionAmount (BT-131) is '1,00': write a number",
        ),
        ((">100.00<", ">1e2<"), "(BT-131) is '1e2'"),
        ((">100.00<", ">NaN<"), "(BT-131) is 'NaN'"),
        ((">100.00<", ">\u0661\u0660\u0660<"), "(BT-131) is '\u0661\u0660\u0660'"),
        ((">100.00<", f">{'9' * 41}<"), "(BT-131) is '9999"),
        (
            (">100.00<", ">0.000000000000001<"),
            "(BT-131) is 0.000000000000001: amounts have at most 15 digits",
        ),
        ((">100.00<", ">1234567890123456.00<"), "(BT-131) is 1234567890123456.00: amounts have"),
        (
            ("Code>EUR", "Code>EURO"),
            "Invoice/cbc:DocumentCurrencyCode (BT-5) is 'EURO': write a currency code",
        ),
        (("Code>EUR", "Code>eur"), "(BT-5) is 'eur'"),
        (
            (LINE_AMOUNT, LINE_AMOUNT.replace("EUR", "USD")),
            "(BT-131) is in 'USD': write all amounts of the document in EUR",
        ),
        (
            (PAYABLE, PAYABLE.replace("EUR", "USD")),
            "(BT-115) is in 'USD': write all amounts of the document in EUR",
        ),
        (
            ("<cac:TaxTotal>", CHARGE.format("yes")),
            "cbc:ChargeIndicator (BG-20, BG-21) is 'yes': write true or false",
        ),
    ],
)
def test_what_is_wrong_is_said_with_place_and_remedy(change, message):
    assert message in str(refusal(edited(change)))


def test_a_long_text_is_cut_in_the_message():
    assert len(str(refusal(edited(("2026-01-05", "x" * 10_000))))) < 200


def test_totals_that_disagree_are_both_named():
    assert "119.01 EUR, but lines, allowances, charges, tax and rounding come to 119.00" in str(
        refusal(edited((PAYABLE, PAYABLE.replace("119.00", "119.01"))))
    )


def test_totals_of_a_credit_note_are_named_with_the_signs_of_the_document():
    problem = refusal(credit_note((PAYABLE, PAYABLE.replace("119.00", "120.00"))))
    assert "are 120.00 EUR" in str(problem)
    assert "come to 119.00" in str(problem)


@pytest.mark.parametrize("length", range(0, len(INVOICE) - 2, 97))
def test_a_truncated_document_is_refused(length):
    assert "it is not well-formed XML (" in str(refusal(INVOICE.encode()[:length]))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"%PDF-1.7\n", "it is not well-formed XML"),
        (b"{}", "it is not well-formed XML"),
        (b"\x00\xff\xfe", "it is not well-formed XML"),
        (b"<html/>", "it is not a UBL 2 Invoice or CreditNote but 'html'"),
        (
            b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>',
            "it is not a UBL 2 Invoice",
        ),
        (edited(("xsd:Invoice-2", "xsd:Invoice-3")), "it is not a UBL 2 Invoice"),
        (f'<Attachment xmlns="{CAC}"/>'.encode(), "it is not a UBL 2 Invoice"),
        (f'<UBLExtensions xmlns="{EXT}"><a/></UBLExtensions>'.encode(), "it is not a UBL 2 Invoice"),
        (edited(("BasicComponents-2", "BasicComponents-1")), "in its UBL 2 namespace"),
        (edited(('"UTF-8"', '"shift_jis"')), "it is not well-formed XML"),
        (edited(('"UTF-8"', '"klingon"')), "it is not well-formed XML"),
        (INVOICE.replace("Chairs", "Stühle").encode("iso-8859-1"), "it is not well-formed XML"),
    ],
)
def test_what_is_no_ubl_says_so(document, message):
    assert message in str(refusal(document))


def test_the_message_names_the_file(tmp_path):
    path = tmp_path / "not ubl.xml"
    path.write_bytes(b"<html/>")
    with path.open("rb") as file:
        assert str(refusal(path)) == str(refusal(str(path))) == str(refusal(file))
    assert str(refusal(path)).startswith(f"{path}: ")
    assert str(refusal(BytesIO(b"<html/>"))).startswith("<file>: ")


def test_a_missing_file_is_the_systems_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.xml")
