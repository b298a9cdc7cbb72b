"""The invoice as tables of SQLAlchemy's ORM: one table for each class of the domain.

Amounts are Decimals, as in the domain. They are stored as whole cents, which SQLite adds up fastest. Foreign
keys have an index; accounting codes do not.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Integer, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Money(TypeDecorator[Decimal]):
    """An amount as whole cents."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value.scaleb(2))

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


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
    total: Mapped[Decimal] = mapped_column(Money)
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
    unit_price: Mapped[Decimal] = mapped_column(Money)
    amount: Mapped[Decimal] = mapped_column(Money)
    splits: Mapped[list["SplitRow"]] = relationship(cascade="all, delete-orphan")


class SplitRow(Base):
    """The part of a line that belongs to one accounting code."""

    __tablename__ = "splits"

    pk: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(ForeignKey("lines.pk"), index=True)
    code: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Money)


class PaymentRow(Base):
    """Money received."""

    __tablename__ = "payments"

    pk: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("invoices.number"), index=True)
    id: Mapped[str]
    paid_on: Mapped[date]
    amount: Mapped[Decimal] = mapped_column(Money)
    reference: Mapped[str]
    allocations: Mapped[list["AllocationRow"]] = relationship(cascade="all, delete-orphan")


class AllocationRow(Base):
    """The part of a payment that settles one accounting code."""

    __tablename__ = "allocations"

    pk: Mapped[int] = mapped_column(primary_key=True)
    payment: Mapped[int] = mapped_column(ForeignKey("payments.pk"), index=True)
    code: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Money)
