"""Commands on keys: get, size, set, del, ls, count."""

import os
import sys
from itertools import chain, islice
from typing import Any, BinaryIO

import click

from holdall.cli.address import announce, note_empty, positional
from holdall.cli.arguments import byte_range
from holdall.cli.help import examples
from holdall.cli.output.printing import print_bytes
from holdall.cli.output.safe_text import visible
from holdall.cli.output.values import format_value, parse_value
from holdall.domain.keys import PREFIX
from holdall.errors import HoldallError
from holdall.history import note
from holdall.registry import open as open_store
from holdall.registry import plan
from holdall.store import Store


@click.command(
    epilog=examples("get sqlite:///notes.db greeting", "get sqlite:///notes.db greeting --range 0-2")
)
@positional("key")
@click.option(
    "--range",
    "part",
    type=byte_range,
    metavar="RANGE",
    help="Read only these bytes: 0-99 (the first hundred), 100- (from there on) or -100 (the last hundred).",
)
def get(at: dict[str, Any], part: tuple[int, int | None] | None) -> None:
    """Write the value of KEY to standard output, byte for byte.

    A document is written as JSON if the address names a serializer of documents, such as serializer=msgpack.
    On a terminal, control characters are shown as escapes.
    """
    with open_store(at["uri"]) as store:
        try:
            value = store[at["key"]] if part is None else store.read(at["key"], *part)
        except KeyError:
            raise _missing(at["key"]) from None
    print_bytes(format_value(value))


@click.command(epilog=examples("size sqlite:///notes.db greeting"))
@positional("key")
def size(at: dict[str, Any]) -> None:
    """Print how many bytes the value of KEY has. Most stores do not read the value for this."""
    with open_store(at["uri"]) as store:
        try:
            click.echo(store.size(at["key"]))
        except KeyError:
            raise _missing(at["key"]) from None


@click.command(
    "set",
    epilog=examples("set sqlite:///notes.db greeting hello", "set sqlite:///notes.db logo --file logo.png"),
)
@positional("key", optional="value")
@click.option("--file", "source", type=click.File("rb"), help="Read the value from this file.")
def set_(at: dict[str, Any], source: BinaryIO | None) -> None:
    """Store a value under KEY: VALUE, the content of the file that --file names, or standard input.

    If the address names a serializer of documents, such as serializer=msgpack, give the value as JSON. It
    must fit the type that the address declares. In a store that holds books, an invoice is written only if
    the address declares its type and the invoice is valid.
    """
    if source and at["value"] is not None:
        raise click.UsageError("give VALUE or --file, not both")
    given = _read(source) if at["value"] is None else os.fsencode(at["value"])
    stack, _ = plan(at["uri"])
    value = parse_value(given, stack, at["key"])
    with open_store(at["uri"]) as store:
        if at["key"].startswith(PREFIX):
            from holdall.cli.books.open import require_invoice  # imported late: most keys are not in books

            require_invoice(store, at["key"], value)
        store[at["key"]] = value


def _read(source: BinaryIO | None) -> bytes:
    if source is None and sys.stdin is None:
        raise HoldallError("standard input is closed; give VALUE or --file")
    if source is None and sys.stdin.isatty():
        click.echo("holdall: type the value, and end it with Ctrl-D", err=True)
    return (source or sys.stdin.buffer).read()


@click.command(
    "del", epilog=examples("del sqlite:///notes.db greeting", "del sqlite:///notes.db logs/ --prefix")
)
@positional("key")
@click.option(
    "--prefix", is_flag=True, help="Delete every key that begins with KEY, or none if there is none."
)
@click.option("--force", is_flag=True, help="Delete an invoice that has payments, too. Needs --reason.")
@click.option("--reason", default="", help="With --force: the reason, which a store with history keeps.")
def del_(at: dict[str, Any], prefix: bool, force: bool, reason: str) -> None:
    """Delete KEY. The command fails if KEY is missing.

    An invoice that has payments is deleted only with --force and a reason. --prefix deletes no invoices.
    """
    if force != bool(reason.strip()):
        raise click.UsageError("--force and --reason need each other; give both or none")
    if prefix and (force or not at["key"]):
        raise click.UsageError(
            "--prefix needs a text with which the keys begin, and does not combine with --force"
        )
    announce(at["uri"])
    with open_store(at["uri"]) as store:
        if prefix:
            _delete_prefix(store, at["key"])
            return
        try:
            _delete(store, at["key"], reason)
        except KeyError:
            raise _missing(at["key"]) from None


def _delete_prefix(store: Store[Any], prefix: str) -> None:
    if PREFIX.startswith(prefix) or prefix.startswith(PREFIX):
        for key in islice(store.scan(max(prefix, PREFIX, key=len)), 1):
            raise HoldallError(
                f"{key!r} is an invoice; delete invoices one by one, as in `holdall del {key}`"
            )
    store.delete_prefix(prefix)


def _delete(store: Store[Any], key: str, reason: str) -> None:
    if key.startswith(PREFIX):
        from holdall.cli.books.deleting import delete_invoice  # imported late: most keys are not in books

        delete_invoice(store, key, reason)
    else:
        with note(message=reason or None):
            del store[key]


@click.command(epilog=examples("ls sqlite:///books.db", "ls sqlite:///books.db invoices/"))
@positional(optional="prefix")
def ls(at: dict[str, Any]) -> None:
    """List the keys that begin with PREFIX, or all keys: one key per line, in code-point order.

    If the store has no keys at all, a line on standard error says so.
    """
    with open_store(at["uri"]) as store:
        keys = store.scan(at["prefix"] or "")
        first = list(islice(keys, 1))
        shown = map(visible, chain(first, keys)) if sys.stdout.isatty() else chain(first, keys)
        sys.stdout.writelines(f"{key}\n" for key in shown)
        if not (first or store):  # the address may be wrong
            note_empty(at["uri"])


@click.command(epilog=examples("count sqlite:///books.db", "count sqlite:///books.db invoices/"))
@positional(optional="prefix")
def count(at: dict[str, Any]) -> None:
    """Count the keys that begin with PREFIX, or all keys. The command lists the keys to count them."""
    with open_store(at["uri"]) as store:
        click.echo(sum(1 for _ in store.scan(at["prefix"] or "")))


_SESSIONS = "'sqlite:///sessions.db?serializer=json&expires=1h'"


@click.command(epilog=examples(f"sweep {_SESSIONS}", f"sweep {_SESSIONS} web/"))
@positional(optional="prefix")
def sweep(at: dict[str, Any]) -> None:
    """Delete the expired values of the keys that begin with PREFIX, or of all keys.

    The address must name the layer expires. An expired value is missing to every reader, but takes up space until
    its key is written, deleted or swept. Redis and DynamoDB delete expired values by themselves.
    """
    announce(at["uri"])
    with open_store(at["uri"]) as store:
        swept = store.sweep(at["prefix"] or "")
    click.echo(f"deleted {swept:,} expired value{'s' * (swept != 1)}", err=True)


def _missing(key: str) -> HoldallError:
    return HoldallError(f"key {key!r} does not exist; `holdall ls` lists the existing keys", key=key)
