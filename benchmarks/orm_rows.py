"""Turns an invoice of the domain into objects of the ORM, or into plain rows for a bulk insert."""

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from benchmarks.orm_tables import AllocationRow, Base, InvoiceRow, LineRow, PaymentRow, SplitRow
from holdall.domain.model import Allocation, Invoice, LineItem, Payment, Split

Values = dict[str, Any]
Bulk = Mapping[type[Base], list[Values]]


def as_object(invoice: Invoice) -> InvoiceRow:
    """The invoice with its lines and payments."""
    lines = [
        LineRow(**_line(line), splits=[SplitRow(**_part(split)) for split in line.splits])
        for line in invoice.lines
    ]
    payments = [payment_object(payment) for payment in invoice.payments]
    return InvoiceRow(**_invoice(invoice), lines=lines, payments=payments)


def payment_object(payment: Payment) -> PaymentRow:
    """The payment with its allocations."""
    parts = [AllocationRow(**_part(part)) for part in payment.allocations]
    return PaymentRow(**_payment(payment), allocations=parts)


class Rows:
    """Numbers the rows itself, so that the rows of a whole batch can be written table by table."""

    def __init__(self) -> None:
        self._lines, self._payments = count(1), count(1)

    def of(self, invoices: Iterable[Invoice]) -> Bulk:
        """The rows of each table, in an order in which the database accepts them."""
        bulk: Bulk = {kind: [] for kind in (InvoiceRow, LineRow, SplitRow, PaymentRow, AllocationRow)}
        for invoice in invoices:
            bulk[InvoiceRow].append(_invoice(invoice))
            for line in invoice.lines:
                pk = next(self._lines)
                bulk[LineRow].append({"pk": pk, "number": invoice.number, **_line(line)})
                bulk[SplitRow].extend({"line": pk, **_part(split)} for split in line.splits)
            for payment in invoice.payments:
                pk = next(self._payments)
                bulk[PaymentRow].append({"pk": pk, "number": invoice.number, **_payment(payment)})
                bulk[AllocationRow].extend({"payment": pk, **_part(part)} for part in payment.allocations)
        return bulk


def _invoice(invoice: Invoice) -> Values:
    return {
        "number": invoice.number,
        "kind": invoice.kind,
        "seller_id": invoice.seller.id,
        "seller_name": invoice.seller.name,
        "customer_id": invoice.customer.id,
        "customer_name": invoice.customer.name,
        "issued": invoice.issued,
        "due": invoice.due,
        "currency": invoice.currency,
        "total": invoice.total,
    }


def _line(line: LineItem) -> Values:
    return {
        "id": line.id,
        "kind": line.kind,
        "description": line.description,
        "quantity": int(line.quantity),
        "unit_price": line.unit_price,
        "amount": line.amount,
    }


def _payment(payment: Payment) -> Values:
    return {
        "id": payment.id,
        "paid_on": payment.on,
        "amount": payment.amount,
        "reference": payment.reference,
    }


def _part(part: Split | Allocation) -> Values:
    return {"code": part.code, "amount": part.amount}
