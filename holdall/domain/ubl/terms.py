"""The properties of a whole document that are needed to read each of its amounts."""

from dataclasses import dataclass
from decimal import Decimal

from holdall.domain.model import UNCODED
from holdall.domain.money import EXACT
from holdall.domain.ubl.node import Node


@dataclass(frozen=True, slots=True)
class Terms:
    """The name of the document's root, Invoice or CreditNote, its currency (BT-5), reference and sign.

    ``reference`` is the accounting code that the buyer asked for (BT-19), or empty. It is the ``code`` of a
    line that names none, if it is not empty.

    ``sign`` is the factor from the document's amounts to the book's amounts. It is -1 if
    the positive amounts of the document reduce the amount owed, as in a credit note, and otherwise 1.

    >>> Terms("CreditNote", "EUR", "4400", -1).apply_sign(Decimal(7))
    Decimal('-7')
    """

    name: str
    currency: str
    reference: str
    sign: int

    @property
    def code(self) -> str:
        """The accounting code of a line that names none."""
        return self.reference or UNCODED

    def amount(self, node: Node) -> Decimal:
        """Return the amount in ``node`` with the sign that it has in the book."""
        return self.apply_sign(node.money(self.currency))

    def apply_sign(self, number: Decimal) -> Decimal:
        """Convert ``number`` from the document's sign to the book's sign, or back."""
        return EXACT.multiply(number, self.sign)


def accounting_code(node: Node, default: str) -> str:
    """Return the accounting code that ``node`` itself names, or ``default``.

    The code is in cbc:AccountingCost (BT-19 of a document, BT-133 of a line), as in EN 16931, or else in
    cbc:AccountingCostCode, which UBL has for the same purpose.
    """
    found = node.first("cbc:AccountingCost", "cbc:AccountingCostCode")
    return found.text if found else default
