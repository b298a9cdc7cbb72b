"""The group payments: the commands on money that was received, whatever invoices it pays."""

import click

from holdall.cli.books.bank import import_
from holdall.cli.help import examples


@click.group(epilog=examples("payments import bank.xml --dry-run --into sqlite:///books.db"))
def payments() -> None:
    """Import bank statements, and book what they pay."""


payments.add_command(import_)
