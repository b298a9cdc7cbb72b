"""An element that knows its path in the document, so that an error can name its path and its term."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from reprlib import repr as short
from typing import Self
from xml.etree.ElementTree import Element

from holdall.domain.money import DIGITS, is_possible
from holdall.domain.ubl.tree import CAC, CBC
from holdall.errors import Invalid

_NAMESPACES = {"cac": CAC, "cbc": CBC}
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_WIDTH = 40  # characters of the longest number


class Node:
    """One element of a document, with its path and its business term (EN 16931).

    Paths use the prefixes cac: and cbc:, even if the document has other prefixes for these namespaces.
    ``text`` is the text of the element, with each run of white space as one space, and no white space at the
    ends. It is empty if the element contains other elements.

    >>> element = Element("Invoice")
    >>> Node(element, "Invoice").first("cbc:DueDate") is None
    True
    """

    __slots__ = ("element", "path", "term", "text")

    def __init__(self, element: Element, path: str, term: str = "") -> None:
        self.element = element
        self.path = path
        self.term = term
        self.text = "" if len(element) else " ".join((element.text or "").split())

    def every(self, path: str, term: str = "") -> Iterator[Self]:
        """Yield the elements at ``path`` in document order. The path of each has its position, from 1."""
        found = self.element.findall(path, _NAMESPACES)
        for position, element in enumerate(found, 1):
            yield type(self)(element, f"{self.path}/{path}[{position}]", term)

    def first(self, *paths: str, term: str = "") -> Self | None:
        """Return the first element at the first of ``paths`` that has one, or None.

        A cbc: element without text does not count.
        """
        for path in paths:
            for element in self.element.findall(path, _NAMESPACES):
                node = type(self)(element, f"{self.path}/{path}", term)
                if node.text or "cbc:" not in path:
                    return node
        return None

    def one(self, path: str, term: str) -> Self:
        """Return the same element as `first`. Raises Invalid if the element is missing or empty."""
        if (node := self.first(path, term=term)) is None:
            node = type(self)(Element(path), f"{self.path}/{path}", term)
            raise node.wrong("is missing or empty", "add it, in its UBL 2 namespace")
        return node

    def date(self) -> date:
        """Return the day of an xsd:date. A time zone is dropped, since the document states the day itself."""
        match = _DATE.fullmatch(self.text)
        try:
            return date.fromisoformat(match[1] if match else self.text[:0])
        except ValueError:
            raise self.wrong(f"is {short(self.text)}", "write a day as YYYY-MM-DD") from None

    def number(self) -> Decimal:
        """Return the exact number of an xsd:decimal.

        Raises Invalid if it has an exponent, a grouping of digits, or more than 40 characters.
        """
        if len(self.text) > _WIDTH or not _NUMBER.fullmatch(self.text):
            raise self.wrong(f"is {short(self.text)}", "write a number as 1234.50")
        return Decimal(self.text)

    def money(self, currency: str) -> Decimal:
        """Return the exact amount in ``currency``. It may have more decimals than the currency.

        Raises Invalid if ``currencyID`` names another currency, or if the amount has more than `DIGITS` digits
        before the point, or as many after it.
        """
        amount, own = self.number(), self.element.get("currencyID", currency)
        if own != currency:
            raise self.wrong(f"is in {short(own)}", f"write all amounts of the document in {currency}")
        if not is_possible(amount):
            limits = f"{DIGITS} digits before the point and {DIGITS - 1} after it"
            raise self.wrong(f"is {self.text}", f"amounts have at most {limits}")
        return amount

    def truth(self) -> bool:
        """Return the value of an xsd:boolean, which is written as true, false, 1 or 0."""
        if self.text not in ("true", "false", "1", "0"):
            raise self.wrong(f"is {short(self.text)}", "write true or false")
        return self.text in ("true", "1")

    def wrong(self, problem: str, remedy: str) -> Invalid:
        """Return the error for this element, with its path, its term, the problem and the remedy."""
        term = f" ({self.term})" if self.term else ""
        return Invalid(f"{self.path}{term} {problem}: {remedy}", errors={self.path: problem})
