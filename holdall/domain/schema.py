"""The FormEncode schema that an invoice must satisfy before it is stored.

The schema checks the fields: text is text, amounts are Decimals with at most the decimals of their currency,
days are ISO 8601, the currency is a code of ISO 4217, and there are no other fields. It checks the amounts
exactly, without any tolerance: the splits sum to their line, the lines to the total, the allocations to their
payment, and no payment is more than the amount owed on a code unless it is ``overpaid`` (see `rules`).

It does not enforce these rules, because correct invoices break them: amount = quantity * unit price (prices
have base quantities, lines have allowances), signs by kind (there are negative invoices), due after issued.
"""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, get_args

import msgspec

from holdall._formencode import formencode
from holdall.domain.document import Document, Rule
from holdall.domain.fields import (
    Choice,
    Count,
    Currency,
    Day,
    Each,
    Flag,
    Number,
    Optional,
    Text,
    format_value,
)
from holdall.domain.model import BILLING, Invoice, LineKind, PaymentKind, SettlementState
from holdall.domain.money import MOST_PLACES, PLACES
from holdall.domain.rules import lines_sum, money_fits, no_lines, parts_sum, payments_fit
from holdall.middleware.validate import invalid

_PRICE_DECIMALS = 12  # of quantities and unit prices; EN 16931 sets no limit


class PartySchema(Document):
    """A `Party`."""

    id = Text()
    name = Text()


class SplitSchema(Document):
    """A `Split` or an `Allocation`: the amount of one code."""

    code = Text()
    amount = Number()


class ItemSchema(Document):
    """An `Item`."""

    ids = Each(Text(free=True), if_missing=())
    classifications = Each(Text(free=True), if_missing=())
    tax_category = Text(free=True, if_missing="")
    tax_rate = Optional(Number(decimals=_PRICE_DECIMALS))
    reference = Text(free=True, if_missing="")


class LineSchema(Document):
    """A `LineItem`. Its splits sum to its amount; there is at least one, and no two share a code."""

    id = Text()
    description = Text(free=True, limit=10_000)
    quantity = Number(decimals=_PRICE_DECIMALS)
    unit_price = Number(decimals=_PRICE_DECIMALS)
    amount = Number()
    splits = Each(SplitSchema(), least=1)
    kind = Choice(values=get_args(LineKind), if_missing="item")
    item = Optional(ItemSchema())
    filed = Flag(if_missing=False)
    rules = (Rule(("amount", "splits"), parts_sum("splits")),)


class PaymentSchema(Document):
    """A `Payment`. Its allocations sum to its amount; there is at least one, and no two share a code."""

    id = Text()
    on = Day()
    amount = Number()
    allocations = Each(SplitSchema(), least=1)
    reference = Text(free=True, if_missing="")
    note = Text(free=True, limit=10_000, if_missing="")
    overpaid = Flag(if_missing=False)
    kind = Choice(values=get_args(PaymentKind), if_missing="receipt")
    voids = Text(free=True, if_missing="")
    contra = Text(free=True, if_missing="")
    part_of = Text(free=True, if_missing="")
    rules = (Rule(("amount", "allocations"), parts_sum("allocations")),)


class PartSchema(Document):
    """A `Part`."""

    document = Text(limit=1000)
    entry = PaymentSchema()


class SettlementSchema(Document):
    """A `Settlement`."""

    parts = Each(PartSchema())
    state = Choice(values=get_args(SettlementState), if_missing="done")
    attempt = Count(if_missing=1)
    reason = Text(free=True, limit=10_000, if_missing="")


class InvoiceSchema(Document):
    """An `Invoice`, as a document (a dict as from JSON) or as the Struct.

    ``to_python`` returns a document with Decimals, dates and every field, or a Struct if it was given a
    Struct. It raises ``formencode.Invalid``, whose ``unpack_errors`` returns all errors, nested. So this
    class can be the schema of a `Validate` layer over a store of typed documents. It returns a document of one of
    the other types in `Invoice.types_by_prefix` unchanged, because the method that writes such a document checks it.

    >>> InvoiceSchema.to_python({"number": ""})
    Traceback (most recent call last):
      ...
    formencode.api.Invalid: ...
    """

    document_type = Invoice  # for an address that names this schema and no type
    number = Text()
    kind = Choice(values=BILLING)
    seller = PartySchema()
    customer = PartySchema()
    issued = Day()
    due = Day(optional=True, if_missing=None)
    currency = Currency()
    total = Number()
    lines = Each(LineSchema(), least=1)
    payments = Each(PaymentSchema(), if_missing=())
    references = Each(Text(), if_missing=())
    payment_reference = Text(free=True, if_missing="")
    rules = (Rule(("total", "lines"), lines_sum), Rule(("lines", "payments"), payments_fit))

    def _convert_to_python(self, value_dict: Any, state: Any) -> Any:
        if _name_of_type(value_dict) in Invoice.types_by_prefix.values():
            return value_dict
        if isinstance(value_dict, Invoice):
            document = msgspec.to_builtins(value_dict, builtin_types=(Decimal, date))
            return msgspec.convert(self._convert_to_python(document, state), Invoice)
        decimals = SimpleNamespace(decimals=_decimals(value_dict))
        if isinstance(value_dict, dict) and value_dict.get("kind") == "payment":
            return _payment_document.to_python(value_dict, decimals)
        return super()._convert_to_python(value_dict, decimals)


class PaymentDocumentSchema(Document):
    """An `Invoice` of the kind payment, which has no lines. The amount on account is never below zero."""

    number = Text()
    kind = Choice(values=("payment",))
    seller = PartySchema()
    customer = PartySchema()
    issued = Day()
    due = Day(optional=True, if_missing=None)
    currency = Currency()
    total = Number()
    lines = Each(LineSchema())
    payments = Each(PaymentSchema())
    references = Each(Text(), if_missing=())
    payment_reference = Text(free=True, if_missing="")
    settlement = SettlementSchema()
    rules = (
        Rule(("lines",), no_lines),
        Rule(("total", "lines"), lines_sum),
        Rule(("payments",), money_fits),
    )


_payment_document = PaymentDocumentSchema()

_schema = InvoiceSchema()


def check(invoice: Invoice) -> Invoice:
    """Return ``invoice`` if it may be stored.

    Raises `holdall.errors.Invalid`, with all errors, if it may not. Raises TypeError if it is not an Invoice.
    """
    if not isinstance(invoice, Invoice):
        raise TypeError(
            f"{format_value(invoice)} is not an Invoice; make one with Invoice.from_json(data), "
            "or with holdall.domain.create.from_document(document)"
        )
    try:
        checked: Invoice = _schema.to_python(invoice)
    except formencode.Invalid as error:
        raise invalid(f"invoice {invoice.number!r} is not valid", error) from None
    return checked


def complete(document: dict[str, Any]) -> Invoice:
    """Return the invoice in ``document``, which has every field. Raises Invalid, with all errors, if it is wrong."""
    try:
        return msgspec.convert(_schema.to_python(document), Invoice)
    except formencode.Invalid as error:
        raise invalid(f"{document.get('kind')} {document.get('number')!r} is not valid", error) from None


def _name_of_type(value: object) -> str:
    return f"{type(value).__module__}:{type(value).__qualname__}"


def _decimals(document: Any) -> int:
    """Return the decimals of the document's currency.

    If the document names no valid currency, which is an error by itself, the decimals of any currency are
    allowed.
    """
    currency = document.get("currency") if isinstance(document, dict) else None
    return PLACES.get(currency, MOST_PLACES) if isinstance(currency, str) else MOST_PLACES
