"""Stores with one defect each in their change feed, and the checks that must catch it."""

import copy
import time
from collections.abc import Callable
from pathlib import Path

from holdall import Memory, SQLite
from holdall.changes import Changes, Found, Position, expired
from holdall.handles import PerProcess
from holdall.keys import RawKey, check_key
from holdall.store import ABSENT, to_bytes
from tests.conformance.wrong_stores import caught_by


@caught_by(
    "test_a_write_in_the_midst_of_which_another_follows",
    "test_a_delete_in_the_midst_of_which_another_follows",
    "test_a_follower_misses_nothing_of_several_threads",
)
class PassesAnOpenTransaction(Memory):
    """Takes a tick first and writes under it later, as two transactions of a server can do."""

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        value = to_bytes(value)
        tick = self._begin(key)
        with self._table.lock():
            self._table.order = None
            self._table.cells[key] = value, tick

    def __delitem__(self, key: str, /) -> None:
        if key not in self._table.cells:
            raise KeyError(key)
        self._begin(key)
        with self._table.lock():
            del self._table.cells[key]

    def _begin(self, key: str) -> int:
        table = self._table
        with table.lock():
            table.tick += 1
            if table.log is not None:
                table.log.append(key)
            tick = table.tick
        time.sleep(0.0001)
        return tick


@caught_by("test_a_follower_misses_nothing_of_another_process")
class ReadsItsEndLate(SQLite):
    """Reads the changes, and later the position to go on from."""

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        found = [*super().changes(since, prefix=prefix)]
        time.sleep(0.005)
        later = super().changes(since, prefix=prefix)
        list(later)
        end = later.position

        def tell() -> Found:
            yield from found
            return end

        return Changes(since or end, tell())


@caught_by(
    "test_a_feed_goes_on_with_the_changes",
    "test_every_operation_is_told",
    "test_a_follower_and_a_store_stay_equal",
    "test_a_follower_goes_on_after_any_change",
)
class LosesDeletions(Memory):
    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        found = super().changes(since, prefix=prefix)
        return found.through(lambda changes: (change for change in changes if change.tag != ABSENT))


@caught_by("test_every_operation_is_told")
class LosesDeletionsOfClear(Memory):
    def clear(self) -> None:
        with self._table.lock():
            self._table.cells.clear()


@caught_by("test_a_feed_without_changes_is_empty")
class RepeatsTheLastChange(Memory):
    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        position = None if since is None else Position.parse(since)
        if position is not None and position.numbers[0] > 0:
            since = str(position._replace(numbers=(position.numbers[0] - 1,)))
        return super().changes(since, prefix=prefix)


@caught_by("test_a_feed_ends_while_another_writes")
class RepeatsForEver(Memory):
    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        def find(position: str) -> Found:
            while True:
                changes = Memory.changes(self, position, prefix=prefix)
                before = position
                yield from changes
                position = changes.position
                if position == before:
                    return position

        return Changes(self._position(0), find(since or self._position(0)))


@caught_by("test_reserved_keys_do_not_appear")
class ShowsReservedKeys(Memory):
    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return super().changes(since, prefix=RawKey(prefix))


@caught_by("test_a_prefix_selects_the_changes_of_its_keys")
class IgnoresThePrefix(Memory):
    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return super().changes(since)


@caught_by("test_a_follower_goes_on_after_any_change")
class TellsTheLastPositionTooEarly(Memory):
    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        end = str(Position(self._table.origin(), (self._table.tick,)))
        changes = super().changes(since, prefix=prefix)
        return changes.through(lambda each: (change._replace(position=end) for change in each))


@caught_by("test_a_position_of_another_store_is_refused")
class TakesAnyPosition(Memory):
    def __init__(self) -> None:
        super().__init__()
        self._table.origin = PerProcess(self._begin)

    def _begin(self) -> str:
        self._table._begin_log()
        return "0"


@caught_by("test_a_text_that_is_not_a_position_is_refused")
class TakesAnyText(Memory):
    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        known = since is None or since.startswith(self._table.origin())
        return super().changes(since if known else None, prefix=prefix)


@caught_by("test_watch_tells_whether_there_is_a_change")
class WakesForOtherKeys(Memory):
    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        return super().watch(since, timeout=timeout)


@caught_by("test_watch_wakes_for_a_write")
class SleepsUntilTheTimeout(Memory):
    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        time.sleep(timeout or 0)
        return False


@caught_by("test_close_ends_a_watch")
class WaitsAfterClose(Memory):
    def close(self) -> None:
        pass


class Restorable(Memory):
    """A store whose data can be replaced by an earlier copy."""

    def back_up(self) -> Callable[[], Memory]:
        table = self._table
        cells, log, tick = dict(table.cells), copy.copy(table.log), table.tick

        def restore() -> Memory:
            table.cells, table.log, table.tick, table.order = cells, log, tick, None
            self.after_restore()
            return self

        return restore

    def after_restore(self) -> None:
        """Leave everything as it was."""


@caught_by("test_a_position_does_not_survive_a_restored_backup")
class IsFooledByARestoredBackup(Restorable):
    pass


@caught_by("test_a_feed_begins_with_every_key")
class BeginsWithTheNextChange(Memory):
    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return super().changes(since or self._position(self._table.tick), prefix=prefix)


@caught_by("test_a_position_survives_a_restart")
class ForgetsItsPositionsAtARestart(SQLite):
    """Numbers its feed in memory."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._known: set[str] = set()

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        if since is not None and since not in self._known:
            raise expired(self, "it is of an earlier process")
        changes = super().changes(since, prefix=prefix)
        self._known.update([changes.position, *(change.position for change in super().changes(since))])
        return changes
