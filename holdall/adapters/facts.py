"""What a bucket and its server tell about themselves, for people to read."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

from holdall.keys import fits

_SKEW = 60  # seconds; Amazon refuses requests that are signed 15 minutes off
_SHOWN = 3  # foreign keys that are named


def facts(where: str, headers: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """The server at ``where`` by what ``headers`` of an answer of its say, and which ``names`` are no keys.

    The names of headers are in lower case.
    """
    said = headers.get("server")
    return {
        "server": f"{where}, which calls itself {said}" if said else where,
        "clock": _skew(headers.get("date", "")),
        "foreign keys": _foreign(names),
    }


def _skew(date: str) -> str:
    try:
        seconds = abs(datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return "the server tells no time"
    if seconds < _SKEW:
        return "agrees with the server's to a minute"
    return f"is {seconds:.0f} seconds off the server's; set this machine's clock"


def _foreign(names: Iterable[str]) -> str:
    """How many of ``names`` no key can have, and some of them."""
    unfit = (name for name in names if not fits(name))
    shown = list(islice(unfit, _SHOWN))
    count = len(shown) + sum(1 for _ in unfit)
    if not count:
        return "none"
    return f"{count}, which scans pass over, such as {', '.join(map(repr, shown))}; rename or ignore them"
