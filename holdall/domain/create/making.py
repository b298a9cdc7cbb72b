"""Makes an invoice from a document, with the defaults of `draft` and of the settings."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final

import msgspec

from holdall._formencode import Invalid as Refused
from holdall.domain.codes import Codes
from holdall.domain.create.documents import documents_in
from holdall.domain.create.draft import InvoiceDraft
from holdall.domain.create.totals import rate_of, taxes_by_rate
from holdall.domain.model import ROUNDING, TAX, UNCODED, Invoice
from holdall.domain.money import EXACT, fits, major, minor, sum_amounts
from holdall.domain.schema import check, complete
from holdall.domain.settings import NONE, Settings
from holdall.errors import Invalid
from holdall.middleware.validate import invalid

_draft: Final = InvoiceDraft()
_PLACES: Final = 12
_STANDARD: Final = {"tax": TAX, "withholding": TAX, "rounding": ROUNDING}


def from_json(data: bytes | str, settings: Settings = NONE, today: date | None = None) -> Invoice:
    """Return the invoice in ``data``, which is one JSON document. See `from_document`."""
    documents = list(documents_in(data.encode() if isinstance(data, str) else data))
    if len(documents) != 1:
        raise Invalid(f"there are {len(documents)} documents; give one, or use documents_in to read several")
    return from_document(documents[0], settings, today)


def from_document(document: object, settings: Settings = NONE, today: date | None = None) -> Invoice:
    """Return the invoice that ``document`` describes: a dict with the fields of `draft`.

    ``settings`` give the seller, the currency and the codes of lines that name none. ``today`` is the day of
    issue of a document that names none; it defaults to today in the time zone of this machine. Raises Invalid
    with every error, by its path in the document.

    >>> document = {"number": "7", "customer": "Ada", "lines": [{"amount": "100.00", "tax_rate": 19}]}
    >>> invoice = from_document({"seller": "Bo", "currency": "EUR", **document})
    >>> invoice.total, invoice.billed()
    (Decimal('119.00'), {'uncoded': Decimal('100.00'), 'VAT': Decimal('19.00')})
    """
    if isinstance(document, dict) and document.get("kind") == "payment":
        return complete(document)
    filled = {**_defaults(settings, today), **document} if isinstance(document, dict) else document
    try:
        draft = _draft.to_python(filled)
    except Refused as error:
        raise invalid(f"{_name(document)} is not valid", error) from None
    made = msgspec.convert(_complete(draft), Invoice)
    return check(_file(made, draft["lines"], settings.codes) if settings.codes else made)


def _file(made: Invoice, drafts: list[dict[str, Any]], codes: Codes) -> Invoice:
    """Return the invoice with the lines filed for which the document gives no codes."""
    given = [bool(line["codes"] or line["splits"]) for line in drafts]
    pairs = zip_longest(given, made.lines, codes.file(made).lines, fillvalue=False)
    lines = tuple(old if own else filed for own, old, filed in pairs)
    return msgspec.structs.replace(made, lines=lines)


def _name(document: object) -> str:
    number = document.get("number") if isinstance(document, dict) else None
    return f"invoice {number!r}" if isinstance(number, str) and len(number) <= 200 else "the invoice"


def _defaults(settings: Settings, today: date | None) -> dict[str, Any]:
    found: dict[str, Any] = {"issued": today or datetime.now().astimezone().date()}
    if settings.currency:
        found["currency"] = settings.currency
    if settings.seller:
        found["seller"] = msgspec.to_builtins(settings.seller)
    return found


def _complete(draft: dict[str, Any]) -> dict[str, Any]:
    """Return the complete document, whose amounts have all decimals of the currency."""
    default, currency = draft.pop("tax_rate"), draft["currency"]
    lines = [*_lines(draft["lines"], default, currency), *_taxes(draft["lines"], default, currency)]
    return draft | {"lines": lines, "total": sum_amounts(line["amount"] for line in lines)}


def _lines(drafts: list[dict[str, Any]], default: Decimal | None, currency: str) -> Iterator[dict[str, Any]]:
    for position, line in enumerate(drafts, 1):
        amount = _exact(line["amount"], currency)
        splits = line["codes"] or line["splits"]
        parts = splits or [{"code": _STANDARD.get(line["kind"], UNCODED), "amount": amount}]
        quantity = Decimal(1) if line["quantity"] is None else line["quantity"]
        price = line["unit_price"]
        yield {
            "id": line["id"] or str(position),
            "description": line["description"],
            "quantity": quantity,
            "unit_price": _price(amount, quantity) if price is None else price,
            "amount": amount,
            "splits": [part | {"amount": _exact(part["amount"], currency)} for part in parts],
            "kind": line["kind"],
            "item": _item(line, default),
            "filed": line["filed"] or splits is None,
        }


def _exact(amount: Decimal, currency: str) -> Decimal:
    """Return ``amount`` with all decimals of the currency."""
    return major(minor(amount, currency), currency)


def _price(amount: Decimal, quantity: Decimal) -> Decimal:
    exact = EXACT.divide(amount, quantity) if quantity else amount
    return exact if fits(exact, _PLACES) else exact.quantize(Decimal(1).scaleb(-_PLACES), context=EXACT)


def _item(line: Mapping[str, Any], default: Decimal | None) -> dict[str, Any] | None:
    """Return the facts of a line, with the tax rate that holdall applied to it."""
    rate = rate_of(line, default) if line["kind"] not in _STANDARD else line["tax_rate"]
    if rate is None:
        return line["item"] or None
    return (line["item"] or {}) | {"tax_rate": rate}


def _taxes(drafts: list[dict[str, Any]], default: Decimal | None, currency: str) -> Iterator[dict[str, Any]]:
    taxes = {rate: tax for rate, tax in taxes_by_rate(drafts, default, currency).items() if tax}
    for position, (rate, tax) in enumerate(taxes.items(), 1):
        yield {
            "id": f"tax-{position}",
            "description": f"{TAX} {rate.normalize(EXACT):f}%",
            "quantity": Decimal(1),
            "unit_price": tax,
            "amount": tax,
            "splits": [{"code": TAX, "amount": tax}],
            "kind": "tax",
            "item": {"tax_rate": rate},
            "filed": True,
        }
