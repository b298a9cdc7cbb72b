"""Epochs: who is the primary, so that a former primary takes no more writes.

    epoch = JSON object: "format": 1, "epoch": number, "role": "primary" / "replica" / "fenced", "primary": text

Each promotion has a higher epoch than the one before. A store without this record is of epoch 0, and may be a
primary. ``primary`` is the name of the primary of this epoch, for people.
"""

import time
from typing import Any, Final, NamedTuple

from holdall.errors import Corrupt, Fenced
from holdall.replication.replicas.records import dump, load, records
from holdall.replication.sync import distrust
from holdall.store import Store

_NAME: Final = "epoch"
INTERVAL: Final = 1.0
"""The longest time between two looks of a writer at the epoch of its primary, in seconds."""


class Epoch(NamedTuple):
    """The epoch of a store, and its role in it: "primary", "replica" or "fenced"."""

    number: int = 0
    role: str = "primary"
    primary: str = ""

    def write(self, store: Store[Any]) -> None:
        """Replace the epoch of ``store``."""
        records(store)[_NAME] = dump(format=1, epoch=self.number, role=self.role, primary=self.primary)


def read_epoch(store: Store[Any]) -> Epoch:
    """Return the epoch of ``store``. Raises Corrupt if the record is damaged."""
    data = records(store).get(_NAME)
    if data is None:
        return Epoch()
    read = load(store, _NAME, data)
    try:
        return Epoch(int(read["epoch"]), str(read["role"]), str(read["primary"]))
    except (ValueError, TypeError, KeyError) as error:
        raise Corrupt(f"the epoch of {store!r} is damaged: {error}") from error


class Guardian:
    """Lets writes through while ``primary`` is the primary."""

    def __init__(self, primary: Store[Any]) -> None:
        self._primary = primary
        self._looked = -INTERVAL - time.monotonic()
        self.epoch = Epoch()

    def check(self) -> None:
        """Raise Fenced if another store was promoted. Reads the epoch if the last look is over a second old."""
        now = time.monotonic()
        if now - self._looked >= INTERVAL:
            self.epoch = read_epoch(self._primary)
            self._looked = now  # from before the look
        if self.epoch.role != "primary":
            raise fenced(self._primary, self.epoch)

    def claim(self, replica: Store[Any]) -> None:
        """Make sure that ``replica`` is of no later epoch, and give it that of the primary.

        If it is of a later one, this fences the primary and raises Fenced.
        """
        ours, theirs = read_epoch(self._primary), read_epoch(replica)
        if ours.role != "primary":
            raise fenced(self._primary, ours)
        if theirs.number > ours.number:
            ours = theirs._replace(role="fenced")
            ours.write(self._primary)
            raise fenced(self._primary, ours)
        if theirs.number < ours.number or (ours.number and theirs.role != "replica"):
            admit(self._primary, replica, ours)


def admit(primary: Store[Any], replica: Store[Any], epoch: Epoch) -> None:
    """Make ``replica`` a replica of ``primary`` in this epoch.

    It may have been a primary since its last delivery, or a replica of another one. So it may have writes that
    ``primary`` never had, and only a comparison of all keys finds them.
    """
    distrust(primary, replica)
    epoch._replace(role="replica").write(replica)


def fenced(store: Store[Any], epoch: Epoch) -> Fenced:
    """Return the Fenced for a write to ``store``, which is not the primary any more."""
    primary = epoch.primary or "another store"
    return Fenced(
        f"{store!r} is not the primary any more: {primary} was promoted (epoch {epoch.number}); "
        "open that store as the primary, and this one as a replica"
    )
