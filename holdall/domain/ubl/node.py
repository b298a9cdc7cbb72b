"""An element that knows the way to it, so that whatever is wrong with it is said by path and term."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from reprlib import repr as short
from typing import Self
from xml.etree.ElementTree import Element

from holdall.domain.money import DIGITS, fits, major, minor, places
from holdall.domain.ubl.tree import CAC, CBC
from holdall.errors import Invalid

_NAMESPACES = {"cac": CAC, "cbc": CBC}
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_WIDTH = 40  # characters of the longest number


class Node:
    """One element of a document, its path and the business term (EN 16931) it carries.

    Paths are written with the prefixes cac: and cbc: whatever the document calls these namespaces.
    ``text`` is the element's text with each run of white space as one space and none at the ends; what
    has elements in it has no text.

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
        """The elements at ``path``, in document order; each path tells the position, from 1."""
        found = self.element.findall(path, _NAMESPACES)
        for position, element in enumerate(found, 1):
            yield type(self)(element, f"{self.path}/{path}[{position}]", term)

    def first(self, *paths: str, term: str = "") -> Self | None:
        """The first element at the first of ``paths`` that has one; without text a cbc: one is none."""
        for path in paths:
            for element in self.element.findall(path, _NAMESPACES):
                node = type(self)(element, f"{self.path}/{path}", term)
                if node.text or "cbc:" not in path:
                    return node
        return None

    def one(self, path: str, term: str) -> Self:
        """As `first`, of an element that must be there: Invalid where there is none, or it is empty."""
        if (node := self.first(path, term=term)) is None:
            node = type(self)(Element(path), f"{self.path}/{path}", term)
            raise node.wrong("is missing or empty", "give it, in its UBL 2 namespace")
        return node

    def date(self) -> date:
        """An xsd:date; a time zone is dropped, as the day is the one that the document says."""
        match = _DATE.fullmatch(self.text)
        try:
            return date.fromisoformat(match[1] if match else self.text[:0])
        except ValueError:
            raise self.wrong(f"is {short(self.text)}", "write a day as YYYY-MM-DD") from None

    def number(self) -> Decimal:
        """An xsd:decimal, exact: no exponent, no grouping, at most 40 characters."""
        if len(self.text) > _WIDTH or not _NUMBER.fullmatch(self.text):
            raise self.wrong(f"is {short(self.text)}", "write a number as 1234.50")
        return Decimal(self.text)

    def money(self, currency: str) -> Decimal:
        """An amount in ``currency``, with all its decimals.

        Invalid where its ``currencyID`` is another, or it has more decimals than the currency.
        """
        amount, own = self.number(), self.element.get("currencyID", currency)
        if own != currency:
            raise self.wrong(f"is in {short(own)}", f"a document in {currency} has all amounts in it")
        if not fits(amount, decimals := places(currency)):
            limits = f"{DIGITS} digits before the point and {decimals} after it"
            raise self.wrong(f"is {self.text}", f"amounts in {currency} have at most {limits}")
        return major(minor(amount, currency), currency)

    def truth(self) -> bool:
        """An xsd:boolean: true, false, 1 or 0."""
        if self.text not in ("true", "false", "1", "0"):
            raise self.wrong(f"is {short(self.text)}", "write true or false")
        return self.text in ("true", "1")

    def wrong(self, problem: str, remedy: str) -> Invalid:
        """The error that says what is wrong here and what to do."""
        term = f" ({self.term})" if self.term else ""
        return Invalid(f"{self.path}{term} {problem}: {remedy}", errors={self.path: problem})
