"""Information about the server of a bucket, for people to read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SKEW = 60  # seconds; Amazon refuses a request if its time of signing is 15 minutes off


def server_info(where: str, headers: Mapping[str, str]) -> dict[str, str]:
    """The server at ``where`` and the state of its clock, from the ``headers`` of one of its answers.

    The names of the headers are in lower case.
    """
    said = headers.get("server")
    return {
        "server": f"{where}, which identifies itself as {said}" if said else where,
        "clock": _skew(headers.get("date", "")),
    }


def _skew(date: str) -> str:
    try:
        seconds = abs(datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return "the server does not send its time"
    if seconds < _SKEW:
        return "agrees with the clock of the server to within a minute"
    return f"is {seconds:.0f} seconds off the clock of the server; set this machine's clock"
