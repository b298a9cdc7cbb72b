"""The time zone of a command: that of this machine, or the one that ``--tz`` names."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Any

import click


@dataclass(frozen=True)
class Zone:
    """Days and times in one zone; in the local one if ``named`` is None."""

    named: tzinfo | None = None

    def today(self) -> date:
        """The day that it is now."""
        return datetime.now(self.named).date()

    def day(self, moment: datetime) -> date:
        """The day on which ``moment`` is."""
        return self.instant(moment).date()

    def instant(self, moment: date) -> datetime:
        """The time ``moment``, which is in this zone if it names no other; the end of it if it is a day.

        >>> zone("Europe/Berlin").instant(date(2026, 9, 30)).isoformat()
        '2026-09-30T23:59:59.999999+02:00'
        """
        whole = moment if isinstance(moment, datetime) else datetime.combine(moment, time.max)
        if whole.tzinfo is None and self.named:
            return whole.replace(tzinfo=self.named)
        return whole.astimezone(self.named)

    def shown(self, moment: datetime) -> str:
        """``moment`` to the second, with its offset from UTC and the name of the zone."""
        return f"{self.instant(moment).isoformat(sep=' ', timespec='seconds')} ({self})"

    def __str__(self) -> str:
        return str(self.named or "local time")


def zone(text: str) -> Zone:
    """The zone of that name in the IANA time zone database; the local zone if there is no name.

    >>> zone("Europe/Berlin").named
    zoneinfo.ZoneInfo(key='Europe/Berlin')
    """
    if not text:
        return Zone()
    from zoneinfo import ZoneInfo, available_timezones  # late: most commands name no zone

    try:
        return Zone(ZoneInfo(text))
    except (KeyError, ValueError, OSError):  # of a name that is not known, not a name, or a folder
        known = available_timezones()
    remedy = "write a name such as Europe/Berlin" if known else "install the package tzdata, which has them"
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
