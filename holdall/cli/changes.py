"""The command on the change feed of a store: changes."""

import json
from typing import Any

import click

from holdall.changes import Change
from holdall.cli.address import positional
from holdall.cli.help import examples
from holdall.cli.output.printing import print_bytes
from holdall.registry import open as open_store
from holdall.store import ABSENT


@click.command(epilog=examples("changes sqlite:///books.db invoices/", "changes sqlite:///books.db --json"))
@positional(optional="prefix")
@click.option("--since", metavar="POSITION", help="Leave out everything up to this position.")
@click.option("--follow", is_flag=True, help="Wait for further changes, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def changes(at: dict[str, Any], since: str | None, follow: bool, as_json: bool) -> None:
    """List the keys that changed since a position: `set KEY`, or `del KEY` if the key is missing now.

    Without --since, the command lists every key that begins with PREFIX. At the end it prints the position
    to go on from: on standard error, or with --json as the last object. With --json, each change has the
    key, its tag (null if it is missing) and the position after it. The store must have a feed, as memory,
    SQLite, LMDB, and files with feed=on have.
    """
    show = _show_json if as_json else _show
    prefix = at["prefix"] or ""
    with open_store(at["uri"]) as store:
        while True:
            feed = store.changes(since, prefix=prefix)
            for change in feed:
                show(change)
            since = feed.position
            if not (follow and store.watch(since, prefix=prefix)):
                break
    if as_json:
        click.echo(json.dumps({"position": since}))
    else:
        click.echo(f"holdall: go on with --since {since}", err=True)


def _show(change: Change) -> None:
    print_bytes(f"{'del' if change.tag == ABSENT else 'set'} {change.key}\n".encode())


def _show_json(change: Change) -> None:
    fields = change._asdict() | {"tag": change.tag or None}
    print_bytes(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
