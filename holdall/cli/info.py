"""The command info, which shows the features of a store and the facts that it knows at a low cost."""

from typing import Any

import click

from holdall.cli.address import positional
from holdall.cli.help import examples
from holdall.cli.output.printing import formats, print_rows
from holdall.registry import open as open_store


@click.command(epilog=examples("info memory://notes"))
@positional()
@formats
def info(at: dict[str, Any], style: str | None) -> None:
    """Show the features of the store, and the facts that it knows without a listing: its server, limits and totals.

    The stored keys include reserved keys. A number with "about" is an estimate. Use `holdall count` for the exact
    number of keys; it lists the store. The command writes nothing.
    """
    with open_store(at["uri"]) as store:
        features = " ".join(each.name for each in store.features if each.name is not None)
        rows = {"features": features, **store.info()}
    print_rows(("name", "value"), list(rows.items()), style)
