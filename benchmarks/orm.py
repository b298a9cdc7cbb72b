"""SQLAlchemy's ORM as a contender, on SQLite, tuned as its documentation recommends.

It uses WAL, one session per operation, selectinload for lines and payments, and bulk inserts of plain rows.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, case, create_engine, event, func, insert, select
from sqlalchemy.orm import Session, selectinload

from benchmarks.invoices import cent
from benchmarks.orm_rows import Rows, as_object, payment_object
from benchmarks.orm_tables import AllocationRow, Base, InvoiceRow, LineRow, PaymentRow, SplitRow
from benchmarks.plan import Plan
from holdall.domain.model import Invoice
from holdall.domain.tables import BOUNDS

WHOLE = (
    selectinload(InvoiceRow.lines).selectinload(LineRow.splits),
    selectinload(InvoiceRow.payments).selectinload(PaymentRow.allocations),
)
AGED_ON = date(2026, 9, 30)
PAGE = 1000  # rows that a scan turns into objects at a time


class ORM:
    """Commits without fsync (synchronous = NORMAL), like the store that it is compared with."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.plan = plan
        self.engine = _engine(path)
        self.rows = Rows()
        Base.metadata.create_all(self.engine)

    def load(self, round: int) -> int:
        self.write([invoice for _, invoice in self.plan.load[round]])
        return len(self.plan.load[round])

    def write(self, invoices: Sequence[Invoice]) -> None:
        """Add all invoices in one transaction."""
        with Session(self.engine) as session, session.begin():
            for table, rows in self.rows.of(invoices).items():
                session.execute(insert(table), rows)

    def insert(self, round: int) -> int:
        documents = self.plan.insert[round]
        for _, invoice in documents:
            with Session(self.engine) as session, session.begin():
                session.add(as_object(invoice))
        return len(documents)

    def get(self, round: int) -> int:
        numbers = self.plan.get[round]
        for number in numbers:
            with Session(self.engine) as session:
                session.get_one(InvoiceRow, number, options=WHOLE)
        return len(numbers)

    def pay(self, round: int) -> int:
        numbers = self.plan.pay[round]
        for number in numbers:
            with Session(self.engine) as session, session.begin():
                invoice = session.get_one(InvoiceRow, number)
                invoice.payments.append(payment_object(cent(len(invoice.payments))))
        return len(numbers)

    def scan(self, round: int) -> int:
        every = select(InvoiceRow).order_by(InvoiceRow.number).options(*WHOLE)
        with Session(self.engine) as session:
            return sum(1 for _ in session.scalars(every.execution_options(yield_per=PAGE)))

    def billed(self, round: int) -> int:
        """The amounts billed by currency and code over all invoices, as in `Receivables.billed`."""
        amount = func.sum(SplitRow.amount)
        query = (
            select(InvoiceRow.currency, SplitRow.code, amount)
            .join(LineRow, LineRow.number == InvoiceRow.number)
            .join(SplitRow, SplitRow.line == LineRow.pk)
            .group_by(InvoiceRow.currency, SplitRow.code)
        )
        with Session(self.engine) as session:
            session.execute(query).all()
        return 1

    def billed_by_code(self, round: int) -> int:
        """The same without the currency, which needs only one table."""
        with Session(self.engine) as session:
            query = select(SplitRow.code, func.sum(SplitRow.amount)).group_by(SplitRow.code)
            session.execute(query).all()
        return 1

    def accounts(self, round: int) -> int:
        """The amounts billed and paid by currency and code, as in `Receivables.by_code`."""
        self.billed(round)
        query = (
            select(InvoiceRow.currency, AllocationRow.code, func.sum(AllocationRow.amount))
            .join(PaymentRow, PaymentRow.number == InvoiceRow.number)
            .join(AllocationRow, AllocationRow.payment == PaymentRow.pk)
            .group_by(InvoiceRow.currency, AllocationRow.code)
        )
        with Session(self.engine) as session:
            session.execute(query).all()
        return 1

    def overview(self, round: int) -> int:
        """The same, the cash by month, and the balances by customer and age, as in `Receivables.overview`."""
        self.accounts(round)
        month = func.strftime("%Y-%m", PaymentRow.paid_on)
        received = (
            select(month, InvoiceRow.currency, func.sum(PaymentRow.amount))
            .join(PaymentRow, PaymentRow.number == InvoiceRow.number)
            .group_by(month, InvoiceRow.currency)
        )
        paid = (
            select(PaymentRow.number, func.sum(PaymentRow.amount).label("amount"))
            .group_by(PaymentRow.number)
            .subquery()
        )
        late = func.julianday(AGED_ON) - func.julianday(func.coalesce(InvoiceRow.due, InvoiceRow.issued))
        bucket = case(*((late <= bound, place) for place, bound in enumerate(BOUNDS)), else_=len(BOUNDS))
        who = (InvoiceRow.customer_id, InvoiceRow.customer_name, InvoiceRow.currency, bucket)
        balance = func.sum(InvoiceRow.total - func.coalesce(paid.c.amount, 0))
        aged = select(*who, balance).outerjoin(paid, paid.c.number == InvoiceRow.number).group_by(*who)
        with Session(self.engine) as session:
            session.execute(received).all()
            session.execute(aged).all()
        return 1

    def close(self) -> None:
        self.engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def tune(connection: Any, record: object) -> None:
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")

    return engine
