"""The commands cp and convert, which copy every key of one store to another."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from holdall.adapters._sources import Source
from holdall.adapters.memory import Memory
from holdall.address import Address
from holdall.cli.address import announce
from holdall.cli.foreign import Names, Values
from holdall.cli.help import examples
from holdall.cli.output.progress import show_progress
from holdall.cursor import Cursor
from holdall.errors import HoldallError
from holdall.layer import layers
from holdall.middleware.identity import require_free
from holdall.registry import open as open_store
from holdall.registry import plan
from holdall.store import Store
from holdall.transfer import copy, copy_and_verify, transfer, try_copy


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments ``FROM`` and ``TO``, and the options ``--prefix`` and ``--workers``, to a command."""
    workers = click.IntRange(1, 64)
    for option in (
        click.option("--workers", type=workers, default=4, show_default=True, help="The number of threads."),
        click.option("--prefix", default="", help="Only keys that begin with this prefix."),
        click.argument("target", metavar="TO"),
        click.argument("source", metavar="FROM"),
    ):
        command = option(command)
    return command


@contextmanager
def _open_both(source: str, target: str) -> Iterator[tuple[Store[Any], Store[Any]]]:
    """Open the stores at both addresses.

    Raises HoldallError if both addresses name the same store, even with different layers.
    """
    with open_store(source) as here, open_store(target) as there:
        lowest = [list(layers(store))[-1] for store in (here, there)]
        if repr(lowest[0]) == repr(lowest[1]):
            raise HoldallError(f"{lowest[0]!r} is both FROM and TO; name two stores")
        yield here, there


@contextmanager
def _show_copied(label: str, here: Store[Any], prefix: str) -> Iterator[Callable[[str, int], None]]:
    """Yield the function to give `transfer` as ``tell``. It shows a progress bar with the time left."""
    with show_progress(label, lambda: sum(1 for _ in here.scan(prefix))) as tell:
        yield lambda key, count: tell(count)


def _require_some(source: str, prefix: str, count: int) -> str:
    """Return ``count`` in words. Raises HoldallError if it is 0, because the address may be wrong."""
    if not count:
        within = f" that begins with {prefix!r}" if prefix else ""
        raise HoldallError(f"there is no key{within} at {Address.parse(source)}; check the address")
    return f"{count:,} key{'s' * (count > 1)}"


@click.command(
    epilog=examples("cp sqlite:///books.db file:backup", "cp --all file:backup sqlite:///restored.db")
)
@_options
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Copy reserved keys too (manifest, history, journals), and every value as the bytes that are stored.",
)
def cp(source: str, target: str, prefix: str, workers: int, everything: bool) -> None:
    """Copy every key of the store at FROM to the store at TO.

    A key that exists at TO already is overwritten. Other keys at TO are not changed. If the values expire at
    FROM and at TO, each has the same time left at TO. If the command is interrupted, every value at TO is
    complete; run the command again to finish the copy. If there is nothing to copy, the command fails,
    because the address may be wrong.

    A stored name that is not a key, such as a//b, is copied if TO has the layer escape. Names that cannot be
    copied are counted, the first ten of them are shown, and the exit code is 1. The same is done with the
    values of another library that cannot be read without running
    a pickle, or are damaged.
    """
    left, unread = Names(), Values()
    with _open_both(source, target) as (here, there):
        refuse = _values_to_leave(here, unread)
        if everything:
            here, there = here.raw(), there.raw()
            if not prefix:
                require_free(here, there)
        with _show_copied("copying keys", here, prefix) as tell:
            count = transfer(
                here, there, prefix, move=copy, workers=workers, tell=tell, leave=left, refuse=refuse
            )
    if count or not (left.count or unread.count):
        click.echo(f"copied {_require_some(source, prefix, count)}", err=True)
    _refuse(left, unread, there)


def _values_to_leave(here: Store[Any], unread: Values) -> Values | None:
    """Return ``unread`` if the values of ``here`` are those of another library, else None.

    A damaged value of any other store stops a copy. Also print the notes of a source.
    """
    lowest = list(layers(here))[-1]
    if not isinstance(lowest, Source):
        return None
    for note in lowest.notes():
        click.echo(note, err=True)
    return unread


def _refuse(left: Names, unread: Values, there: Store[Any]) -> None:
    """Raise HoldallError if names or values were left out."""
    if left.count and unread.count:
        click.echo(f"left out {left}; {left.remedy(there)}", err=True)
    else:
        left.refuse(there)
    unread.refuse()


_FROM_TO = "'sqlite:///books.db?serializer=json' 'sqlite:///new.db?serializer=msgpack&compress=zstd'"


@click.command(epilog=examples(f"convert --dry-run {_FROM_TO}", f"convert {_FROM_TO}"))
@_options
@click.option(
    "--dry-run", is_flag=True, help="Write nothing, but read every document and check that TO could store it."
)
@click.option(
    "--restart", is_flag=True, help="Start again from the first key if a conversion was interrupted."
)
def convert(source: str, target: str, prefix: str, workers: int, dry_run: bool, restart: bool) -> None:
    """Write every document of the store at FROM to the store at TO, in the layers that TO names.

    Each document is read back from TO and compared with the document that was read at FROM. The history of
    FROM is not converted. If the values expire at FROM and at TO, each has the same time left at TO.

    If the command is interrupted, run it again: it continues after the last key that it recorded. It does
    not convert the documents before that key again, even if they have changed at FROM in the meantime;
    --restart converts all documents.

    A stored name that is not a key, such as a//b, is converted if TO has the layer escape. Names that
    cannot be converted are counted, the first ten of them are shown, and the exit code is 1.
    """
    left, unread = Names(), Values()
    with _open_both(source, target) as (here, there):
        refuse = _values_to_leave(here, unread)
        if dry_run:
            count = _try(here, there, target, prefix, workers, left, refuse)
        else:
            announce(target)
            count = _convert(here, there, prefix, workers, restart, left, refuse)
    if not count:
        _refuse(left, unread, there)
    done = _require_some(source, prefix, count)
    if dry_run:
        click.echo(f"would convert {done}: all can be read at FROM and stored at TO", err=True)
    else:
        click.echo(f"converted {done}, each read back and compared", err=True)
    _refuse(left, unread, there)


def _convert(
    here: Store[Any],
    there: Store[Any],
    prefix: str,
    workers: int,
    restart: bool,
    left: Names,
    refuse: Values | None,
) -> int:
    cursor = Cursor(here, there, prefix)
    after, before = ("", 0) if restart else cursor.get()
    if after:
        click.echo(f"continuing after {after!r}; --restart would start from the first key", err=True)
    with _show_copied("converting", here, prefix) as show:

        def tell(key: str, count: int) -> None:
            cursor.set(key, before + count)
            show(key, before + count)

        count = transfer(
            here,
            there,
            prefix,
            move=copy_and_verify,
            after=after,
            workers=workers,
            tell=tell,
            leave=left,
            refuse=refuse,
        )
    cursor.clear()
    return before + count


def _try(
    here: Store[Any],
    there: Store[Any],
    target: str,
    prefix: str,
    workers: int,
    left: Names,
    refuse: Values | None,
) -> int:
    next(there.scan(), None)  # raises Mismatch if TO was written in other layers
    trial = plan(target, manifest="off")[0].on(Memory())
    with _show_copied("trying", here, prefix) as tell:
        return transfer(
            here, trial, prefix, move=try_copy, workers=workers, tell=tell, leave=left, refuse=refuse
        )
