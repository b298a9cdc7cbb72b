"""Shared by commands on two stores: opening both, showing progress, and failing if no key is found."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from holdall.address import Address
from holdall.cli.output.progress import counting
from holdall.errors import HoldallError
from holdall.layer import layers
from holdall.registry import open as open_store
from holdall.store import Store


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments ``FROM`` and ``TO``, and the options ``--prefix`` and ``--workers``, to a command."""
    workers = click.IntRange(1, 64)
    for option in (
        click.option(
            "--workers", type=workers, default=4, show_default=True, help="Threads that work at once."
        ),
        click.option("--prefix", default="", help="Only keys that begin with this."),
        click.argument("target", metavar="TO"),
        click.argument("source", metavar="FROM"),
    ):
        command = option(command)
    return command


@contextmanager
def both(source: str, target: str) -> Iterator[tuple[Store[Any], Store[Any]]]:
    """Open the stores at both addresses.

    Raises HoldallError if both addresses name the same store, even with different layers.
    """
    with open_store(source) as here, open_store(target) as there:
        lowest = [list(layers(store))[-1] for store in (here, there)]
        if repr(lowest[0]) == repr(lowest[1]):
            raise HoldallError(f"{lowest[0]!r} is both FROM and TO; name two stores")
        yield here, there


@contextmanager
def told(label: str, here: Store[Any], prefix: str) -> Iterator[Callable[[str, int], None]]:
    """Yield the function to give `transfer` as ``tell``. It shows a progress bar with the time left."""
    with counting(label, lambda: sum(1 for _ in here.scan(prefix))) as tell:
        yield lambda key, count: tell(count)


def require_some(source: str, prefix: str, count: int) -> str:
    """Return ``count`` in words. Raises HoldallError if it is 0, because the address may be wrong."""
    if not count:
        within = f" that begins with {prefix!r}" if prefix else ""
        raise HoldallError(f"no key{within} at {Address.parse(source)}; check the address")
    return f"{count:,} key{'s' * (count > 1)}"
