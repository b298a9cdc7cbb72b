"""The FormEncode schema of an invoice: what must be true of one before it is kept.

Of fields: text is text, amounts are Decimals with at most the decimals of their currency, days are ISO
8601, the currency is of ISO 4217, and there are no fields but these. Of amounts, exactly, without any
tolerance: the splits sum to their line, the lines to the total, the allocations to their payment, and
no payment goes beyond what is owed on a code unless it says ``overpaid`` (see `rules`).

Not enforced, since invoices in use break it and rightly: amount = quantity * unit price (prices have
base quantities, lines have allowances), signs by kind (there are negative invoices), due after issued.
"""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, get_args

import msgspec

from holdall._formencode import formencode
from holdall.domain.document import Document, Rule
from holdall.domain.fields import Choice, Currency, Day, Each, Flag, Number, Text, shown
from holdall.domain.model import Invoice, InvoiceKind, LineKind
from holdall.domain.money import MOST_PLACES, PLACES
from holdall.domain.rules import lines_sum, parts_sum, payments_fit
from holdall.middleware.validate import invalid

_PRICE_DECIMALS = 12  # quantities and unit prices: EN 16931 leaves them open


class PartySchema(Document):
    """A `Party`."""

    id = Text()
    name = Text()


class SplitSchema(Document):
    """A `Split` or an `Allocation`: the amount of one code."""

    code = Text()
    amount = Number()


class LineSchema(Document):
    """A `LineItem`: its splits, at least one and of a code each, sum to its amount."""

    id = Text()
    description = Text(free=True, limit=10_000)
    quantity = Number(decimals=_PRICE_DECIMALS)
    unit_price = Number(decimals=_PRICE_DECIMALS)
    amount = Number()
    splits = Each(SplitSchema(), least=1)
    kind = Choice(values=get_args(LineKind), if_missing="item")
    rules = (Rule(("amount", "splits"), parts_sum("splits")),)


class PaymentSchema(Document):
    """A `Payment`: its allocations, at least one and of a code each, sum to its amount."""

    id = Text()
    on = Day()
    amount = Number()
    allocations = Each(SplitSchema(), least=1)
    reference = Text(free=True, if_missing="")
    note = Text(free=True, limit=10_000, if_missing="")
    overpaid = Flag(if_missing=False)
    rules = (Rule(("amount", "allocations"), parts_sum("allocations")),)


class InvoiceSchema(Document):
    """An `Invoice`, as a document (a dict such as JSON gives) or as the Struct.

    ``to_python`` returns a document with Decimals, dates and every field, or a Struct where it was given
    one; it raises ``formencode.Invalid``, of which ``unpack_errors`` gives all errors, nested. So it
    serves as the schema of a `Validate` layer over a store of typed documents.

    >>> InvoiceSchema.to_python({"number": ""})
    Traceback (most recent call last):
      ...
    formencode.api.Invalid: ...
    """

    document_type = Invoice  # of an address that names this schema and no type
    number = Text()
    kind = Choice(values=get_args(InvoiceKind))
    seller = PartySchema()
    customer = PartySchema()
    issued = Day()
    due = Day(optional=True, if_missing=None)
    currency = Currency()
    total = Number()
    lines = Each(LineSchema(), least=1)
    payments = Each(PaymentSchema(), if_missing=())
    references = Each(Text(), if_missing=())
    rules = (Rule(("total", "lines"), lines_sum), Rule(("lines", "payments"), payments_fit))

    def _convert_to_python(self, value_dict: Any, state: Any) -> Any:
        if isinstance(value_dict, Invoice):
            document = msgspec.to_builtins(value_dict, builtin_types=(Decimal, date))
            return msgspec.convert(self._convert_to_python(document, state), Invoice)
        decimals = SimpleNamespace(decimals=_decimals(value_dict))
        return super()._convert_to_python(value_dict, decimals)


_schema = InvoiceSchema()


def check(invoice: Invoice) -> Invoice:
    """``invoice``, if it may be kept.

    Raises `holdall.errors.Invalid` with every error if not, and TypeError if it is not an Invoice.
    """
    if not isinstance(invoice, Invoice):
        raise TypeError(
            f"{shown(invoice)} is not an Invoice; make one of a dict by msgspec.convert(document, Invoice), "
            "and of JSON by msgspec.json.decode(data, type=Invoice)"
        )
    try:
        checked: Invoice = _schema.to_python(invoice)
    except formencode.Invalid as error:
        raise invalid(f"invoice {invoice.number!r} is not valid", error) from None
    return checked


def _decimals(document: Any) -> int:
    """Decimals of the document's currency; of any currency where it names none, an error of its own."""
    currency = document.get("currency") if isinstance(document, dict) else None
    return PLACES.get(currency, MOST_PLACES) if isinstance(currency, str) else MOST_PLACES
