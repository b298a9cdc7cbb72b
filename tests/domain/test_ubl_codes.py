"""Under which accounting codes the amounts of a UBL document fall."""

from decimal import Decimal

import pytest

from holdall.domain.model import Split
from holdall.domain.ubl import read
from tests.domain.ubl_documents import PAYABLE, before, credit_note, edited

SELLER = "<cac:AccountingSupplierParty>"
ITEM = "<cac:Item>"


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
    invoice = read(edited(before("<cac:TaxTotal>", charge), (PAYABLE, PAYABLE.replace("119", "120"))))
    assert invoice.lines[1].description == "Freight"
    assert invoice.billed()["6000"] == Decimal("1.00")
