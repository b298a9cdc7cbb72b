"""The time zone of a command: the local zone, or the zone that ``--tz`` names."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Any

import click


@dataclass(frozen=True)
class Zone:
    """Converts days and times in one time zone, which is the local zone if ``named`` is None."""

    named: tzinfo | None = None

    def today(self) -> date:
        """Return the current day."""
        return datetime.now(self.named).date()

    def day(self, moment: datetime) -> date:
        """Return the day of ``moment``."""
        return self.instant(moment).date()

    def instant(self, moment: date) -> datetime:
        """Return ``moment`` as a time in this zone.

        A day becomes the end of that day. A time that names no zone is a time in this zone.

        >>> zone("Europe/Berlin").instant(date(2026, 9, 30)).isoformat()
        '2026-09-30T23:59:59.999999+02:00'
        """
        whole = moment if isinstance(moment, datetime) else datetime.combine(moment, time.max)
        if whole.tzinfo is None and self.named:
            return whole.replace(tzinfo=self.named)
        return whole.astimezone(self.named)

    def describe(self, moment: datetime) -> str:
        """Return ``moment`` as text, to the second, with its offset from UTC and the name of the zone."""
        return f"{self.instant(moment).isoformat(sep=' ', timespec='seconds')} ({self})"

    def __str__(self) -> str:
        return str(self.named or "local time")


def zone(text: str) -> Zone:
    """Return the zone with the name ``text`` in the IANA time zone database.

    An empty name means the local zone. Raises BadParameter if the name is not in the database.

    >>> zone("Europe/Berlin").named
    zoneinfo.ZoneInfo(key='Europe/Berlin')
    """
    if not text:
        return Zone()
    from zoneinfo import ZoneInfo, available_timezones  # imported late: most commands name no zone

    try:
        return Zone(ZoneInfo(text))
    except (KeyError, ValueError, OSError):  # the name is unknown, invalid, or a folder
        known = available_timezones()
    remedy = (
        "write a name such as Europe/Berlin"
        if known
        else "install the package tzdata, which contains the time zones"
    )
    raise click.BadParameter(f"{text!r} is not a time zone; {remedy}")


option: Callable[[Any], Any] = click.option(
    "--tz",
    "zone",
    type=zone,
    default="",
    metavar="ZONE",
    show_default="the local zone",
    help="The time zone of days and times, as in Europe/Berlin.",
)
