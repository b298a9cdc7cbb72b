"""How far a replica is behind the primary."""

from dataclasses import dataclass
from typing import Literal

State = Literal["not started", "following", "catching up", "resync needed", "failed"]


@dataclass(frozen=True)
class Lag:
    """How far the replica ``name`` is behind the primary.

    ``changes`` is the number of keys that it lacks, counted up to 10,000, or None if this cannot be told now.
    ``seconds`` is the time since it was last known to have everything, or None if it was not since this process
    opened it. ``error`` is the last error, without secrets, and empty after a delivery that succeeded.
    ``refused`` is the number of keys that it refused; they are tried again. ``failures`` is the number of
    deliveries of this process that failed.
    """

    name: str
    state: State
    changes: int | None
    seconds: float | None
    error: str
    refused: int
    failures: int = 0

    def __str__(self) -> str:
        """Return a line for people.

        >>> str(Lag("Memory()", "failed", 3, 7.2, "Unavailable: no answer", 0))
        'Memory(): failed, 3 changes and 7 s behind, Unavailable: no answer'
        """
        parts = [f"{self.name}: {self.state}"]
        if self.changes:
            seconds = "" if self.seconds is None else f" and {self.seconds:.0f} s"
            parts.append(f"{self.changes:,} changes{seconds} behind")
        if self.refused:
            parts.append(f"{self.refused:,} keys refused")
        return ", ".join([*parts, *filter(None, [self.error])])
