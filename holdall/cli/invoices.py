"""Commands on invoices: import, list, show, pay."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
import msgspec

from holdall.cli import address
from holdall.cli.books import books_at, known
from holdall.cli.days import DAY, today
from holdall.cli.importing import files_in, import_files
from holdall.cli.output import formats, show
from holdall.domain import in_proportion, oldest_first
from holdall.domain.model import Invoice
from holdall.domain.money import text

POLICIES = {"in-proportion": in_proportion, "oldest-first": oldest_first}


class Amount(click.ParamType[Decimal]):
    """A decimal number, exact as it is typed."""

    name = "amount"

    def convert(self, value: Any, param: Any, ctx: Any) -> Decimal:
        try:
            amount = Decimal(value)
        except InvalidOperation:
            self.fail(f"{value!r} is no amount; write 1234.50", param, ctx)
        if not amount.is_finite():
            self.fail(f"{value!r} is no amount; write 1234.50", param, ctx)
        return amount


class CodeAmount(click.ParamType[tuple[str, Decimal]]):
    """An accounting code and its amount, as CODE=AMOUNT."""

    name = "code=amount"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, Decimal]:
        code, equals, amount = str(value).rpartition("=")
        if not equals or not code:
            self.fail(f"{value!r} is no CODE=AMOUNT; write 4400=12.50", param, ctx)
        return code, Amount().convert(amount, param, ctx)


@click.group()
def invoices() -> None:
    """Import, list, show and pay invoices."""


@invoices.command("import", epilog="Example: holdall invoices import inbox/ --into sqlite:///books.db")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@address.option("into")
@click.pass_context
def import_(ctx: click.Context, paths: tuple[Path, ...], uri: str) -> None:
    """Import UBL 2.1 invoices and credit notes: files, and every .xml in folders and below them.

    What is in the books already is left as it is. Files that cannot be imported are listed with the
    reason, the others are imported, and the exit code is then 1.
    """
    with books_at(uri) as books:
        outcome = import_files(books, files_in(paths))
    click.echo(outcome.summary())
    ctx.exit(1 if outcome.refused else 0)


@invoices.command("list", epilog="Example: holdall invoices list --from sqlite:///books.db --csv")
@address.option("from")
@formats
def list_(uri: str, style: str | None) -> None:
    """List the invoices, by seller and number."""
    columns = ("number", "kind", "seller", "customer", "issued", "due", "currency", "total", "owed")
    with books_at(uri) as books:
        show(columns, map(_line, books), style)


def _line(invoice: Invoice) -> tuple[str, ...]:
    owed = sum(invoice.owed().values(), Decimal(0))
    return (
        invoice.number,
        invoice.kind,
        invoice.seller.name,
        invoice.customer.name,
        str(invoice.issued),
        str(invoice.due or ""),
        invoice.currency,
        text(invoice.total, invoice.currency),
        text(owed, invoice.currency),
    )


@invoices.command("show", epilog="Example: holdall invoices show 2026/101 --from sqlite:///books.db --json")
@click.argument("number")
@address.option("from")
@click.option("--seller", metavar="ID", help="The seller's id, where several have that number.")
@click.option("--json", "as_json", is_flag=True, help="Print the document as JSON.")
def show_(number: str, uri: str, seller: str | None, as_json: bool) -> None:
    """Show one invoice: its lines, their accounting codes, and what was paid."""
    with books_at(uri) as books, known():
        invoice = books.find(number, seller)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(invoice)))
    else:
        _describe(invoice)


def _describe(invoice: Invoice) -> None:
    click.echo(f"{invoice.kind} {invoice.number}, issued {invoice.issued}, due {invoice.due or '-'}")
    click.echo(f"from  {invoice.seller.name} ({invoice.seller.id})")
    click.echo(f"to    {invoice.customer.name} ({invoice.customer.id})")
    click.echo(f"total {text(invoice.total, invoice.currency)} {invoice.currency}\n")
    lines = (
        (line.id, line.description, line.kind, split.code, text(split.amount, invoice.currency))
        for line in invoice.lines
        for split in line.splits
    )
    show(("line", "description", "kind", "code", "amount"), lines, title="Lines")
    payments = (
        (str(paid.on), paid.id, paid.reference, part.code, text(part.amount, invoice.currency))
        for paid in invoice.payments
        for part in paid.allocations
    )
    show(("on", "id", "reference", "code", "amount"), payments, title="Payments")
    owed = ((code, text(amount, invoice.currency)) for code, amount in invoice.owed().items())
    show(("code", "owed"), owed, title="Owed")


@invoices.command(
    epilog="Examples: holdall invoices pay 2026/101 --amount 150 --from sqlite:///books.db; "
    "holdall invoices pay 2026/101 --amount 150 --to 3000=100 --to VAT=50"
)
@click.argument("number")
@click.option("--amount", required=True, type=Amount(), help="What was paid; negative for a refund.")
@click.option("--on", type=DAY, default=today, help="The day [today].")
@click.option("--to", "parts", multiple=True, type=CodeAmount(), help="The amount of one code; repeat it.")
@click.option(
    "--policy",
    type=click.Choice(list(POLICIES)),
    help="How to divide it without --to [in-proportion].",
)
@click.option("--id", "id_", help="The bank's or payer's name for it: paid twice under one id is once.")
@click.option("--reference", default="", help="What the payer wrote.")
@click.option("--currency", help="Refuse unless the invoice is in this currency.")
@click.option("--seller", metavar="ID", help="The seller's id, where several have that number.")
@click.option("--overpaid", is_flag=True, help="Going beyond what is owed is meant.")
@address.option("from")
def pay(
    number: str,
    amount: Decimal,
    on: datetime,
    parts: tuple[tuple[str, Decimal], ...],
    policy: str | None,
    id_: str | None,
    reference: str,
    currency: str | None,
    seller: str | None,
    overpaid: bool,
    uri: str,
) -> None:
    """Record a payment on invoice NUMBER, allocated to its accounting codes."""
    if parts and policy:
        raise click.UsageError("give --to or --policy, not both")
    if len(dict(parts)) < len(parts):
        raise click.UsageError("a code is given twice by --to; add its amounts up")
    with books_at(uri) as books, known():
        payment = books.pay(
            number,
            amount,
            on.date(),
            dict(parts) or POLICIES[policy or "in-proportion"],
            seller=seller,
            currency=currency,
            id=id_,
            reference=reference,
            overpaid=overpaid,
        )
    shares = ", ".join(f"{part.code}={part.amount}" for part in payment.allocations)
    click.echo(f"payment {payment.id} of {payment.amount} on {number}: {shares}")
