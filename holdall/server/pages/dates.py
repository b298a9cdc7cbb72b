"""Days in the query strings and forms of the pages."""

from contextlib import suppress
from datetime import date, datetime

from holdall.extras import needs

with needs("server"):
    import falcon


def today() -> date:
    """Return the current day on the machine of the service."""
    return datetime.now().astimezone().date()


def parse_day(text: str) -> date | None:
    """Return the day in ``text``, as in 2026-03-01, or None if it is not one.

    >>> parse_day("2026-03-01"), parse_day("20260301")
    (datetime.date(2026, 3, 1), None)
    """
    with suppress(ValueError):
        day = date.fromisoformat(text)
        return day if day.isoformat() == text else None
    return None


def read_day(text: str | None) -> date:
    """Return the day in ``text``, or today without it. Raises HTTPBadRequest if it is not a day."""
    if not text:
        return today()
    day = parse_day(text)
    if day is None:
        raise falcon.HTTPBadRequest(description="on is not a day; write it as 2026-03-01")
    return day
