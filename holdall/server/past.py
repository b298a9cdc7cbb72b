"""The past of a store: the value of a key at a revision, and the whole store as of a time."""

from datetime import UTC, datetime
from typing import Any, Final

from holdall.errors import NoRevision
from holdall.extras import needs
from holdall.server.openapi import TIME, query, whole
from holdall.server.parameters import read_number, read_time, refuse_together
from holdall.server.problems import MissingKey
from holdall.server.stores import Served
from holdall.store import Feature

with needs("server"):
    pass

MOST: Final = (1 << 53) - 1
"""The highest number of a revision that a request may name: above it, a reader of JSON may round."""

PARAMETERS: Final = ("at", "as_of")
"""The parameters with which a request reads an earlier value: ``at`` a revision, or ``as_of`` a time."""

AT: Final = query("at", whole(1, MOST), "Answer with the value at this revision.")
"""The description of the parameter ``at``."""
AS_OF: Final = query("as_of", TIME, "Answer as of this time, in ISO 8601 with its offset.")
"""The description of the parameter ``as_of``."""


def has_history(served: Served) -> bool:
    """Return whether the store keeps a history."""
    return Feature.HISTORY in served.store.features


def require_history(served: Served) -> None:
    """Raise HTTPNotImplemented if the store keeps no history."""
    served.require(Feature.HISTORY, "this store keeps no history; serve it with history=on in its address")


def read_past(served: Served, key: str, given: dict[str, str]) -> Any:
    """Return the value that ``key`` had, as the parameters say. Raises KeyError if it was missing then."""
    refuse_together(given, *PARAMETERS)
    if "as_of" in given:
        return as_of(served, given["as_of"]).store[key]
    revision = read_number("at", given["at"], MOST)
    require_history(served)
    return served.store.at(key, revision)


def as_of(served: Served, text: str) -> Served:
    """Return ``served`` as it was at the time in ``text``, read-only."""
    time = read_time("as_of", text)
    require_history(served)
    return served._replace(store=served.store.as_of(time))


def modified(served: Served, key: str) -> datetime | None:
    """Return the time of the newest revision of ``key``, or None if it is not known.

    Call it before the value is read: a later write then makes the value newer than its time, and never older.
    """
    if not has_history(served):
        return None
    try:
        return time_of(next(served.store.history(key)).time)
    except (KeyError, NoRevision, StopIteration):
        return None


def time_of(time: datetime) -> datetime | None:
    """Return ``time`` in UTC, or None for a revision that is older than its history, so that no time is known."""
    return time.astimezone(UTC) if time.timestamp() > 0 else None


def missing_revision() -> MissingKey:
    """Return the error for a key that had no value at the revision or time, or never existed."""
    return MissingKey(description="the key had no value then")
