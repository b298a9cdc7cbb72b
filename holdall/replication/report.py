"""What a sync did."""

from dataclasses import dataclass, field
from typing import Any, Final

from holdall.errors import Conflict, HoldallError
from holdall.replication.rules import Outcome

SHOWN: Final = 1_000
"""A report names at most so many keys of each kind; it counts all."""


@dataclass
class Report:
    """What a sync did, or with ``dry_run`` would do. It counts keys.

    ``replaced`` counts values of the target, or with both ways of either side, that a sync had not written
    and that were overwritten or deleted. ``extra`` counts the keys that only the target has. ``examined``
    counts the keys that were compared, or that a feed told. ``refused`` are the keys whose values could not
    be read or stored, with the errors. ``conflicts`` are the keys that changed on both sides and were left.
    Both name at most 1,000 keys, and ``left`` counts all of these. ``siblings`` counts the keys that have siblings,
    see `holdall.replication.conflicts`. ``full`` tells whether all keys were compared, and ``position`` is the
    position in the feed of the source.

    ``revisions`` tells whether the revisions of both sides told what follows what. If not, remembered tags did.
    They do not tell which of two values is newer at the first sync, nor whether a third store brought a value.
    """

    copied: int = 0
    deleted: int = 0
    replaced: int = 0
    extra: int = 0
    siblings: int = 0
    left: int = 0
    examined: int = 0
    full: bool = False
    revisions: bool = False
    position: str | None = None
    refused: dict[str, HoldallError] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the report as a JSON object. The errors in ``refused`` are texts.

        >>> Report(copied=2, examined=2).as_json()["copied"]
        2
        """
        return vars(self) | {"refused": {key: str(error) for key, error in self.refused.items()}}

    @property
    def changed(self) -> int:
        """The number of keys that were copied or deleted."""
        return self.copied + self.deleted

    def add(self, outcome: Outcome) -> None:
        """Count one key."""
        self.copied += outcome.done == "copied"
        self.deleted += outcome.done == "deleted"
        self.replaced += outcome.replaced
        self.siblings += outcome.siblings
        if outcome.settled:
            return
        self.left += 1
        if outcome.error is not None and len(self.refused) < SHOWN:
            self.refused[outcome.key] = outcome.error
        elif outcome.error is None and len(self.conflicts) < SHOWN:
            self.conflicts.append(outcome.key)


class Unsettled(Conflict):
    """Keys changed at both stores, and a sync settled only the others. ``report`` tells what it did."""

    def __init__(self, message: str, *, key: str | None = None, report: Report | None = None) -> None:
        super().__init__(message, key=key)
        self.report = report or Report()
