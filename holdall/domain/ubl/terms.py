"""What holds for a whole document and is needed to read each of its amounts."""

from dataclasses import dataclass
from decimal import Decimal

from holdall.domain.money import EXACT
from holdall.domain.ubl.node import Node


@dataclass(frozen=True, slots=True)
class Terms:
    """The name of the document's type, Invoice or CreditNote, its currency (BT-5) and default code.

    ``code`` is the accounting code of what names none: that of the document (BT-19), or the book's.

    >>> Terms("CreditNote", "EUR", "4400").sign
    -1
    """

    name: str
    currency: str
    code: str

    @property
    def sign(self) -> int:
        """-1 for a credit note: it says in positive amounts what the book keeps as owed no more."""
        return -1 if self.name == "CreditNote" else 1

    def amount(self, node: Node) -> Decimal:
        """The amount in ``node`` as the book keeps it."""
        return self.signed(node.money(self.currency))

    def signed(self, number: Decimal) -> Decimal:
        """``number`` from the document's sign to the book's, or back."""
        return EXACT.multiply(number, self.sign)


def accounting_code(node: Node, default: str) -> str:
    """The code that ``node`` itself names, or ``default``.

    That is cbc:AccountingCost (BT-19 of a document, BT-133 of a line), which EN 16931 has, or else
    cbc:AccountingCostCode, which UBL has for the same.
    """
    found = node.first("cbc:AccountingCost", "cbc:AccountingCostCode")
    return found.text if found else default
