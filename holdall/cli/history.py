"""Commands on the history of keys: history, show, diff, revert, undelete, prune, fsck."""

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

import click

from holdall.cli import zone
from holdall.cli.address import announce, note_empty, positional
from holdall.cli.arguments import day
from holdall.cli.help import examples
from holdall.cli.output.printing import formats, print_bytes, print_json, print_rows
from holdall.cli.output.safe_text import one_line
from holdall.cli.output.values import format_value
from holdall.cli.zone import Zone
from holdall.errors import Conflict, HoldallError
from holdall.history import Revision
from holdall.middleware.versions import Problem, Versions
from holdall.registry import open as open_store
from holdall.store import Store

COLUMNS = ("revision", "time", "what", "author", "message")

author_option = click.option(
    "--author", envvar="HOLDALL_AUTHOR", show_envvar=True, help="The author of the revision [your user name]."
)
message_option = click.option(
    "--message", "-m", default="", help="The message of the revision, such as a reason."
)


@contextmanager
def open_versions(at: dict[str, Any]) -> Iterator[Versions[bytes]]:
    """Open the store of a command, with its history."""
    with open_store(at["uri"]) as store:
        try:
            yield _versions(store)
        except KeyError:
            key = at["key"]
            raise HoldallError(
                f"key {key!r} never existed, or was deleted at that revision", key=key
            ) from None


def _versions(store: Store[bytes]) -> Versions[bytes]:
    """Return ``store`` as a store that keeps versions, whether or not its address names them."""
    return store if isinstance(store, Versions) else Versions(store)


@click.command(epilog=examples("history sqlite:///notes.db greeting"))
@positional("key")
@formats
def history(at: dict[str, Any], style: str | None) -> None:
    """List the revisions of KEY, newest first, each with its time, author and message."""
    with open_versions(at) as store:
        print_rows(COLUMNS, map(_row, store.history(at["key"])), style)


def _row(revision: Revision) -> tuple[str, ...]:
    shown = revision.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if not revision.time.timestamp():  # it is older than its history, so its time is not known
        shown = "earlier"
    what = "deleted" if revision.deleted else "written"
    return (str(revision.number), shown, what, revision.author, revision.message)


@click.command("show", epilog=examples("show sqlite:///notes.db greeting --at 1"))
@positional("key")
@click.option("--at", "revision", type=int, help="The number of the revision [the newest].")
def show(at: dict[str, Any], revision: int | None) -> None:
    """Write the value that KEY had at a revision to standard output, byte for byte.

    A document is written as JSON if the address names a serializer of documents, such as serializer=msgpack.
    On a terminal, control characters are shown as escapes.
    """
    with open_versions(at) as store:
        value = store[at["key"]] if revision is None else store.at(at["key"], revision)
    print_bytes(format_value(value))


@click.command(epilog=examples("diff sqlite:///notes.db greeting 1 2"))
@positional("key", "old", "new")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON Patch (RFC 6902).")
def diff(at: dict[str, Any], as_json: bool) -> None:
    """Show what changed in KEY between the revisions OLD and NEW.

    JSON documents are compared part by part. Other values are compared line by line.
    """
    from holdall.cli.output.diff import diff_lines  # imported late: it needs an extra
    from holdall.middleware.versions.diff import difference

    with open_versions(at) as store:
        old, new = (_document(store, at["key"], _number(at[name])) for name in ("old", "new"))
    if as_json:
        print_json(difference(at["key"], old, new))
    else:
        for sign, text in diff_lines(at["key"], old, new):
            click.secho(f"{sign} {one_line(text)}", fg={"-": "red", "+": "green", "~": "yellow"}[sign])


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise click.BadParameter(
            f"{text!r} is not the number of a revision; `holdall history` lists the numbers"
        )
    return int(text)


def _document(store: Versions[bytes], key: str, revision: int) -> Any:
    """Return the JSON document, the lines of text if it is not JSON, or None if it is a deletion."""
    try:
        data = format_value(store.at(key, revision))
    except KeyError:
        store.history(key)  # raises KeyError if the key never existed
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", "backslashreplace").splitlines()


@click.command(epilog=examples("revert sqlite:///notes.db greeting 1 -m 'as it was'"))
@positional("key", "revision")
@author_option
@message_option
def revert(at: dict[str, Any], author: str | None, message: str) -> None:
    """Write the value that KEY had at REVISION as its newest revision. All other revisions stay.

    If REVISION is a deletion, KEY is deleted.
    """
    number = _number(at["revision"])
    with open_versions(at) as store, store.note(author or user_name(), message or f"revert to {number}"):
        store.revert(at["key"], number)


def user_name() -> str:
    """Return the name of the current user. Raises HoldallError if the user has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the number of the user has no name, as in some containers
        raise HoldallError("the current user has no name; give one with --author or HOLDALL_AUTHOR") from None


@click.command(epilog=examples("undelete sqlite:///notes.db greeting"))
@positional("key")
@author_option
@message_option
def undelete(at: dict[str, Any], author: str | None, message: str) -> None:
    """Bring back the value that KEY had before it was deleted."""
    with open_versions(at) as store, store.note(author or user_name(), message or "undelete"):
        try:
            store.undelete(at["key"])
        except Conflict:
            raise HoldallError(f"{at['key']!r} is not deleted", key=at["key"]) from None


@click.command(
    epilog=examples("prune sqlite:///notes.db --keep 10", "prune sqlite:///notes.db --before 2019-01-01")
)
@positional(optional="prefix")
@click.option(
    "--keep", type=click.IntRange(min=1), help="Keep this many of the newest revisions of each key."
)
@click.option(
    "--before", type=day, help="Keep the revision that was current when this day began, and all newer ones."
)
@zone.option
def prune(at: dict[str, Any], keep: int | None, before: date | None, zone: Zone) -> None:
    """Drop old revisions of the keys that begin with PREFIX, or of all keys.

    The newest revision of a key always stays. With both --keep and --before, a revision is dropped only if
    both options allow it.
    """
    if keep is None and before is None:
        raise click.UsageError("give --keep, --before, or both")
    midnight = None if before is None else zone.instant(datetime.combine(before, time.min))
    announce(at["uri"])
    with open_store(at["uri"]) as store:
        dropped = _versions(store).prune(keep=keep, before=midnight, prefix=at["prefix"] or "")
    click.echo(f"dropped {dropped:,} revisions", err=True)


@click.command(epilog=examples("fsck sqlite:///notes.db", "fsck sqlite:///notes.db --mend"))
@positional()
@click.option("--mend", is_flag=True, help="Mend the problems that can be mended.")
@formats
@click.pass_context
def fsck(ctx: click.Context, at: dict[str, Any], mend: bool, style: str | None) -> None:
    """Check that the store and its history are complete and undamaged.

    An interrupted write is reported too; the next write to its key would complete it. The exit code is 1 if a
    problem is not mended. If the store has no keys at all, a line on standard error says so.
    """
    if mend:
        announce(at["uri"])
    with open_store(at["uri"]) as store:
        problems = list(_versions(store).fsck(mend=mend))
        if not (problems or store.raw()):
            note_empty(at["uri"])
    if problems or style:
        print_rows(("key", "revision", "problem", "mended"), map(_problem, problems), style)
    ctx.exit(0 if all(problem.mended for problem in problems) else 1)


def _problem(problem: Problem) -> tuple[str, ...]:
    number = "" if problem.revision is None else str(problem.revision)
    return (problem.key, number, problem.what, "yes" if problem.mended else "no")
