"""The command cp: every key of one store to another, as it is."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import click

from holdall.address import Address
from holdall.cli.examples import examples
from holdall.cli.progress import counting
from holdall.errors import HoldallError
from holdall.keys import RawKey
from holdall.registry import open as open_store
from holdall.store import Store

T = TypeVar("T")


@click.command(
    epilog=examples(
        "cp sqlite:///books.db file:backup",
        "cp --all file:backup sqlite:///restored.db",
    )
)
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
    interrupted has whole values only, and running it again completes it. Where there is nothing to copy
    that is an error, since the address may be another than was meant.
    """
    with open_store(source) as here, open_store(target) as there:
        if repr(here) == repr(there):
            raise HoldallError(f"{here!r} is both FROM and TO; name two stores")
        if everything:
            here, there = here.raw(), there.raw()
        copied = _copied(here, there, prefix)
    if not copied:
        within = f" that begins with {prefix!r}" if prefix else ""
        raise HoldallError(f"no key{within} at {Address.parse(source)}; check the address")
    click.echo(f"copied {copied:,} key{'s' * (copied > 1)}", err=True)


def _copied(here: Store[bytes], there: Store[bytes], prefix: str) -> int:
    """How many keys were copied; as they come, so that memory stays bounded.

    What the source shows is vouched for: a key that a prefix made long is copied as it is.
    """
    done = Count()
    with counting("copying keys") as tell:
        items = done.of(here.scan_items(prefix), tell)
        there.set_many((RawKey(key), value) for key, value in items)
    return done.count


class Count:
    """How many items have passed by."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, items: Iterable[T], tell: Callable[[int], None]) -> Iterator[T]:
        """``items``, each counted and told."""
        for item in items:
            yield item
            self.count += 1
            tell(self.count)
