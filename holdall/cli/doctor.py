"""The command doctor, which tests the features of a store and names the remedies of failures."""

from contextlib import closing
from glob import escape
from pathlib import Path
from typing import Any

import click

from holdall.cli.address import positional
from holdall.cli.checks import Checks, Result
from holdall.cli.help import examples
from holdall.cli.output.printing import formats, print_rows
from holdall.errors import StoreNotFound
from holdall.registry import open as open_store
from holdall.registry import plan


@click.command(epilog=examples("doctor sqlite:///notes.db"))
@positional()
@formats
@click.pass_context
def doctor(ctx: click.Context, at: dict[str, Any], style: str | None) -> None:
    """Test the store: list, write, read, compare-and-swap, compare-and-delete and delete. Show the times.

    The command writes under a reserved key, which no scan shows, and deletes the key again. The outcome "no"
    means that this kind of store does not offer the feature; the data of another library, for example, is
    read-only. If a check fails, its outcome is "failed", its detail names the remedy, and the exit code is 1.
    """
    _require_there(at["uri"])
    with open_store(at["uri"]) as store, closing(Checks(store).run()) as results:
        found = list(results)
    print_rows(("check", "outcome", "detail"), [_cells(each) for each in found], style)
    ctx.exit(1 if any(each.outcome == "failed" for each in found) else 0)


def _cells(result: Result) -> tuple[str, str, str]:
    return result.check, result.outcome, result.detail


def _require_there(uri: str) -> None:
    """Raise StoreNotFound if a local store does not exist, because a test would create it."""
    address = plan(uri)[1]
    path = Path(address.path.removeprefix("/") if address.scheme == "sqlite" else address.path)
    # A dbm store may consist of several files, none of which has exactly this name.
    there = path.exists() or any(path.parent.glob(f"{escape(path.name)}.*"))
    if address.engine in _LOCAL and address.path not in ("", "/") and not there:
        raise StoreNotFound(f"there is no store at {path} yet; the first write creates it")


_LOCAL = ("dbm", "file", "lmdb", "sqlite")
