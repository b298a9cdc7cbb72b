"""Decides whether a document is an invoice or a credit note, and the sign of its amounts."""

from decimal import Decimal

from holdall.domain.model import InvoiceKind

# The codes of UNTDID 1001 for credit notes, which EN 16931 (BR-CL-01) allows only in a CreditNote.
_CREDITS = frozenset(
    ["81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"]
)


def kind_and_sign(name: str, code: str, gross: Decimal) -> tuple[InvoiceKind, int]:
    """Return the kind of a document, and the factor from its amounts to the book's amounts.

    ``name`` is the root, Invoice or CreditNote. ``code`` is the type (BT-3), and ``gross`` the payable and the
    prepaid amount as the document states them. The two can contradict each other:

    In Saudi Arabia and Jordan, a credit note is an Invoice with the type 381 and positive amounts. An Invoice
    with the type 381 and negative amounts credits the customer too. A CreditNote with the type 380 stays a
    credit note, unless its amounts are negative: then both the type and the amounts say that the customer owes
    money, so it is an invoice.

    >>> kind_and_sign("Invoice", "381", Decimal(50)), kind_and_sign("Invoice", "381", Decimal(-50))
    (('credit-note', -1), ('credit-note', 1))
    >>> kind_and_sign("CreditNote", "380", Decimal(50)), kind_and_sign("CreditNote", "380", Decimal(-50))
    (('credit-note', -1), ('invoice', -1))
    """
    if name == "CreditNote":
        return ("invoice" if code == "380" and gross < 0 else "credit-note"), -1
    if code in _CREDITS:
        return "credit-note", (-1 if gross > 0 else 1)
    return "invoice", 1
