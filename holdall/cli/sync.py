"""The command sync, which makes a store equal to another store."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any, cast

import click

from holdall.cli.address import announce
from holdall.cli.help import examples
from holdall.cli.output.printing import print_bytes, print_json
from holdall.cli.output.progress import show_progress
from holdall.keys import format_key
from holdall.registry import open as open_store
from holdall.replication import Report, Unsettled, merge_fields, sync, sync_both
from holdall.replication.policies import NAMES, Policy
from holdall.store import Store

_SHOWN = 10  # keys of each kind
_FIELDS = "merge-fields"


def between(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments FROM and TO, and the options ``--prefix``, ``--allow-empty``, ``--workers`` and ``--json``."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the report as a JSON object."),
        click.option(
            "--workers",
            type=click.IntRange(1, 64),
            default=8,
            show_default=True,
            help="The number of threads.",
        ),
        click.option(
            "--allow-empty", is_flag=True, help="Delete all keys even because the other store has none."
        ),
        click.option("--prefix", default="", help="Only keys that begin with this prefix."),
        click.argument("target", metavar="TO"),
        click.argument("source", metavar="FROM"),
    ):
        command = option(command)
    return command


with_state = click.option("--state", metavar="URI", help="The store that remembers the tags [TO].")


@click.command(
    "sync",
    epilog=examples(
        "sync --dry-run sqlite:///books.db file:backup",
        "sync sqlite:///books.db file:backup",
        "sync --delete --verify file:backup sqlite:///books-copy.db",
        "sync --both --conflict merge-fields 'sqlite:///office.db?history=on' 'file:office?history=on'",
    ),
)
@between
@with_state
@click.option("--delete", is_flag=True, help="Delete the keys that only TO has.")
@click.option("--both", is_flag=True, help="Also copy what changed at TO to FROM.")
@click.option(
    "--conflict",
    type=click.Choice([*NAMES, _FIELDS]),
    default="raise",
    show_default=True,
    help="With --both, the value to take if a key changed at both: none, that of FROM, that of TO, the newer one, both "
    "as siblings, or JSON documents merged by field. The last three need history at both.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing, and report what would be done.")
@click.option(
    "--verify", is_flag=True, help="Compare the values of all keys, and read back each written value."
)
@click.option("--full", is_flag=True, help="Compare all keys, even if FROM has a change feed.")
@click.option("--raw", is_flag=True, help="Compare the bytes that are stored, and the reserved keys too.")
@click.option("--forget", is_flag=True, help="Forget the remembered tags first.")
def sync_(
    source: str,
    target: str,
    state: str | None,
    prefix: str,
    workers: int,
    both: bool,
    conflict: str,
    as_json: bool,
    **options: bool,
) -> None:
    """Copy every key of the store at FROM that has changed since the last sync to the store at TO.

    The first sync compares both stores. The next ones read the change feed of FROM, or compare the listings
    of both stores with the tags that are remembered at TO, under reserved keys. A key that was deleted at
    FROM since then is deleted at TO. FROM wins: a value that another program stored at TO is replaced. A key
    that only TO ever had stays, unless you give --delete. To copy without deleting anything, use `holdall cp`.

    With --both, each store gets what changed at the other one. A key that changed at both is a conflict. Without
    --conflict, both values stay, and the exit code is 1. If both stores keep history, `holdall conflicts` lists the
    siblings that --conflict keep leaves, and those that --conflict merge-fields could not merge.

    If the command is interrupted, run it again: it goes on. Keys whose values cannot be read or stored are
    shown, the next sync tries them again, and the exit code is 1.
    """
    if both and (options["delete"] or options["raw"]):
        raise click.UsageError("--both takes neither --delete nor --raw")
    if conflict != "raise" and not both:
        raise click.UsageError("--conflict needs --both")
    if both:
        del options["delete"], options["raw"]
    if not options["dry_run"]:
        announce(target)
    with (
        open_sides(source, target, state) as (here, there, kept),
        show_settled("syncing keys", here, prefix) as tell,
    ):
        way = _way(both, conflict)
        try:
            report = way(here, there, prefix=prefix, state=kept, workers=workers, tell=tell, **options)
        except Unsettled as error:
            show(error.report, as_json=as_json)
            raise
    show(report, as_json=as_json, dry_run=options["dry_run"])
    click.get_current_context().exit(1 if report.left else 0)


def _way(both: bool, conflict: str) -> Callable[..., Report]:
    """Return the function that syncs one way, or both ways and settles conflicts so."""
    policy = merge_fields if conflict == _FIELDS else cast("Policy", conflict)
    return partial(sync_both, conflict=policy) if both else sync


@contextmanager
def open_sides(
    source: str, target: str, state: str | None
) -> Iterator[tuple[Store[Any], Store[Any], Store[Any] | None]]:
    """Open the stores at these addresses."""
    with ExitStack() as opened:
        here, there = (opened.enter_context(open_store(each)) for each in (source, target))
        yield here, there, None if state is None else opened.enter_context(open_store(state))


def show_settled(label: str, store: Store[Any], prefix: str) -> AbstractContextManager[Callable[[int], None]]:
    """Show the progress of a sync from ``store``. A sync that compares all keys also shows the time left."""
    return show_progress(label, lambda: sum(1 for _ in store.scan(prefix)), lazily=True)


def show(
    report: Report,
    *,
    as_json: bool = False,
    lines: bool = False,
    dry_run: bool = False,
    replaced: bool = True,
) -> None:
    """Print what a sync did on standard error; without ``replaced``, not how many values it replaced.

    If ``as_json``, it also prints the report as JSON on standard output, in one line if ``lines``.
    """
    if as_json:
        printed = report.as_json()
        print_bytes(json.dumps(printed).encode() + b"\n") if lines else print_json(printed)
    for key, error in list(report.refused.items())[:_SHOWN]:
        click.echo(f"holdall: {format_key(key)} was left out: {error}", err=True)
    for key in report.conflicts[:_SHOWN]:
        click.echo(f"holdall: {format_key(key)} changed at both stores", err=True)
    would = "would have " if dry_run else ""
    parts = [f"{would}copied {report.copied:,}", f"deleted {report.deleted:,}"]
    for count, words in (
        (report.replaced * replaced, "replaced {:,} that had changed there too"),
        (report.extra, "{:,} only at TO"),
        (report.siblings, "{:,} with siblings"),
        (report.left, "left out {:,}"),
    ):
        if count:
            parts.append(words.format(count))
    click.echo(f"{', '.join(parts)} (of {report.examined:,} keys)", err=True)
