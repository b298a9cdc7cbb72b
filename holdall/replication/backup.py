"""A backup is a one-way sync into a store that keeps history, so that a restore can choose a time."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from holdall.errors import Unavailable
from holdall.middleware.versions import Versions
from holdall.replication.apart import probe, require_two
from holdall.replication.deliver import Delivery
from holdall.replication.report import Report
from holdall.replication.rules import OneWay
from holdall.replication.run import Run
from holdall.replication.side import Side
from holdall.replication.state import State
from holdall.replication.sync import sync
from holdall.store import Feature, Store

_PAUSES: Final = 1.0, 60.0  # the first and the longest wait after a store did not answer, in seconds


def back_up(source: Store[Any], target: Store[Any], **options: Any) -> Report:
    """Make ``target`` equal to ``source`` as `sync` with ``delete`` does, and keep what it replaces.

    If ``target`` does not keep history, the layer `Versions` is added to it; read it through this layer
    (``history=on`` in its address). ``options`` are those of `sync`.

    >>> from holdall import Memory, Versions
    >>> books, bucket = Memory(), Memory()
    >>> books["invoices/1"] = b"100.00"
    >>> back_up(books, bucket).copied
    1
    >>> del books["invoices/1"]
    >>> back_up(books, bucket).deleted, Versions(bucket).at("invoices/1", 1)
    (1, b'100.00')
    """
    require_two(source, target, options.get("prefix", ""))
    return sync(source, _with_history(target), delete=True, **options)


def restore(
    backup: Store[Any],
    target: Store[Any],
    as_of: datetime | None = None,
    *,
    prefix: str = "",
    dry_run: bool = False,
    allow_empty: bool = False,
    workers: int = 8,
    tell: Callable[[int], None] = lambda count: None,
) -> Report:
    """Make ``target`` equal to what ``backup`` was at the time ``as_of``, or what it is now.

    All values under ``prefix`` are compared. Those that are equal are not written again, and a key that
    ``backup`` did not have at that time is deleted. Nothing is remembered, so a restore that was interrupted
    begins again. The time of a value is the time at which it was backed up. A value that expires has the time left that
    it had at that time.

    Raises NoRevision if the value of that time was pruned, and Invalid if ``backup`` had no keys at that time
    and ``target`` has some, unless ``allow_empty`` is true.
    """
    require_two(backup, target, prefix)
    if not dry_run:
        probe(backup, target, prefix)
    kept = _with_history(backup)
    view = kept if as_of is None else kept.as_of(as_of)
    giver, taker = (Side(store, prefix, raw=False) for store in (view, target))
    nothing = State(None, (giver.name, taker.name), (prefix,))
    run = Run((giver, taker), (False, False), nothing, workers=workers, tell=tell, allow_empty=allow_empty)
    rule = OneWay(Delivery(giver, taker, dry=dry_run), delete=True)
    return run.go(lambda restored: rule, full=True)


def follow(
    make: Callable[[], Report],
    source: Store[Any],
    *,
    prefix: str = "",
    interval: float = 60,
    begin: Callable[[], Report] | None = None,
    lost: Callable[[Unavailable, float], None] = lambda error, wait: None,
) -> Iterator[Report]:
    """Call ``make``, which syncs ``source`` to another store, whenever ``source`` changes; yield its reports.

    The first call is of ``begin``, if it is given. A store with CHANGES tells when it changes; any other store is
    compared every ``interval`` seconds. If a store does not answer, this calls ``lost`` with the error and the
    seconds that it waits before it tries again: one, then two, and so on up to a minute. It ends when ``source``
    is closed.
    """
    shortest, longest = _PAUSES
    wait = shortest
    call = begin or make
    while True:
        try:
            report = call()
            call = make
            yield report
            wait = shortest
            if report.position is None:
                time.sleep(interval)
            elif not source.watch(report.position, prefix=prefix):
                return
        except Unavailable as error:
            lost(error, wait)
            time.sleep(wait)
            wait = min(2 * wait, longest)


def _with_history(store: Store[Any]) -> Store[Any]:
    return store if Feature.HISTORY in store.features else Versions(store)
