"""The documents that documents.toml describes, and their totals."""

import tomllib
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

SOURCE = Path(__file__).with_name("documents.toml")


class Party(NamedTuple):
    """A company. ``endpoint`` is scheme and id; ``address`` is street, city, postal code, country."""

    name: str
    vat: str
    endpoint: tuple[str, str]
    address: tuple[str, str, str, str]
    account: str = ""


class Line(NamedTuple):
    """A line of a document; ``rate`` is its VAT in percent."""

    code: str
    quantity: Decimal
    unit: str
    price: Decimal
    name: str
    rate: int


class Charge(NamedTuple):
    """A charge on the whole document. The amount of an allowance is negative."""

    amount: Decimal
    reason: str
    rate: int


@dataclass(frozen=True)
class Document:
    """An invoice, or a credit note if ``credits`` names an invoice. Amounts and VAT are rounded half up."""

    number: str
    seller: Party
    customer: Party
    issued: date
    currency: str
    lines: list[Line]
    split: dict[str, dict[str, str]] = field(default_factory=dict)
    charges: tuple[Charge, ...] = ()
    code: str = ""
    credits: str = ""
    accounts: tuple[str, str] = ("", "")
    step: str = ""
    prepaid: str = "0"

    @property
    def name(self) -> str:
        return "CreditNote" if self.credits else "Invoice"

    def rounded(self, amount: Decimal) -> Decimal:
        unit = Decimal(1) if self.currency == "JPY" else Decimal("0.01")
        return amount.quantize(unit, ROUND_HALF_UP)

    def net(self, line: Line) -> Decimal:
        return self.rounded(line.quantity * line.price)

    def taxable(self) -> dict[int, Decimal]:
        """The taxable amounts, by rate."""
        sums: dict[int, Decimal] = {}
        for rate, amount in [
            *((line.rate, self.net(line)) for line in self.lines),
            *((charge.rate, charge.amount) for charge in self.charges),
        ]:
            sums[rate] = sums.get(rate, Decimal(0)) + amount
        return sums

    def tax(self, rate: int) -> Decimal:
        return self.rounded(self.taxable()[rate] * rate / 100)

    def taxes(self) -> Decimal:
        return self.rounded(sum((self.tax(rate) for rate in self.taxable()), Decimal(0)))

    def lines_net(self) -> Decimal:
        return sum((self.net(line) for line in self.lines), Decimal(0))

    def exclusive(self) -> Decimal:
        return sum(self.taxable().values(), Decimal(0))

    def inclusive(self) -> Decimal:
        return self.exclusive() + self.taxes()

    def rounding(self) -> Decimal:
        """The amount that makes the total a multiple of ``step``."""
        step = Decimal(self.step or "0.01")
        return (self.inclusive() / step).quantize(Decimal(1), ROUND_HALF_UP) * step - self.inclusive()

    def paid(self) -> Decimal:
        return self.rounded(Decimal(self.prepaid))

    def payable(self) -> Decimal:
        return self.inclusive() + self.rounding() - self.paid()


def documents() -> list[Document]:
    """All documents of documents.toml, in its order."""
    source = tomllib.loads(SOURCE.read_text("utf-8"), parse_float=Decimal)
    parties = {key: Party(**table) for key, table in source["party"].items()}
    return [_document(table, parties) for table in source["document"]]


def _document(table: dict[str, Any], parties: dict[str, Party]) -> Document:
    table["lines"] = [
        Line(code, Decimal(quantity), unit, Decimal(price), name, rate)
        for code, quantity, unit, price, name, rate in table["lines"]
    ]
    table["charges"] = tuple(
        Charge(sign * Decimal(amount), reason, rate)
        for key, sign in (("charge", 1), ("allowance", -1))
        if key in table
        for amount, reason, rate in [table.pop(key)]
    )
    seller, customer = parties[table.pop("seller")], parties[table.pop("customer")]
    return Document(seller=seller, customer=customer, **table)
