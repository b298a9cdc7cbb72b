"""The command on the change feed of a store: changes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from holdall.changes import Change
from holdall.cli.address import positional
from holdall.cli.help import examples
from holdall.cli.output.printing import print_bytes
from holdall.errors import Unsupported
from holdall.middleware.snapshots import SnapshotFeed
from holdall.registry import open as open_store
from holdall.store import ABSENT, Feature, Store


@click.command(
    epilog=examples(
        "changes sqlite:///books.db invoices/",
        "changes sqlite:///books.db --json",
        "changes 'dbm:tokens?flavor=dumb' --state sqlite:///feeds.db",
    )
)
@positional(optional="prefix")
@click.option("--since", metavar="POSITION", help="Leave out everything up to this position.")
@click.option("--follow", is_flag=True, help="Wait for further changes, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@click.option("--state", metavar="URI", help="Compare the keys with those that this store remembers.")
@click.option(
    "--interval",
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    default=60,
    show_default=True,
    help="The time between two listings, with --state and --follow.",
)
def changes(
    at: dict[str, Any], since: str | None, follow: bool, as_json: bool, state: str | None, interval: float
) -> None:
    """List the keys that changed since a position: `set KEY`, or `del KEY` if the key is missing now.

    Without --since, the command lists every key that begins with PREFIX. At the end it prints the position
    to go on from: on standard error, or with --json as the last object. With --json, each change has the
    key, its tag (null if it is missing) and the position after it.

    A store that has no feed of its own needs --state: the command then lists the store, compares it with the
    last listing, and remembers it in the store at this address, under reserved keys. It may be the same
    store. Each listing costs the requests of `ls`.
    """
    show = _show_json if as_json else _show
    prefix = at["prefix"] or ""
    with _open(at["uri"], state, interval) as store:
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


@contextmanager
def _open(uri: str, state: str | None, interval: float) -> Iterator[Store[Any]]:
    with open_store(uri) as store:
        if state is not None:
            with SnapshotFeed(store, open_store(state), interval=interval) as feed:
                yield feed
        elif Feature.CHANGES in store.features:
            yield store
        else:
            raise Unsupported(
                f"{store!r} has no feed of its own; add --state with the address of a store, "
                "which then remembers the keys"
            )


def _show(change: Change) -> None:
    print_bytes(f"{'del' if change.tag == ABSENT else 'set'} {change.key}\n".encode())


def _show_json(change: Change) -> None:
    fields = change._asdict() | {"tag": change.tag or None}
    print_bytes(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
