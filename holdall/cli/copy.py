"""The command cp, which copies every key of one store to another."""

import click

from holdall.cli.examples import examples
from holdall.cli.foreign import Names
from holdall.cli.pair import both, options, require_some, told
from holdall.middleware.identity import require_free
from holdall.transfer import copy, transfer


@click.command(
    epilog=examples("cp sqlite:///books.db file:backup", "cp --all file:backup sqlite:///restored.db")
)
@options
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Carry reserved keys too (manifest, history, journals), all as the bytes that are stored.",
)
def cp(source: str, target: str, prefix: str, workers: int, everything: bool) -> None:
    """Copy every key of the store at FROM to the store at TO.

    A key that exists at TO already is overwritten. Other keys at TO are not changed. If the command is
    interrupted, every value at TO is complete; run the command again to finish the copy. If there is
    nothing to copy, the command fails, because the address may be wrong.

    A stored name that is not a key, such as a//b, is copied if TO has the layer escape. Names that cannot be
    copied are counted, the first ten of them are shown, and the exit code is 1.
    """
    left = Names()
    with both(source, target) as (here, there):
        if everything:
            here, there = here.raw(), there.raw()
            if not prefix:
                require_free(here, there)
        with told("copying keys", here, prefix) as tell:
            count = transfer(here, there, prefix, move=copy, workers=workers, tell=tell, leave=left)
    if count or not left.count:
        click.echo(f"copied {require_some(source, prefix, count)}", err=True)
    left.refuse(there)
