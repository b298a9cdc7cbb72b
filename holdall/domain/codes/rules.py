"""The rules of a mapping: which lines they match, and how they divide the amount of a line."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Final

from msgspec.structs import replace

from holdall.domain.allocation import allocate
from holdall.domain.model import Invoice, Item, LineItem, Party, Payment, Split
from holdall.domain.money import EXACT, largest_remainder, major, minor
from holdall.domain.withholding import spread_withholding

Shares = tuple[tuple[str, Decimal], ...]
"""Codes, each with its percentage of an amount. They sum to 100."""

PERCENT_DECIMALS: Final = 6
"""A percentage has at most this many decimals."""

_NOTHING: Final = Item()
_GOODS: Final = ("item", "allowance", "charge")


def as_text(rate: Decimal) -> str:
    """Return ``rate`` without trailing zeros, so that equal rates are equal texts.

    >>> as_text(Decimal("19.00"))
    '19'
    """
    return f"{rate:f}".rstrip("0").rstrip(".") if "." in f"{rate:f}" else f"{rate:f}"


def _rate(line: LineItem) -> Iterator[str]:
    if line.item and line.item.tax_rate is not None:
        yield as_text(line.item.tax_rate)


FACTS: Final[Mapping[str, Callable[[LineItem, Party], Iterable[str]]]] = {
    "item": lambda line, customer: (line.item or _NOTHING).ids,
    "classification": lambda line, customer: (line.item or _NOTHING).classifications,
    "tax_category": lambda line, customer: filter(None, [(line.item or _NOTHING).tax_category]),
    "tax_rate": lambda line, customer: _rate(line),
    "kind": lambda line, customer: [line.kind],
    "customer": lambda line, customer: [customer.id, customer.name],
    "text": lambda line, customer: [line.description],
    "reference": lambda line, customer: filter(None, [(line.item or _NOTHING).reference]),
}
"""The facts that a rule may ask for: an id of the item (BT-155 to BT-157), its classification (BT-158), the tax
category and rate of the line (BT-151, BT-152), the kind of the line, the id or the name of the customer, the
text of the line, and the accounting code that the buyer asked for (BT-133, BT-19)."""


@dataclass(frozen=True)
class Rule:
    """The lines for which each fact in ``when`` matches one of its patterns belong to ``shares``.

    A rule that does not ask for the kind matches items, allowances and charges only.

    >>> rule = Rule({"text": ("*rent*",)}, (("4400", Decimal(100)),))
    >>> one, line = Party("C", "Ada"), LineItem("1", "Rent, May", Decimal(1), Decimal(7), Decimal(7), ())
    >>> rule.matches(line, one)
    True
    """

    when: Mapping[str, tuple[str, ...]]
    shares: Shares

    def matches(self, line: LineItem, customer: Party) -> bool:
        """Return whether every fact matches."""
        if "kind" not in self.when and line.kind not in _GOODS:
            return False
        return all(_any(FACTS[name](line, customer), patterns) for name, patterns in self.when.items())

    def __str__(self) -> str:
        return ", ".join(f"{name} = {' or '.join(patterns)}" for name, patterns in self.when.items())


def _any(values: Iterable[str], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(value.casefold(), each.casefold()) for value in values for each in patterns)


@dataclass(frozen=True)
class Codes:
    """A mapping: the first of ``rules`` that matches a line files it. ``default`` files other goods.

    If the codes change, payments are allocated to the new codes, in proportion.

    Lines whose codes somebody gave keep them. A line that nothing files keeps the code that the reader found:
    the buyer's reference or `UNCODED` for goods, `TAX` for tax, `ROUNDING` for rounding. A withheld tax follows
    the codes of the tax, unless a rule asks for the kind withholding.
    """

    rules: tuple[Rule, ...]
    default: Shares = ()

    def file(self, invoice: Invoice) -> Invoice:
        """Return ``invoice`` with its lines filed."""
        first = (each if each.kind == "withholding" else self._file(each, invoice) for each in invoice.lines)
        spread = spread_withholding(first, invoice.currency)
        lines = (self._file(each, invoice) if each.kind == "withholding" else each for each in spread)
        filed = replace(invoice, lines=tuple(lines), payments=())
        return replace(filed, payments=tuple(_allocate(invoice, filed)))

    def explain(self, invoice: Invoice) -> Iterator[tuple[LineItem, str]]:
        """Yield each line of ``invoice``, which is filed already, with the reason for its codes."""
        for line in invoice.lines:
            yield line, self._find(line, invoice.customer)[1]

    def _file(self, line: LineItem, invoice: Invoice) -> LineItem:
        shares, _ = self._find(line, invoice.customer)
        return replace(line, splits=divide(line.amount, shares, invoice.currency)) if shares else line

    def _find(self, line: LineItem, customer: Party) -> tuple[Shares, str]:
        """Return the shares for ``line``, which are empty if it keeps its codes, and the reason."""
        if not line.filed:
            return (), "given with the invoice"
        for position, rule in enumerate(self.rules, 1):
            if rule.matches(line, customer):
                return rule.shares, f"rule {position} ({rule})"
        if self.default and line.kind in _GOODS:
            return self.default, "default"
        return (), _unmatched(line)


def _allocate(invoice: Invoice, filed: Invoice) -> Iterator[Payment]:
    """Yield the payments of ``invoice``. If the codes differ in ``filed``, each is in proportion to its codes."""
    if filed.billed() == invoice.billed():
        yield from invoice.payments
        return
    owed = filed.billed()
    for paid in invoice.payments:
        parts = allocate(paid.amount, owed, invoice.currency, overpaid=True)
        for part in parts:
            owed[part.code] = EXACT.subtract(owed.get(part.code, Decimal(0)), part.amount)
        yield replace(paid, allocations=parts)


def _unmatched(line: LineItem) -> str:
    if line.kind not in _GOODS:
        return f"no rule; {line.kind}"
    return "no rule; the buyer's reference" if line.item and line.item.reference else "no rule"


def divide(amount: Decimal, shares: Shares, currency: str) -> tuple[Split, ...]:
    """Return ``amount`` divided by percentages, exact to the unit of ``currency``. Parts of zero are left out.

    >>> [str(each.amount) for each in divide(Decimal("0.05"), (("a", Decimal(50)), ("b", Decimal(50))), "EUR")]
    ['0.03', '0.02']
    """
    weights = [int(share.scaleb(PERCENT_DECIMALS, context=EXACT)) for _, share in shares]
    parts = largest_remainder(minor(amount, currency), weights)
    splits = [Split(code, major(part, currency)) for (code, _), part in zip(shares, parts, strict=True)]
    return tuple(each for each in splits if each.amount) or (splits[0],)
