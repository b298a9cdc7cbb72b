"""What commands on two stores share: both opened, progress told, and never a quiet nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from holdall.address import Address
from holdall.cli.progress import counting
from holdall.errors import HoldallError
from holdall.layer import layers
from holdall.registry import open as open_store
from holdall.store import Store


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments ``FROM`` and ``TO``, and the options that say what is moved and by how many threads."""
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
    """The stores at both addresses, which may not be the same one, in whatever layers."""
    with open_store(source) as here, open_store(target) as there:
        lowest = [list(layers(store))[-1] for store in (here, there)]
        if repr(lowest[0]) == repr(lowest[1]):
            raise HoldallError(f"{lowest[0]!r} is both FROM and TO; name two stores")
        yield here, there


@contextmanager
def told(label: str, here: Store[Any], prefix: str) -> Iterator[Callable[[str, int], None]]:
    """What to tell `transfer` for a bar with the time left."""
    with counting(label, lambda: sum(1 for _ in here.scan(prefix))) as tell:
        yield lambda key, count: tell(count)


def require_some(source: str, prefix: str, count: int) -> str:
    """How many keys, in words; an error where there are none, for the address may be another than was meant."""
    if not count:
        within = f" that begins with {prefix!r}" if prefix else ""
        raise HoldallError(f"no key{within} at {Address.parse(source)}; check the address")
    return f"{count:,} key{'s' * (count > 1)}"
