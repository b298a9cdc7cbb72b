"""The commands on the replicas of a store: replicate, replicas and promote."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any, Final, cast

import click

from holdall.address import Address
from holdall.cli.address import announce, positional
from holdall.cli.help import examples
from holdall.cli.output.printing import formats, print_bytes, print_rows
from holdall.configuration.files import find
from holdall.configuration.replicas import REPLICATED, Replicated
from holdall.errors import HoldallError
from holdall.registry import open as open_store
from holdall.registry import plan
from holdall.replication.replicas import Lag, Promotion, Replicas, replicas_of
from holdall.replication.replicas import promote as promote_to

_COLUMNS: Final = ("replica", "state", "changes", "seconds", "refused", "error")
_LEVEL: Final = ("following", "catching up")


@click.command(epilog=examples("replicate 'sqlite:///notes.db?replica=file:notes-copy'"))
@positional()
@click.option("--watch", is_flag=True, help="Go on, and deliver each change within a second, until Ctrl-C.")
@click.option(
    "--interval",
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    default=5,
    show_default=True,
    help="With --watch, the time between two looks at the lag.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the lag of all replicas as a JSON object per line."
)
def replicate(at: dict[str, Any], watch: bool, interval: float, as_json: bool) -> None:
    """Deliver missed changes to the replicas of the store at URI, and show how far they are behind.

    A process that writes to a store with replicas delivers by itself. This command delivers what a process left
    that crashed, or that opened the store with deliver=off. Several processes may deliver at once.

    With --watch, it goes on until Ctrl-C, and prints a line whenever the state of a replica changes. A replica that
    does not answer is tried again. The exit code is 1 if a replica could not be brought up to date.
    """
    with _open(at["uri"]) as (replicated, layer):
        lags = _named(replicated, layer.deliver())
        _show(lags, as_json)
        if watch:
            _watch(replicated, layer, lags, interval, as_json)
    click.get_current_context().exit(0 if all(map(_is_level, lags)) else 1)


def _watch(
    replicated: Replicated, layer: Replicas[Any], before: list[Lag], interval: float, as_json: bool
) -> None:
    """Deliver until Ctrl-C, and print the lags whenever one of them changes."""
    layer.start()
    while True:
        time.sleep(interval)
        lags = _named(replicated, layer.lag())
        if list(map(_seen, lags)) != list(map(_seen, before)):
            _show(lags, as_json)
        before = lags


def _seen(lag: Lag) -> tuple[Any, ...]:
    return "" if lag.state in _LEVEL else lag.state, lag.changes, lag.error, lag.refused


def _named(replicated: Replicated, lags: tuple[Lag, ...]) -> list[Lag]:
    """Return ``lags`` with the addresses of the replicas as their names."""
    return [replace(lag, name=str(each)) for lag, each in zip(lags, replicated.others, strict=True)]


def _show(lags: list[Lag], as_json: bool) -> None:
    if as_json:
        print_bytes(json.dumps([asdict(lag) for lag in lags]).encode() + b"\n")
    else:
        for lag in lags:
            click.echo(f"holdall: {lag}", err=True)


def _is_level(lag: Lag) -> bool:
    return lag.state in _LEVEL and not (lag.error or lag.refused)


@click.command(epilog=examples("replicas 'sqlite:///notes.db?replica=file:notes-copy'"))
@positional()
@formats
def replicas(at: dict[str, Any], style: str | None) -> None:
    """Show how far each replica of the store at URI is behind: its state, changes, seconds and last error.

    The seconds and the state are known to the process that delivers; the metrics of `holdall serve` show them. The
    exit code is 1 if a replica cannot be asked.
    """
    with _open(at["uri"]) as (replicated, layer):
        lags = _named(replicated, layer.lag())
    rows = [tuple("" if each is None else f"{each}" for each in _cells(lag)) for lag in lags]
    print_rows(_COLUMNS, rows, style)
    click.get_current_context().exit(1 if any(lag.error for lag in lags) else 0)


def _cells(lag: Lag) -> tuple[Any, ...]:
    seconds = None if lag.seconds is None else round(lag.seconds, 1)
    return lag.name, lag.state, lag.changes, seconds, lag.refused, lag.error


@click.command(epilog=examples("promote 'sqlite:///till.db?replica=file:till-copy' file:till-copy"))
@positional(optional="replica")
@click.option("--lost", is_flag=True, help="Go on although the primary does not answer.")
def promote(at: dict[str, Any], lost: bool) -> None:
    """Make a replica of the store at URI the primary, and let the old primary take no more writes.

    REPLICA is the address or the name of the replica, as the address of the store names it. It may be left out if
    there is one. The command first refuses writes at the old primary, and then delivers the rest, so nothing is lost
    of writers that use the replicas too. With --lost, it does not need the old primary; everything is lost that was
    not delivered. It prints the address under which to open the store from now on, in your configuration as well.
    """
    announce(at["uri"])
    with _open(at["uri"]) as (replicated, layer):
        number = _number(replicated, at["replica"])
        others = [store for place, store in enumerate(layer.others) if place != number]
        done = promote_to(layer.primary, layer.others[number], *others, lost=lost)
    _tell(done, lost)
    _tell_address(at["uri"], replicated, number)


def _number(replicated: Replicated, named: str | None) -> int:
    """Return the place of the replica with the address ``named``. Raises UsageError if there is none."""
    found = [str(address) for address in replicated.others]
    if named is None and len(found) == 1:
        return 0
    wanted = None if named is None else str(Address.parse(named))
    if wanted not in found:
        raise click.UsageError(f"name the replica that becomes the primary: {', '.join(found)}")
    return found.index(wanted)


def _tell(done: Promotion, lost: bool) -> None:
    if done.fenced:
        text = "the old primary takes no more writes; "
        if done.report is not None:
            text += f"its last {done.report.changed:,} changes were delivered"
    else:
        text = "the old primary did not answer: changes that it had not delivered are lost; it may still take writes"
    click.echo(f"holdall: {text}", err=True)
    for name, error in done.unreached.items():
        click.echo(f"holdall: {name} will learn it later: {error}", err=True)


def _tell_address(uri: str, replicated: Replicated, number: int) -> None:
    """Print what to change, so that the replica is opened as the primary."""
    address, new = Address.parse(uri), replicated.others[number]
    where = f"store.{address.name} in {find(address.name).file}" if address.name else "the address"
    old = find(address.name).address if address.name else address
    old = old.without(*REPLICATED)
    rest = [str(each) for place, each in enumerate(replicated.others) if place != number]
    if not (new.name or new.layered):
        new = new.with_options(**{name: old.params[name] for name in old.layered})
        old = old.without(*old.layered)
    click.echo(f"holdall: change {where}: its primary is now {new}", err=True)
    click.echo(f"holdall: and its replicas are {', '.join([*rest, str(old)])}", err=True)


@contextmanager
def _open(uri: str) -> Iterator[tuple[Replicated, Replicas[Any]]]:
    """Open the store at ``uri``; yield its replicas as declared, and its layer, which does not deliver by itself."""
    replicated = plan(uri)[0].replicas
    if replicated is None:
        raise HoldallError(
            f"{Address.parse(uri)} has no replicas; add ?replica=ADDRESS, or replicas in holdall.toml"
        )
    with open_store(uri, deliver=False) as store:
        yield replicated, cast("Replicas[Any]", replicas_of(store))
