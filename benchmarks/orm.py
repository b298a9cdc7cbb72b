"""SQLAlchemy's ORM as a contender: a table for each class, as tuned as its documentation says.

WAL, a session an operation, lines and payments by selectinload, bulk inserts by Core with lists of
rows, and amounts as whole cents, which SQLite adds up fastest.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ForeignKey, create_engine, event, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

from benchmarks.invoices import another
from benchmarks.plan import Documents, Plan
from holdall.domain.model import Invoice, LineItem, Payment


class Base(DeclarativeBase):
    """The tables."""


class InvoiceRow(Base):
    """An invoice or a credit note."""

    __tablename__ = "invoices"

    number: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    seller_id: Mapped[str]
    seller_name: Mapped[str]
    customer_id: Mapped[str]
    customer_name: Mapped[str]
    issued: Mapped[date]
    due: Mapped[date | None]
    currency: Mapped[str]
    total: Mapped[int]
    lines: Mapped[list["LineRow"]] = relationship(cascade="all, delete-orphan")
    payments: Mapped[list["PaymentRow"]] = relationship(cascade="all, delete-orphan")


class LineRow(Base):
    """One line."""

    __tablename__ = "lines"

    pk: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("invoices.number"), index=True)
    id: Mapped[str]
    kind: Mapped[str]
    description: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[int]
    amount: Mapped[int]
    splits: Mapped[list["SplitRow"]] = relationship(cascade="all, delete-orphan")


class SplitRow(Base):
    """The part of a line that belongs to one accounting code."""

    __tablename__ = "splits"

    pk: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(ForeignKey("lines.pk"), index=True)
    code: Mapped[str]
    amount: Mapped[int]


class PaymentRow(Base):
    """Money received."""

    __tablename__ = "payments"

    pk: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("invoices.number"), index=True)
    id: Mapped[str]
    paid_on: Mapped[date]
    amount: Mapped[int]
    reference: Mapped[str]
    allocations: Mapped[list["AllocationRow"]] = relationship(cascade="all, delete-orphan")


class AllocationRow(Base):
    """The part of a payment that settles one accounting code."""

    __tablename__ = "allocations"

    pk: Mapped[int] = mapped_column(primary_key=True)
    payment: Mapped[int] = mapped_column(ForeignKey("payments.pk"), index=True)
    code: Mapped[str]
    amount: Mapped[int]
