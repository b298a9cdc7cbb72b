"""The command pay, which records a payment on an invoice."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import click

from holdall.cli import address, arguments, zone
from holdall.cli.books.open import find, open_books, series_option
from holdall.cli.help import examples
from holdall.cli.output.safe_text import one_line
from holdall.cli.zone import Zone
from holdall.domain import in_proportion, oldest_first
from holdall.domain.allocation import Policy
from holdall.domain.doubts import doubts
from holdall.domain.keys import series_of
from holdall.domain.model import Invoice, Payment
from holdall.domain.money import sum_amounts, text

POLICIES: Mapping[str, Policy] = {"in-proportion": in_proportion, "oldest-first": oldest_first}

on_option = click.option(
    "--on",
    type=arguments.day,
    metavar="YYYY-MM-DD",
    show_default="today",
    help="The day of the entry.",
)
parts_option = click.option(
    "--to",
    "parts",
    multiple=True,
    type=arguments.part,
    metavar="CODE=AMOUNT",
    help="The part of the amount for one accounting code. Repeat the option for other codes.",
)


def parts_of(parts: tuple[tuple[str, Decimal], ...]) -> dict[str, Decimal]:
    """Return the amounts of --to by code. Raises UsageError if a code is named twice."""
    if len(dict(parts)) < len(parts):
        raise click.UsageError("--to names one code twice; add its amounts up")
    return dict(parts)


@click.command(
    short_help="Record a payment on an invoice.",
    epilog=examples(
        "invoices pay 2026/106 --amount 150 --from sqlite:///books.db",
        "invoices pay 2026/115 --amount 30 --to 6300=20 --to VAT=10 --from sqlite:///books.db",
        "invoices pay 2026/106 --amount 5.50 --policy oldest-first --id bank-77 \\\n"
        "      --on 2026-10-01 --from sqlite:///books.db",
    ),
)
@click.argument("number")
@click.option(
    "--amount",
    required=True,
    type=arguments.amount,
    help="The amount paid, in the currency of the invoice. A refund is negative.",
)
@on_option
@parts_option
@click.option(
    "--policy",
    type=click.Choice(list(POLICIES)),
    show_default="in-proportion",
    help="How to divide the amount among the codes if --to is not given.",
)
@zone.option
@click.option(
    "--id",
    "id_",
    help="The id of the payment, for example at the bank. A payment with the same id is recorded only once.",
)
@click.option("--reference", default="", help="The text that the payer wrote on the payment.")
@click.option("--currency", help="Refuse the payment if the invoice is not in this currency, such as EUR.")
@click.option("--seller", metavar="ID", help="The id of the seller, if several sellers use this number.")
@series_option
@click.option("--overpaid", is_flag=True, help="Allow a payment of more than the amount owed.")
@address.option("from")
def pay(
    number: str,
    amount: Decimal,
    on: date | None,
    zone: Zone,
    parts: tuple[tuple[str, Decimal], ...],
    policy: str | None,
    id_: str | None,
    reference: str,
    currency: str | None,
    seller: str | None,
    series: str | None,
    overpaid: bool,
    uri: str,
) -> None:
    """Record a payment on the invoice NUMBER, and allocate it to the accounting codes of the invoice.

    The payment is refused, and nothing changes, if it is more than the amount owed, or if it names an
    accounting code that is not on the invoice. To record more than the amount owed, use --overpaid. A payment
    whose --id is recorded already changes nothing, also on another day.
    """
    if parts and policy:
        raise click.UsageError("give --to or --policy, not both")
    named = parts_of(parts)
    with open_books(uri) as books:
        invoice = find(books, number, seller, series)
        payment = books.pay(
            number,
            amount,
            on or zone.today(),
            named or POLICIES[policy or "in-proportion"],
            seller=invoice.seller.id,
            series=series_of(invoice),
            currency=currency,
            id=id_,
            reference=reference,
            overpaid=overpaid,
        )
        known = payment in invoice.payments
        changed = find(books, number, invoice.seller.id, series_of(invoice))
        confirm(changed, payment, zone.today(), known=known)


def confirm(invoice: Invoice, payment: Payment, today: date, *, known: bool) -> None:
    """Print the entry ``payment`` of ``invoice``, which was recorded now, or before if it is ``known``.

    If its day is probably a mistake, a line on standard error says so.
    """
    currency = invoice.currency
    shares = ", ".join(f"{part.code}={text(part.amount, currency)}" for part in payment.allocations)
    owed = text(sum_amounts(invoice.owed().values()), currency)
    paid = f"{payment.name} {payment.id} of {text(payment.amount, currency)} {currency} on {invoice.number}"
    recorded = f" is already recorded on {payment.on}" if known else ""
    click.echo(one_line(f"{paid}{recorded}: {shares}; {owed} {currency} is owed now"))
    for doubt in () if known else doubts(invoice, payment.on, today):
        click.echo(one_line(f"holdall: check the day of {payment.name} {payment.id}: {doubt}"), err=True)
