"""The command cp: every key of one store to another, as it is."""

from collections.abc import Iterator
from typing import Any

import click

from holdall.cli.progress import progress
from holdall.registry import open as open_store
from holdall.store import Store


@click.command(epilog="Example: holdall cp sqlite:///books.db s3://acme/books")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--prefix", default="", help="Copy only keys that begin with this.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Carry reserved keys too: manifest, history, journals.",
)
def cp(source: str, target: str, prefix: str, everything: bool) -> None:
    """Copy every key of the store at FROM to the store at TO.

    Keys that are at TO already are overwritten, other keys there are left alone. A copy that was
    interrupted has whole values only, and running it again completes it.
    """
    with open_store(source) as here, open_store(target) as there:
        copied = _copy(here.raw(), there.raw(), prefix) if everything else _copy(here, there, prefix)
    click.echo(f"copied {copied:,} keys", err=True)


def _copy(here: Store[bytes], there: Store[bytes], prefix: str) -> int:
    copied = 0

    def counted(items: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        nonlocal copied
        for item in items:
            copied += 1
            yield item

    with progress("copying keys") as advance:
        there.set_many(counted(advance(here.scan_items(prefix))))
    return copied
