"""Plain documents to test with, ways to spoil them, and what the schema then says."""

from collections.abc import Callable
from typing import Any

import formencode
import pytest

from holdall.domain.schema import InvoiceSchema
from holdall.errors import Invalid

Change = Callable[[dict[str, Any]], object]


def document() -> dict[str, Any]:
    """Two lines, 60 on 4400 and 40 on 4410, and a payment of 50."""
    parts: dict[str, Any] = {
        "number": "7",
        "kind": "invoice",
        "seller": {"id": "S", "name": "Seller"},
        "customer": {"id": "C", "name": "Customer"},
        "issued": "2026-01-01",
        "due": "2026-01-31",
        "currency": "EUR",
        "total": "100.00",
        "lines": [
            {
                "id": str(index),
                "description": "Things",
                "quantity": "1",
                "unit_price": amount,
                "amount": amount,
                "splits": [{"code": code, "amount": amount}],
                "kind": "item",
            }
            for index, (code, amount) in enumerate([("4400", "60.00"), ("4410", "40.00")])
        ],
        "payments": [
            {
                "id": "p1",
                "on": "2026-02-01",
                "amount": "50.00",
                "allocations": [
                    {"code": "4400", "amount": "30.00"},
                    {"code": "4410", "amount": "20.00"},
                ],
            }
        ],
        "references": [],
        "payment_reference": "",
    }
    return parts


def errors_of(value: object) -> dict[str, str]:
    with pytest.raises(formencode.Invalid) as caught:
        InvoiceSchema.to_python(value)
    return Invalid("", errors=caught.value.unpack_errors()).flat()


def deep(levels: int) -> list[Any]:
    """Lists in a list, too many to be written out."""
    made: list[Any] = []
    for _ in range(levels):
        made = [made]
    return made


def put(*path: Any) -> Change:
    """The change that puts the last of ``path`` where the others lead."""
    *steps, field, value = path

    def change(document: Any) -> None:
        for step in steps:
            document = document[step]
        document[field] = value

    return change


def drop(*path: Any) -> Change:
    *steps, field = path

    def change(document: Any) -> None:
        for step in steps:
            document = document[step]
        del document[field]

    return change
