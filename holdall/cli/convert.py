"""The command convert, which writes every document of one store to another store with other layers."""

from typing import Any

import click

from holdall.adapters.memory import Memory
from holdall.cli.address import announce
from holdall.cli.examples import examples
from holdall.cli.foreign import Names
from holdall.cli.pair import both, options, require_some, told
from holdall.cursor import Cursor
from holdall.registry import plan
from holdall.store import Store
from holdall.transfer import copy_and_verify, transfer, try_copy

_FROM_TO = "'sqlite:///books.db?serializer=json' 'sqlite:///new.db?serializer=msgpack&compress=zstd'"


@click.command(epilog=examples(f"convert --dry-run {_FROM_TO}", f"convert {_FROM_TO}"))
@options
@click.option("--dry-run", is_flag=True, help="Write nothing: read all, and try whether TO could keep it.")
@click.option("--restart", is_flag=True, help="Begin anew where a conversion was interrupted.")
def convert(source: str, target: str, prefix: str, workers: int, dry_run: bool, restart: bool) -> None:
    """Write every document of the store at FROM to the store at TO, in the layers that TO names.

    Each document is read back from TO and compared with the document that was read at FROM. The history of
    FROM is not converted. If the values at TO expire, their lifetime begins when they are written to TO.

    If the command is interrupted, run it again: it continues after the last key that it recorded. It does
    not convert the documents before that key again, even if they have changed at FROM in the meantime;
    --restart converts all documents.

    A stored name that is not a key, such as a//b, is converted if TO has the layer escape. Names that
    cannot be converted are counted, the first ten of them are shown, and the exit code is 1.
    """
    left = Names()
    with both(source, target) as (here, there):
        if dry_run:
            count = _try(here, there, target, prefix, workers, left)
        else:
            announce(target)
            count = _convert(here, there, prefix, workers, restart, left)
    if left.count and not count:
        left.refuse(there)
    done = require_some(source, prefix, count)
    if dry_run:
        click.echo(f"would convert {done}: all can be read at FROM and kept at TO", err=True)
    else:
        click.echo(f"converted {done}, each read back and compared", err=True)
    left.refuse(there)


def _convert(
    here: Store[Any], there: Store[Any], prefix: str, workers: int, restart: bool, left: Names
) -> int:
    cursor = Cursor(here, there, prefix)
    after, before = ("", 0) if restart else cursor.get()
    if after:
        click.echo(f"going on after {after!r}; --restart would begin anew", err=True)
    with told("converting", here, prefix) as show:

        def tell(key: str, count: int) -> None:
            cursor.set(key, before + count)
            show(key, before + count)

        count = transfer(
            here, there, prefix, move=copy_and_verify, after=after, workers=workers, tell=tell, leave=left
        )
    cursor.clear()
    return before + count


def _try(here: Store[Any], there: Store[Any], target: str, prefix: str, workers: int, left: Names) -> int:
    next(there.scan(), None)  # raises Mismatch if TO was written in other layers
    trial = plan(target, manifest="off")[0].on(Memory())
    with told("trying", here, prefix) as tell:
        return transfer(here, trial, prefix, move=try_copy, workers=workers, tell=tell, leave=left)
