"""The commands on views: views list, refresh, show, sweep and drop."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final

import click

from holdall.cli.help import examples
from holdall.cli.indexed import open_indexed, open_view
from holdall.cli.output.printing import formats, print_rows
from holdall.cli.output.progress import show_progress
from holdall.configuration import files
from holdall.configuration.views import NamedView
from holdall.query import Key, Row, Views
from holdall.query.views.listing import Listed, Size, drop_view, list_views
from holdall.registry import open as open_store
from holdall.store import Store

_COLUMNS: Final = (
    *("name", "query", "state", "documents", "groups", "bytes", "age", "refreshed", "position", "definition"),
)


@click.group(epilog=examples("views list", "views refresh billed", "views show billed --level 1"))
def views() -> None:
    """Keep the results of queries, which are declared in holdall.toml under [view.NAME].

    A view keeps the rows of its query in an index, and a refresh reads only the documents that changed. The
    file names the store, the query as module:name, and optionally the index and the prefix of the keys.
    """


def _index_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name an index. The command gets them as ``uri`` and ``index``."""
    for option in (
        click.option("--index", metavar="URI", help="The store that keeps the views."),
        click.option(
            "--from", "uri", metavar="URI", help="The store of the documents, whose default index is meant."
        ),
    ):
        command = option(command)
    return command


@views.command(
    "list",
    short_help="List the views of an index, or the declared views.",
    epilog=examples("views list", "views list --from sqlite:///books.db"),
)
@_index_options
@formats
def list_(uri: str | None, index: str | None, style: str | None) -> None:
    """List the views of an index with their state, or the declared views.

    A view is complete, or it is being built. If the query was changed, the view has a line for each definition
    until the old one is swept. A view of several queries has a line for each query. The bytes are those of the
    whole index, and the age is that of an answer without a refresh.
    """
    if uri is None and index is None:
        rows = [(each.name, *_describe(each), str(each.file)) for each in files.views()]
        print_rows(("name", "store", "prefix", "query", "index", "file"), rows, style)
    else:
        with _open_index(uri, index) as kept:
            print_rows(_COLUMNS, chain.from_iterable(map(_lines, list_views(kept))), style)


@views.command(epilog=examples("views refresh billed"))
@click.argument("name")
def refresh(name: str) -> None:
    """Build the declared view NAME, or bring it up to date.

    If the command is interrupted, the next one goes on where it was.
    """
    with open_view(name) as view, show_progress("reading documents") as tell:
        count = view.refresh(tell)
    click.echo(f"{name}: {count:,} {'document' if count == 1 else 'documents'} read")


@views.command(epilog=examples("views show billed", "views show billed --level 1 --json"))
@click.argument("name")
@click.option("--level", type=click.IntRange(0), help="Combine the groups whose first N elements are equal.")
@click.option("--stale", is_flag=True, help="Do not read the documents that changed since the last refresh.")
@formats
def show(name: str, level: int | None, stale: bool, style: str | None) -> None:
    """Print the rows of the declared view NAME."""
    with open_view(name) as view:
        if not stale:
            with show_progress("reading documents") as tell:
                view.refresh(tell)
        found = view.rows(level, stale=True)
        if isinstance(view, Views):
            rows = [(str(number), *_shown(row)) for number, each in enumerate(found, 1) for row in each]
            print_rows(("query", "group", "value"), rows, style)
        else:
            print_rows(("group", "value"), map(_shown, found), style)
        if stale and view.behind is not None:
            age = view.behind.total_seconds()
            click.echo(f"holdall: {name} was refreshed {age:,.0f} seconds ago", err=True)


@views.command(
    short_help="Delete unused indexes of a declared view.",
    epilog=examples("views sweep billed", "views sweep billed --now"),
)
@click.argument("name")
@click.option("--now", is_flag=True, help="Also delete the indexes that were used within the last day.")
def sweep(name: str, now: bool) -> None:
    """Delete the indexes of former definitions of the declared view NAME that nobody used for a day."""
    with open_view(name) as view:
        count = view.sweep(timedelta()) if now else view.sweep()
    click.echo(f"{name}: {count} {'index' if count == 1 else 'indexes'} deleted")


@views.command(epilog=examples("views drop billed"))
@click.argument("name")
@_index_options
def drop(name: str, uri: str | None, index: str | None) -> None:
    """Delete what an index keeps of the view NAME. The documents stay, and a refresh builds the view again.

    Without --from and --index, NAME is a declared view.
    """
    if uri is None and index is None:
        with open_view(name) as view:
            view.drop()
    else:
        with _open_index(uri, index) as kept:
            drop_view(kept, name)
    click.echo(f"holdall: dropped the view {name}", err=True)


@contextmanager
def _open_index(uri: str | None, index: str | None) -> Iterator[Store[bytes]]:
    if uri is None or index is not None:
        with open_store(str(index)) as kept:
            yield kept
    else:
        with open_indexed(uri, None) as (store, apart):
            yield store if apart is None else apart


def _describe(declared: NamedView) -> tuple[str, str, str, str]:
    index = "" if declared.index is None else str(declared.index)
    return str(declared.store), declared.prefix, declared.query, index


def _lines(listed: Listed) -> Iterator[tuple[str, ...]]:
    """Yield a line for each query of a view."""
    state = "complete" if listed.complete else "building"
    age = refreshed = ""
    if listed.refreshed:
        age = str(timedelta(seconds=int((datetime.now(UTC) - listed.refreshed).total_seconds())))
        refreshed = listed.refreshed.isoformat(sep=" ", timespec="seconds")
    for number, size in enumerate(listed.sizes or [Size(0, 0)], 1):
        query = str(number) if len(listed.sizes) > 1 else ""
        counts = map(str, (size.documents, size.groups, listed.bytes))
        yield listed.name, query, state, *counts, age, refreshed, listed.position or "", listed.definition


def _shown(row: Row[Any]) -> tuple[str, str]:
    return _text(row.key), str(row.value)


def _text(key: Key) -> str:
    """Return ``key`` as text: a tuple is a JSON array of its elements."""
    if isinstance(key, tuple):
        return json.dumps(key, ensure_ascii=False, default=str)
    return "" if key is None else str(key)
