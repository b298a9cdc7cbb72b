"""The command token: add, list and revoke the tokens of the HTTP service."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from holdall.cli.help import examples
from holdall.cli.output.printing import formats, print_rows
from holdall.errors import HoldallError
from holdall.registry import open as open_store

if TYPE_CHECKING:
    from holdall.server.tokens import Record

_where = click.option(
    "--tokens", "uri", metavar="URI", required=True, help="The address of the store that keeps the tokens."
)


@click.group(epilog=examples("token list --tokens sqlite:///access.db"))
def token() -> None:
    """Add, list and revoke the tokens of the HTTP service."""


@token.command(epilog=examples("token add ada --tokens sqlite:///access.db --allow write:notes --days 90"))
@click.argument("name")
@_where
@click.option(
    "--allow",
    "scopes",
    metavar="SCOPE",
    multiple=True,
    required=True,
    help="read:STORE or write:STORE, with :PREFIX for a part of the keys; STORE may be *. Or admin, for metrics.",
)
@click.option("--days", type=click.IntRange(1, 36500), help="The token expires after so many days.")
def add(name: str, uri: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Print a new token for NAME.

    It may read or write as --allow says. It is not shown again, because only its hash is kept.
    """
    from holdall.server.tokens import Tokens, parse_scope  # imported late: the help needs no extra

    try:
        allowed = [parse_scope(text) for text in scopes]
    except ValueError as error:
        raise click.UsageError(f"{error} is not a scope; write for example read:notes:ada/") from error
    expires = None if days is None else datetime.now(UTC) + timedelta(days)
    with open_store(uri) as store:
        click.echo(Tokens(store).add(name, allowed, expires))


@token.command("list", epilog=examples("token list --tokens sqlite:///access.db"))
@_where
@formats
def list_(uri: str, style: str | None) -> None:
    """List the tokens: their names, scopes and dates."""
    from holdall.server.tokens import Tokens  # imported late: the help needs no extra

    with open_store(uri) as store:
        rows = [_row(name, record) for name, record in Tokens(store).records()]
    print_rows(("name", "allows", "created", "expires"), rows, style)


def _row(name: str, record: "Record") -> tuple[str, ...]:
    from holdall.server.tokens import format_scope

    allows = " ".join(map(format_scope, record.scopes))
    expires = f"{record.expires:%Y-%m-%d}" if record.expires else "never"
    return name, allows, f"{record.created:%Y-%m-%d}", expires


@token.command(epilog=examples("token revoke ada --tokens sqlite:///access.db"))
@click.argument("name")
@_where
def revoke(name: str, uri: str) -> None:
    """Revoke the token of NAME.

    A service that runs refuses it from its next request on.
    """
    from holdall.server.tokens import Tokens  # imported late: the help needs no extra

    with open_store(uri) as store:
        try:
            Tokens(store).revoke(name)
        except KeyError:
            raise HoldallError(f"{name!r} has no token; `holdall token list` lists the names") from None
