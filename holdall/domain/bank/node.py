"""An element of an ISO 20022 message, whose names are used without their namespace."""

from datetime import date
from decimal import Decimal
from reprlib import repr as short
from typing import NamedTuple, Self
from xml.etree.ElementTree import Element

from holdall.domain.money import PLACES, fits
from holdall.domain.ubl.node import Node

_AGAIN = "ask the bank for the statement again"


class Money(NamedTuple):
    """An amount in a currency."""

    amount: Decimal
    currency: str


class Part(Node):
    """One element of a bank statement, with its path.

    >>> Part(Element("Ntry"), "Stmt/Ntry[1]").text_at("NtryRef")
    ''
    """

    __slots__ = ()

    def text_at(self, *paths: str) -> str:
        """Return the text of the first element with text at one of ``paths``, or an empty text."""
        return next((each.text for path in paths for each in self.every(path) if each.text), "")

    def one(self, path: str, term: str = "") -> Self:
        """Return the first element at ``path``. Raises Invalid if it is missing."""
        if (found := self.first(path, term=term)) is None:
            raise type(self)(Element(path), f"{self.path}/{path}").wrong("is missing", _AGAIN)
        return found

    def currency_and_amount(self) -> Money:
        """Return the amount in this element, which has the attribute Ccy.

        Raises Invalid if it is negative, if its currency is not known, or if it has more decimals than the currency.
        """
        amount, currency = self.number(), self.element.get("Ccy", "")
        if currency not in PLACES:
            raise self.wrong(
                f"has the currency {short(currency)}", "write a currency code of ISO 4217 as Ccy"
            )
        if amount < 0 or not fits(amount, PLACES[currency]):
            decimals = PLACES[currency]
            raise self.wrong(
                f"is {short(self.text)}",
                f"write an amount in {currency} with at most {decimals} decimals, not negative",
            )
        return Money(amount, currency)

    def day(self, path: str) -> date | None:
        """Return the day at ``path``, which holds a day (Dt) or a time (DtTm), or None if it is missing."""
        found = self.first(f"{path}/Dt", f"{path}/DtTm")
        if found is None or not found.text:
            return None
        found.text = found.text.partition("T")[0]
        return found.date()

    def signed(self, path: str = "Amt") -> Money:
        """Return the amount at ``path``, which is negative if CdtDbtInd next to it is DBIT."""
        amount, currency = self.one(path).currency_and_amount()
        indicator = self.one("CdtDbtInd")
        if indicator.text not in ("CRDT", "DBIT"):
            raise indicator.wrong(f"is {short(indicator.text)}", "write CRDT or DBIT")
        return Money(-amount if indicator.text == "DBIT" else amount, currency)


def without_namespaces(root: Element) -> Element:
    """Remove the namespace from the name of each element below ``root``, and return ``root``.

    Each version of a message has a namespace of its own, and the elements that are read here are equal in all.
    """
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root
