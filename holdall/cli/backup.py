"""The commands backup and restore: a copy of a store that keeps history, and the way back from it."""

from datetime import date
from functools import partial

import click

from holdall.cli import zone
from holdall.cli.address import announce
from holdall.cli.arguments import moment
from holdall.cli.help import examples
from holdall.cli.output.progress import show_progress
from holdall.cli.sync import between, open_sides, show, show_settled, with_state
from holdall.cli.zone import Zone
from holdall.errors import Unavailable
from holdall.replication import Report, back_up, follow
from holdall.replication import restore as restore_from


@click.command(
    epilog=examples("backup sqlite:///books.db file:backup", "backup --verify sqlite:///books.db file:backup")
)
@between
@with_state
@click.option(
    "--verify", is_flag=True, help="Compare the values of all keys, and read back each written value."
)
@click.option("--watch", is_flag=True, help="Go on, and copy each change within a second, until Ctrl-C.")
@click.option(
    "--interval",
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    default=60,
    show_default=True,
    help="The time between two comparisons with --watch, if FROM has no change feed.",
)
def backup(
    source: str,
    target: str,
    state: str | None,
    prefix: str,
    allow_empty: bool,
    workers: int,
    as_json: bool,
    verify: bool,
    watch: bool,
    interval: float,
) -> None:
    """Copy every key of the store at FROM that has changed to the store at TO, and keep what it replaces.

    It is `holdall sync --delete` into a store with history. TO keeps each value and each deletion as a
    revision with its time, so that `holdall restore --as-of` can go back. Open TO with history=on to read
    it. `holdall prune TO` drops old revisions.

    With --watch, the command copies each change of FROM as it comes. If a store does not answer, also at the
    start, it tries again until the store does. With --json, it prints one report per line. Keys that cannot
    be stored make the exit code 1, and the next backup tries them again.
    """
    announce(target)
    left = 0
    with open_sides(source, target, state) as (here, there, kept):
        make = partial(
            back_up, here, there, prefix=prefix, allow_empty=allow_empty, state=kept, workers=workers
        )

        def begin() -> Report:
            with show_settled("backing up keys", here, prefix) as tell:
                return make(verify=verify, tell=tell)

        following = follow(make, here, begin=begin, prefix=prefix, interval=interval, lost=_tell)
        for number, report in enumerate(following if watch else [begin()]):
            if number == 0 or report.changed or report.left:
                show(report, as_json=as_json, lines=watch)
            left = report.left
    click.get_current_context().exit(1 if left else 0)


def _tell(error: Unavailable, wait: float) -> None:
    click.echo(f"holdall: {error}; trying again in {wait:g} s", err=True)


@click.command(
    epilog=examples(
        "restore file:backup sqlite:///restored.db",
        "restore --dry-run --as-of 2026-09-30T12:00 file:backup sqlite:///books.db",
    )
)
@between
@click.option(
    "--as-of", "time", type=moment, help="The store as it was at this time, or at the end of this day."
)
@click.option("--dry-run", is_flag=True, help="Write nothing, and report what would be done.")
@zone.option
def restore(
    source: str,
    target: str,
    prefix: str,
    allow_empty: bool,
    workers: int,
    as_json: bool,
    time: date | None,
    dry_run: bool,
    zone: Zone,
) -> None:
    """Make the store at TO equal to the backup at FROM, as it is now or was at a time.

    All values are compared, and only those that differ are written. A key that the backup did not have at
    that time is deleted at TO. The time of a value is the time at which it was backed up.
    """
    if not dry_run:
        announce(target)
    with open_sides(source, target, None) as (here, there, _), show_progress("restoring keys") as tell:
        report = restore_from(
            here,
            there,
            None if time is None else zone.instant(time),
            prefix=prefix,
            dry_run=dry_run,
            allow_empty=allow_empty,
            workers=workers,
            tell=tell,
        )
    show(report, as_json=as_json, dry_run=dry_run, replaced=False)
    click.get_current_context().exit(1 if report.left else 0)
