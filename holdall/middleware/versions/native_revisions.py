"""The revisions of a key on a store that keeps versions itself."""

from collections.abc import Iterable

from holdall.history import Version


def revisions(versions: Iterable[Version]) -> list[Version]:
    """The ``versions`` of one key, oldest first; their times never go back.

    The argument lists them newest first. Deletions of a missing key are left out.

    >>> from datetime import UTC, datetime
    >>> day = lambda day: datetime(2026, 9, day, tzinfo=UTC)
    >>> told = revisions([Version("a", "2", day(1), False), Version("a", "1", day(2), False),
    ...                   Version("a", "0", day(1), True)])
    >>> [(version.id, version.time.day) for version in told]
    [('1', 2), ('2', 2)]
    """
    found: list[Version] = []
    for version in reversed(list(versions)):
        if not version.deleted or (found and not found[-1].deleted):
            since = max(version.time, found[-1].time) if found else version.time
            found.append(version._replace(time=since))
    return found
