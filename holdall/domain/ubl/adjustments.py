"""What a document adds to its lines or takes off them: allowances, charges, tax and rounding."""

from collections.abc import Iterator
from decimal import Decimal

from holdall.domain.model import ROUNDING, TAX, LineItem, LineKind, Split
from holdall.domain.money import EXACT
from holdall.domain.ubl.node import Node
from holdall.domain.ubl.terms import Terms, accounting_code


def charges(document: Node, terms: Terms) -> Iterator[LineItem]:
    """Document level allowances (BG-20), which lower the total, and charges (BG-21), which raise it.

    Their ids are kind and position in the document, as ``charge-2``. UBL lets them name an accounting
    code, EN 16931 does not; then the document's is theirs.
    """
    for position, node in enumerate(document.every("cac:AllowanceCharge", "BG-20, BG-21"), 1):
        raises = node.one("cbc:ChargeIndicator", "BG-20, BG-21").truth()
        kind: LineKind = "charge" if raises else "allowance"
        amount = terms.amount(node.one("cbc:Amount", "BT-99" if raises else "BT-92"))
        reason = node.first("cbc:AllowanceChargeReason", "cbc:AllowanceChargeReasonCode")
        text = reason.text if reason else kind.capitalize()
        code = accounting_code(node, terms.code)
        yield _line(f"{kind}-{position}", text, amount if raises else EXACT.minus(amount), code, kind)


def taxes(document: Node, terms: Terms) -> Iterator[LineItem]:
    """The total tax (BT-110), one line for each cac:TaxTotal in the document's currency.

    Tax in the accounting currency (BT-111, BT-6) tells the tax office; nobody owes it, so it is no line.
    """
    for position, node in enumerate(document.every("cac:TaxTotal"), 1):
        tax = node.one("cbc:TaxAmount", "BT-110")
        owed = tax.element.get("currencyID", terms.currency) == terms.currency
        if owed and (amount := terms.amount(tax)):
            yield _line(f"tax-{position}", _rates(node), amount, TAX, "tax")


def rounding(document: Node, terms: Terms) -> Iterator[LineItem]:
    """What rounding the payable amount adds or takes (BT-114), where it is not nothing."""
    node = document.first("cac:LegalMonetaryTotal/cbc:PayableRoundingAmount", term="BT-114")
    if node and (amount := terms.amount(node)):
        yield _line("rounding", "Rounding", amount, ROUNDING, "rounding")


def _rates(total: Node) -> str:
    """The tax by name and rates: VAT 25%, 15%."""
    rates = [each.text for each in total.every("cac:TaxSubtotal/cac:TaxCategory/cbc:Percent")]
    return " ".join([TAX, ", ".join(f"{rate}%" for rate in dict.fromkeys(rates))]).strip()


def _line(id: str, description: str, amount: Decimal, code: str, kind: LineKind) -> LineItem:
    return LineItem(id, description, Decimal(1), amount, amount, (Split(code, amount),), kind)
