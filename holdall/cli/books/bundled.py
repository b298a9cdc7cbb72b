"""Imports the fictional invoices and payments that come with the package."""

import tomllib
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from importlib.resources import as_file, files
from typing import Any

from holdall.cli.books.importing import import_files
from holdall.cli.books.payments import POLICIES
from holdall.domain.books import Books
from holdall.errors import HoldallError


def import_bundled(books: Books) -> date:
    """Import the invoices, record the payments on them, and return the day of the demo's reports.

    Invoices and payments that the books hold already stay as they are. Raises HoldallError if the books hold
    invoices of other sellers, because fictional invoices must not be mixed with real ones.
    """
    demo = files("holdall") / "demo"
    told = tomllib.loads((demo / "payments.toml").read_text(encoding="utf-8"))
    _refuse_others(books, {payment["seller"] for payment in told["payments"]})
    with ExitStack() as extracted:
        # One file at a time: Python 3.11 cannot extract a folder from an archive.
        invoices = [extracted.enter_context(as_file(file)) for file in (demo / "invoices").iterdir()]
        import_files(books, sorted(invoices), err=True)
    for payment in told["payments"]:
        _record(books, payment)
    day: date = told["as_of"]
    return day


def _refuse_others(books: Books, sellers: set[str]) -> None:
    if other := next((seller for seller in books.sellers() if seller not in sellers), None):
        raise HoldallError(
            f"the store holds invoices of seller {other!r}, but the invoices of the demo are made up; "
            "name another store with --into"
        )


def _record(books: Books, payment: dict[str, Any]) -> None:
    to = {code: Decimal(part) for code, part in payment.get("to", {}).items()}
    books.pay(
        payment["number"],
        Decimal(payment["amount"]),
        payment["on"],
        to or POLICIES[payment.get("policy", "in-proportion")],
        seller=payment["seller"],
        id=payment["id"],
        reference=payment["reference"],
        overpaid=payment.get("overpaid", False),
    )
