"""Commands on single keys: get, set, del, ls, count."""

from typing import Any, BinaryIO

import click

from holdall.cli.address import positional
from holdall.errors import HoldallError
from holdall.registry import open as open_store


@click.command(epilog="Example: holdall get sqlite:///notes.db greeting")
@positional("key")
def get(at: dict[str, Any]) -> None:
    """Write the value of KEY to standard output, byte for byte."""
    with open_store(at["uri"]) as store:
        try:
            value = store[at["key"]]
        except KeyError:
            raise _missing(at["key"]) from None
    click.echo(value, nl=False)


@click.command(
    "set",
    epilog="Examples: holdall set sqlite:///notes.db greeting hello; holdall set file:notes logo < logo.png",
)
@positional("key", optional="value")
@click.option(
    "--file",
    "source",
    type=click.File("rb"),
    default="-",
    help="Read the value from here [standard input].",
)
def set_(at: dict[str, Any], source: BinaryIO) -> None:
    """Store VALUE, or what comes on standard input, under KEY."""
    value = source.read() if at["value"] is None else at["value"].encode()
    with open_store(at["uri"]) as store:
        store[at["key"]] = value


@click.command("del", epilog="Example: holdall del sqlite:///notes.db greeting")
@positional("key")
def del_(at: dict[str, Any]) -> None:
    """Delete KEY; an error where it is missing."""
    with open_store(at["uri"]) as store:
        try:
            del store[at["key"]]
        except KeyError:
            raise _missing(at["key"]) from None


@click.command(epilog="Example: holdall ls s3://acme/books invoices/2026 | head")
@positional(optional="prefix")
def ls(at: dict[str, Any]) -> None:
    """List keys that begin with PREFIX, one a line, in code-point order."""
    with open_store(at["uri"]) as store:
        for key in store.scan(at["prefix"] or ""):
            click.echo(key)


@click.command(epilog="Example: holdall count sqlite:///notes.db")
@positional(optional="prefix")
def count(at: dict[str, Any]) -> None:
    """Count the keys that begin with PREFIX."""
    with open_store(at["uri"]) as store:
        click.echo(sum(1 for _ in store.scan(at["prefix"])) if at["prefix"] else len(store))


def _missing(key: str) -> HoldallError:
    return HoldallError(f"no such key: {key!r}; `holdall ls` lists those there are", key=key)
