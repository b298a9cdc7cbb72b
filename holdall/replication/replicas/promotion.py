"""Makes a replica the primary."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from holdall.errors import HoldallError, Invalid
from holdall.replication.apart import require_two
from holdall.replication.replicas.epochs import INTERVAL, Epoch, admit, read_epoch
from holdall.replication.replicas.marks import new_mark, write_mark
from holdall.replication.report import Report
from holdall.replication.sync import sync
from holdall.store import Store


class Promotion(NamedTuple):
    """What `promote` did.

    ``epoch`` is the number of the new epoch. ``fenced`` tells whether the old primary takes no more writes, and
    ``report`` is that of the last sync from it. ``unreached`` are the errors of the other stores that did not
    answer, by their names; the new primary tells them later.
    """

    epoch: int
    fenced: bool
    report: Report | None
    unreached: dict[str, str]


def promote(primary: Store[Any], replica: Store[Any], *others: Store[Any], lost: bool = False) -> Promotion:
    """Make ``replica`` the primary instead of ``primary``. ``others`` are the other replicas.

    This fences the old primary: it records there that another store is the primary, waits until every writer with
    the layer `Replicas` has seen this, which takes two seconds, and then delivers the rest. A write that began before
    and takes longer can be lost, and so can those of writers that use the old primary without the layer.

    If the old primary does not answer, this raises Unavailable, and changes nothing. With ``lost``, it goes on after
    this error and any other one. Then everything is lost that was not delivered. Writers that still reach the old
    primary are fenced when one of them meets the new one; what they wrote in the meantime is lost too.

    It may be run again after an error. Open the stores with ``replica`` as the primary afterwards.

    >>> from holdall import Memory
    >>> old, new = Memory(), Memory()
    >>> old["a"] = b"1"
    >>> promote(old, new).epoch, new["a"]
    (1, b'1')
    """
    for other in (primary, *others):
        require_two(other, replica)
    unreached: dict[str, str] = {}
    epochs = [read_epoch(replica), *_epochs(others, unreached)]
    report = None
    try:
        epochs.append(read_epoch(primary))
        _require_keys(primary, replica)
        report = _fence(primary, replica, max(each.number for each in epochs) + 1)
    except HoldallError as error:
        if not lost:
            raise
        unreached[repr(primary)] = str(error)
    epoch = Epoch(max(each.number for each in epochs) + 1, "primary", repr(replica))
    write_mark(replica, new_mark())
    epoch.write(replica)
    if report is None:
        time.sleep(2 * INTERVAL)  # until a delivery from the old primary that is under way has seen this
    for store in others:
        try:
            admit(replica, store, epoch)
        except HoldallError as error:
            unreached[repr(store)] = str(error)
    return Promotion(epoch.number, report is not None, report, unreached)


def _epochs(stores: tuple[Store[Any], ...], unreached: dict[str, str]) -> Iterator[Epoch]:
    """Yield the epochs of the stores that answer, and add the errors of the others to ``unreached``."""
    for store in stores:
        try:
            yield read_epoch(store)
        except HoldallError as error:
            unreached[repr(store)] = str(error)


def _fence(primary: Store[Any], replica: Store[Any], number: int) -> Report:
    """Let ``primary`` take no more writes, and deliver the rest to ``replica``."""
    Epoch(number, "fenced", repr(replica)).write(primary)
    time.sleep(2 * INTERVAL)
    return sync(primary, replica, delete=True, full=True, allow_empty=True)


def _require_keys(primary: Store[Any], replica: Store[Any]) -> None:
    """Raise Invalid if ``primary`` has no keys but ``replica`` has. This must come before the fence."""
    if not primary and replica:
        raise Invalid(
            f"{primary!r} has no keys, so all of them would be deleted at {replica!r}; check the address; if its keys "
            "were deleted, first deliver this (holdall replicate), and then promote"
        )
