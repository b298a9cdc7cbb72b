"""The amounts that a document adds to its lines or subtracts: allowances, charges, tax and rounding."""

from collections.abc import Iterator
from decimal import Decimal

from holdall.domain.model import ROUNDING, TAX, Item, LineItem, LineKind, Split
from holdall.domain.money import EXACT, sum_by_name
from holdall.domain.ubl.facts import taxed
from holdall.domain.ubl.node import Node
from holdall.domain.ubl.terms import Terms, accounting_code


def charges(document: Node, terms: Terms, *, repeated: bool = True) -> Iterator[LineItem]:
    """Yield the allowances (BG-20) and charges (BG-21) of the whole document as lines.

    Allowances lower the total, and charges raise it. The id of a line is its kind and its position in the
    document, such as ``charge-2``. In UBL an allowance or a charge may name an accounting code, in EN 16931
    it may not. Without a code of its own, it has the code of the document.

    Without ``repeated``, the allowances are left out if they sum to the allowances of the lines (BG-27), and
    the charges if they sum to the charges of the lines (BG-28).
    """
    left_out = () if repeated else _repeated(document)
    for position, node in enumerate(document.every("cac:AllowanceCharge", "BG-20, BG-21"), 1):
        raises = node.one("cbc:ChargeIndicator", "BG-20, BG-21").truth()
        if raises in left_out:
            continue
        kind: LineKind = "charge" if raises else "allowance"
        amount = terms.amount(node.one("cbc:Amount", "BT-99" if raises else "BT-92"))
        reason = node.first("cbc:AllowanceChargeReason", "cbc:AllowanceChargeReasonCode")
        text = reason.text if reason else kind.capitalize()
        code = accounting_code(node, terms.code)
        item = taxed(node, "cac:TaxCategory", reference=accounting_code(node, terms.reference))
        yield _line(f"{kind}-{position}", text, amount if raises else EXACT.minus(amount), code, kind, item)


def _repeated(document: Node) -> list[bool]:
    """Return the charge indicators whose amounts sum to the amounts of the lines with that indicator."""
    own, of_lines = (
        sum_by_name(
            (each.one("cbc:ChargeIndicator", "").text, each.one("cbc:Amount", "").number()) for each in found
        )
        for found in (
            document.every("cac:AllowanceCharge"),
            document.every(f"cac:{document.path}Line/cac:AllowanceCharge"),
        )
    )
    return [name in ("true", "1") for name, amount in own.items() if of_lines.get(name) == amount]


def third_party(document: Node, terms: Terms) -> Iterator[LineItem]:
    """Yield the payments that the seller collects for a third party, as charges.

    They are cac:PrepaidPayment in the extension of XRechnung (BG-DEX-09), where the payable amount includes
    them (BR-DEX-09).
    """
    for position, node in enumerate(document.every("cac:PrepaidPayment", "BG-DEX-09"), 1):
        if found := node.first("cbc:PaidAmount", term="BT-DEX-002"):
            name = node.first("cbc:InstructionID", "cbc:ID", term="BT-DEX-003")
            text = name.text if name else "Third party"
            yield _line(f"third-party-{position}", text, terms.amount(found), terms.code, "charge")


def taxes(document: Node, terms: Terms, *, repeated: bool = True) -> Iterator[LineItem]:
    """Yield the total tax (BT-110), one line for each cac:TaxTotal in the document's currency.

    Tax in the accounting currency (BT-111, BT-6) is information for the tax office. Nobody owes it, so it
    does not become a line. A tax of zero does not become a line either. Without ``repeated``, a total without
    subtotals is left out if another total of the same amount has subtotals: it is BT-111 of a document whose
    accounting currency is its own currency.
    """
    totals = [
        (position, node, tax)
        for position, node in enumerate(document.every("cac:TaxTotal"), 1)
        if (tax := node.one("cbc:TaxAmount", "BT-110")).element.get("currencyID", terms.currency)
        == terms.currency
    ]
    detailed = {terms.amount(tax) for _, node, tax in totals if node.first("cac:TaxSubtotal")}
    for position, node, tax in totals:
        amount = terms.amount(tax)
        if amount and (repeated or node.first("cac:TaxSubtotal") or amount not in detailed):
            subtotals = list(node.every("cac:TaxSubtotal"))
            item = taxed(subtotals[0], "cac:TaxCategory") if len(subtotals) == 1 else None
            yield _line(f"tax-{position}", _rates(node), amount, TAX, "tax", item)


def rounding(document: Node, terms: Terms) -> Iterator[LineItem]:
    """Yield one line with the amount that rounding the payable amount adds (BT-114), if it is not zero."""
    node = document.first("cac:LegalMonetaryTotal/cbc:PayableRoundingAmount", term="BT-114")
    if node and (amount := terms.amount(node)):
        yield _line("rounding", "Rounding", amount, ROUNDING, "rounding")


def _rates(total: Node) -> str:
    """Return the description of the tax, with its rates: VAT 25%, 15%."""
    rates = [each.text for each in total.every("cac:TaxSubtotal/cac:TaxCategory/cbc:Percent")]
    return " ".join([TAX, ", ".join(f"{rate}%" for rate in dict.fromkeys(rates))]).strip()


def _line(
    id: str, description: str, amount: Decimal, code: str, kind: LineKind, item: Item | None = None
) -> LineItem:
    splits = (Split(code, amount),)
    return LineItem(id, description, Decimal(1), amount, amount, splits, kind, item, filed=True)
