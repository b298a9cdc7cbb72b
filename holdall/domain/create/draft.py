"""The FormEncode schema of a document from which an invoice is made. Most fields have a default.

    number                                    it must be there
    kind        invoice                       or credit-note, whose amounts are negative
    seller      of the settings               a text, or {"id": …, "name": …}, of which one is enough
    customer                                  it must be there, in the same form
    issued      today
    due         none
    currency    of the settings
    lines                                     at least one, see below
    total       the sum of the lines          if it is given, the lines must come to it
    tax_rate    none                          of the lines that name none, in percent
    payments, references, payment_reference   none; as in a complete document

Each line:

    amount      quantity * unit_price         rounded to the currency; one of the two must be given
    description empty
    quantity    1
    unit_price  amount / quantity
    codes       of the mapping                amounts by accounting code, which sum to the amount
    tax_rate    of the document               holdall adds one line of tax for each rate
    id          its position
    kind, item, splits, filed                 as in a complete document; codes and splits exclude each other

An amount is a JSON number or decimal text. It is never a float, because a float is not exact.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, get_args

from holdall._formencode import Invalid as Refused
from holdall.domain.create.totals import sum_with_tax
from holdall.domain.document import Document, Errors, Rule
from holdall.domain.fields import Choice, Currency, Day, Each, Field, Flag, Number, Optional, Text
from holdall.domain.model import BILLING, LineKind
from holdall.domain.money import EXACT, PLACES, is_possible, nearest
from holdall.domain.parties import AnyParty
from holdall.domain.rules import parts_sum
from holdall.domain.schema import ItemSchema, PaymentSchema, SplitSchema

_PRICE_DECIMALS = 12
_RATE_DECIMALS = 6
_ANY = max(PLACES, key=PLACES.__getitem__)  # the currency of a document that names no valid one


_scientific = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?E[+-]?[0-9]{1,2}", re.ASCII).fullmatch


class Amount(Number):
    """A Decimal, an int, or decimal text, also with an exponent, as a stored price may have one.

    >>> Amount(decimals=2).to_python(100), Amount(decimals=2).to_python("12.50")
    (Decimal('100'), Decimal('12.50'))
    """

    def _convert_to_python(self, value: Any, state: Any) -> Decimal:
        if isinstance(value, float):
            raise self.refuse(value, 'a float is not exact; write a Decimal or text, such as "12.50"')
        if isinstance(value, str) and _scientific(value):
            value = Decimal(value)
        whole = isinstance(value, int) and not isinstance(value, bool) and -(10**20) < value < 10**20
        return super()._convert_to_python(Decimal(value) if whole else value, state)


class CodeAmounts(Field):
    """Amounts by accounting code, as the list of splits that a complete document has."""

    def _convert_to_python(self, value: Any, state: Any) -> list[dict[str, Any]]:
        if not isinstance(value, dict) or not value:
            raise self.refuse(value, 'write amounts by code, such as {"4400": "60.00", "4410": "40.00"}')
        splits, errors = [], {}
        for code, amount in value.items():
            try:
                splits.append({"code": Text().to_python(code), "amount": Amount().to_python(amount, state)})
            except Refused as error:
                errors[code] = error
        if errors:
            raise Refused("see its codes", value, state, error_dict=errors)
        return splits


class SplitAmount(SplitSchema):
    """A split whose amount may be a JSON number."""

    amount = Amount()


class PaymentDraft(PaymentSchema):
    """A payment whose amounts may be JSON numbers."""

    amount = Amount()
    allocations = Each(SplitAmount(), least=1)


class ItemDraft(ItemSchema):
    """The facts of a line, whose tax rate may be a JSON number."""

    tax_rate = Optional(Amount(decimals=_PRICE_DECIMALS))


def _check_codes(amount: Decimal, codes: Any, splits: Any) -> dict[str, Errors]:
    if codes is not None and splits is not None:
        return {"codes": "the line has splits too; write one of them"}
    for name, parts in {"codes": codes, "splits": splits}.items():
        if parts is not None and (errors := parts_sum(name)(amount, parts)):
            return errors
    return {}


class LineDraft(Document):
    """One line."""

    id = Optional(Text())
    description = Text(free=True, limit=10_000, if_missing="")
    quantity = Optional(Amount(decimals=_PRICE_DECIMALS))
    unit_price = Optional(Amount(decimals=_PRICE_DECIMALS))
    amount = Amount(messages={"missing": "write the amount, or the quantity and the unit_price"})
    codes = Optional(CodeAmounts())
    splits = Optional(Each(SplitAmount(), least=1))
    tax_rate = Optional(Amount(decimals=_RATE_DECIMALS))
    kind = Choice(values=get_args(LineKind), if_missing="item")
    item = Optional(ItemDraft())
    filed = Flag(if_missing=False)
    rules = (Rule(("amount", "codes", "splits"), _check_codes),)

    def _convert_to_python(self, value_dict: Any, state: Any) -> Any:
        if isinstance(value_dict, dict) and "amount" not in value_dict:
            value_dict = value_dict | self._computed(value_dict, state)
        return super()._convert_to_python(value_dict, state)

    def _computed(self, line: Mapping[str, Any], state: Any) -> dict[str, Decimal]:
        """Return the amount as a dict, or an empty dict if quantity or price is missing or not valid."""
        try:
            quantity, price = (
                self.fields[name].to_python(line.get(name), state) for name in ("quantity", "unit_price")
            )
        except Refused:
            return {}
        if price is None or not is_possible(
            exact := EXACT.multiply(price, Decimal(1) if quantity is None else quantity)
        ):
            return {}
        return {"amount": nearest(exact, state.currency)}


def _check_total(kind: str, total: Any, lines: Any, tax_rate: Any, currency: str) -> dict[str, Errors]:
    amount = sum_with_tax(lines, tax_rate, currency)
    if total is not None and total != amount:
        return {
            "total": f"the lines and their tax add up to {amount}, but the total is {total}; correct one of them"
        }
    if total is None and kind == "credit-note" and amount > 0:
        return {"lines": "a credit note lowers the amount owed; write its amounts as negative numbers"}
    return {}


_PARTY = 'name the {0}: a text, or an object such as {{"id": "C7", "name": "Ada"}}'
_SETTINGS = ", or set it for all documents in [books] of holdall.toml"


class InvoiceDraft(Document):
    """A document from which an invoice is made, without the defaults that settings give."""

    number = Text(messages={"missing": 'write the number, such as "2026-7"'})
    kind = Choice(values=BILLING, if_missing="invoice")
    seller = AnyParty(messages={"missing": _PARTY.format("seller") + _SETTINGS})
    customer = AnyParty(messages={"missing": _PARTY.format("customer")})
    issued = Day()
    due = Day(optional=True, if_missing=None)
    currency = Currency(messages={"missing": "write the currency, such as EUR" + _SETTINGS})
    total = Optional(Amount())
    lines = Each(
        LineDraft(), least=1, messages={"missing": 'write at least one line, such as {"amount": "100.00"}'}
    )
    tax_rate = Optional(Amount(decimals=_RATE_DECIMALS))
    payments = Each(PaymentDraft(), if_missing=())
    references = Each(Text(), if_missing=())
    payment_reference = Text(free=True, if_missing="")
    rules = (Rule(("kind", "total", "lines", "tax_rate", "currency"), _check_total),)

    def _convert_to_python(self, value_dict: Any, state: Any) -> Any:
        named = value_dict.get("currency") if isinstance(value_dict, dict) else None
        currency = named if isinstance(named, str) and named in PLACES else _ANY
        state = SimpleNamespace(decimals=PLACES[currency], currency=currency)
        return super()._convert_to_python(value_dict, state)
