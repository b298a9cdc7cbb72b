"""Writes the JSON Schema of the documents of `draft`, from the FormEncode schema itself.

The package ships it as ``holdall/domain/create/invoice.schema.json``, for editors and other programs. It
describes the fields. It cannot say that sums agree.
"""

import json
from functools import singledispatch
from pathlib import Path
from typing import Any, Final

from holdall._formencode import NoDefault
from holdall.domain.create.draft import Amount, CodeAmounts, InvoiceDraft
from holdall.domain.document import Document
from holdall.domain.fields import Choice, Currency, Day, Each, Flag, Number, Optional, Text
from holdall.domain.parties import AnyParty

FILE: Final = Path(__file__).with_name("invoice.schema.json")
"""The shipped schema."""

_NUMERAL: Final = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?$"}
_BY_DEFAULT: Final = frozenset({"seller", "currency", "issued", "amount"})  # holdall can find them


def json_schema() -> dict[str, Any]:
    """Return the schema as a dict.

    >>> json_schema()["required"]
    ['number', 'customer', 'lines']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An invoice or a credit note",
        "description": "A document from which holdall makes an invoice. Amounts are numbers or decimal text.",
        **_of(InvoiceDraft()),
    }


def as_text() -> str:
    """Return the schema as the text of `FILE`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


@singledispatch
def _of(field: Any) -> dict[str, Any]:
    """Return the schema of a field."""
    raise TypeError(f"{type(field).__name__} has no JSON Schema; add one here")


@_of.register
def _(field: Document) -> dict[str, Any]:
    required = [
        name
        for name, each in field.fields.items()
        if each.if_missing is NoDefault and name not in _BY_DEFAULT
    ]
    properties = {name: _of(each) for name, each in field.fields.items()}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


@_of.register
def _(field: Optional) -> dict[str, Any]:
    return {"anyOf": [_of(field.validator), {"type": "null"}]}


@_of.register
def _(field: Each) -> dict[str, Any]:
    (item,) = field.validators
    return {"type": "array", "items": _of(item), "minItems": field.least}


@_of.register
def _(field: Text) -> dict[str, Any]:
    return {"type": "string", "minLength": 0 if field.free else 1, "maxLength": field.limit}


@_of.register
def _(field: Choice) -> dict[str, Any]:
    return {"enum": list(field.values)}


@_of.register
def _(field: Flag) -> dict[str, Any]:
    return {"type": "boolean"}


@_of.register
def _(field: Currency) -> dict[str, Any]:
    return {"type": "string", "pattern": "^[A-Z]{3}$"}


@_of.register
def _(field: Day) -> dict[str, Any]:
    return {"type": ["string", "null"] if field.optional else "string", "format": "date"}


@_of.register
def _(field: Number) -> dict[str, Any]:
    return _NUMERAL


@_of.register
def _(field: Amount) -> dict[str, Any]:
    return {"anyOf": [{"type": "number"}, _NUMERAL]}


@_of.register
def _(field: CodeAmounts) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _of(Amount()), "minProperties": 1}


@_of.register
def _(field: AnyParty) -> dict[str, Any]:
    name = _of(Text())
    party = {"type": "object", "properties": {"id": name, "name": name}, "additionalProperties": False}
    return {"anyOf": [name, party | {"minProperties": 1}]}
