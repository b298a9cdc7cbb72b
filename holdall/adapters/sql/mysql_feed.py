"""The parts of a table on a MySQL or MariaDB server that record its changes.

    NAME            each row has a tick too, which is 0 if it was written before the feed began
    NAME.deletions  = *(tick, key)          about the last 100,000 deletions
    NAME.counter    = (tick, deletions)     the highest tick, and how many deletions are recorded
    NAME.epochs     = horizon *epoch        the last 100,000 epochs
    horizon         = (0, "holdall 2", writes)  the format; writes is the highest tick of a deletion that is no
                      longer recorded
    epoch           = (number, name, writes)    writes is the highest tick before this epoch
    tick            = the number of a write or a deletion

Triggers write all of this, so it holds for every writer. A write takes its tick from the counter, and the row
of the counter stays locked until the transaction ends. So transactions commit in the order of their ticks.

The first write of each connection begins an epoch. So a table that was restored from a backup has other epochs
than the lost table had.
"""

from collections.abc import Iterator
from typing import ClassVar, Final

import sqlalchemy as sa

from holdall.adapters.sql.feed import Ends, Recorder, Snapshot
from holdall.adapters.sql.table import Table

FORMAT: Final = "holdall 2"
DELETIONS = 100_000
"""The number of deletions that a table keeps. It may keep a hundredth more."""
EPOCHS = 100_000
"""The number of epochs that a table keeps."""
_ADD_TICK: Final = """
ALTER TABLE {table} ADD COLUMN tick BIGINT NOT NULL DEFAULT 0, ADD INDEX holdall_changes (tick, `key`)
"""
_HAS_TICK: Final = """
SELECT count(*) FROM information_schema.columns
WHERE table_schema = database() AND table_name = '{table}' AND column_name = 'tick'
"""

_BEGIN: Final = (
    "DROP TABLE IF EXISTS {deletions}, {epochs}, {counter}",
    "CREATE TABLE {deletions} (tick BIGINT PRIMARY KEY, `key` VARBINARY(480) NOT NULL) ENGINE=InnoDB",
    "CREATE TABLE {counter} (tick BIGINT PRIMARY KEY, deletions BIGINT NOT NULL) ENGINE=InnoDB",
    "CREATE TABLE {epochs} (number INT PRIMARY KEY, name VARBINARY(32) NOT NULL UNIQUE, writes BIGINT NOT NULL)"
    " ENGINE=InnoDB",
    "INSERT INTO {epochs} VALUES (0, '{format}', 0)",
    "INSERT INTO {counter} SELECT coalesce(max(tick), 0), 0 FROM {table}",
    "INSERT INTO {epochs} SELECT 1, replace(uuid(), '-', ''), tick FROM {counter}",
)

# A trigger reads a table as it was when the statement began, except by FOR UPDATE.
_TAKE_TICK: Final = """
    IF NOT EXISTS (SELECT 1 FROM {epochs} WHERE name = {session}) THEN
        SELECT tick INTO before_it FROM {counter} FOR UPDATE;
        SELECT max(number) + 1 INTO epoch FROM {epochs} FOR UPDATE;
        SET {session} = replace(uuid(), '-', '');
        INSERT INTO {epochs} VALUES (epoch, {session}, before_it);
        DELETE FROM {epochs} WHERE number BETWEEN 1 AND epoch - {most_epochs};
    END IF;
    UPDATE {counter} SET tick = last_insert_id(tick + 1);
"""

_BEFORE: Final = """
CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW
BEGIN
    DECLARE before_it BIGINT;
    DECLARE epoch INT;
    {take_tick}
    SET NEW.tick = last_insert_id();
END
"""

_AFTER: Final = """
CREATE TRIGGER {name} AFTER DELETE ON {table} FOR EACH ROW
BEGIN
    DECLARE before_it BIGINT;
    DECLARE epoch INT;
    DECLARE held BIGINT;
    DECLARE dropped BIGINT;
    IF OLD.tag <> '' THEN
        {take_tick}
        INSERT INTO {deletions} VALUES (last_insert_id(), OLD.`key`);
        UPDATE {counter} SET deletions = deletions + 1;
        SELECT deletions INTO held FROM {counter} FOR UPDATE;
        IF held > {most_deletions} + {few_deletions} THEN
            SELECT tick INTO dropped FROM {deletions} ORDER BY tick DESC LIMIT 1 OFFSET {most_deletions} FOR UPDATE;
            DELETE FROM {deletions} WHERE tick <= dropped;
            UPDATE {epochs} SET writes = dropped WHERE number = 0;
            UPDATE {counter} SET deletions = {most_deletions};
        END IF;
    END IF;
END
"""

_IS_ON: Final = """
SELECT 3 = count(*) FROM information_schema.triggers
WHERE event_object_schema = database() AND event_object_table = '{table}' AND trigger_name IN ({triggers})
"""

_ENDS: Final = """
SELECT newest.name, counter.tick, mine.number IS NOT NULL, coalesce(later.writes, counter.tick)
FROM {counter} AS counter
JOIN {epochs} AS newest ON newest.number = (SELECT max(number) FROM {epochs})
LEFT JOIN {epochs} AS mine ON mine.name = :epoch AND mine.number > 0
LEFT JOIN {epochs} AS later ON later.number = (SELECT min(number) FROM {epochs} WHERE number > mine.number)
"""

_TRIGGERS: Final = {"INSERT": "inserted", "UPDATE": "updated", "DELETE": "deleted"}


class MySQLRecorder(Recorder):
    """Makes a table of MySQL record its changes, and reads the state of its feed.

    It waits up to ``wait`` seconds for another process that does the same.
    """

    tick: ClassVar[dict[str, str]] = {"tick": "bigint MUL"}

    def __init__(self, table: Table, wait: int) -> None:
        super().__init__(table)
        self._wait = wait
        parts = *_TRIGGERS.values(), "deletions", "counter", "epochs"
        self._names = {
            "table": f"`{table.name}`",
            "session": f"@`{table.part('epoch')}`",
            **{part: f"`{table.part(part)}`" for part in parts},
        }

    def is_on(self, connection: sa.Connection) -> bool:
        triggers = ", ".join(f"'{self.table.part(trigger)}'" for trigger in _TRIGGERS.values())
        return bool(
            connection.exec_driver_sql(_IS_ON.format(table=self.table.name, triggers=triggers)).scalar()
        )

    def begin(self, connection: sa.Connection) -> None:
        """Make the table record its changes. The server commits each statement.

        The triggers come last, so that `is_on` sees whether all statements were run.
        """
        lock = f"'{self.table.part('feed')}'"
        connection.exec_driver_sql(f"SELECT get_lock({lock}, {self._wait})")
        if not self.is_on(connection):
            if not connection.exec_driver_sql(_HAS_TICK.format(table=self.table.name)).scalar():
                connection.exec_driver_sql(_ADD_TICK.format(**self._names))
            for statement in self._statements():
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"SELECT release_lock({lock})")

    def _statements(self) -> Iterator[str]:
        for trigger in _TRIGGERS.values():
            yield f"DROP TRIGGER IF EXISTS {self._names[trigger]}"
        for statement in _BEGIN:
            yield statement.format(**self._names, format=FORMAT)
        limits = {"most_epochs": EPOCHS, "most_deletions": DELETIONS, "few_deletions": DELETIONS // 100}
        take_tick = _TAKE_TICK.format(**self._names, **limits)
        for event, trigger in _TRIGGERS.items():
            names = self._names | {"name": self._names[trigger], "event": event}
            statement = _AFTER if event == "DELETE" else _BEFORE
            yield statement.format(**names, **limits, take_tick=take_tick)

    def look(self, epoch: str, connection: sa.Connection) -> Ends | None:
        if not self.is_on(connection):
            return None
        ends = sa.text(_ENDS.format(**self._names))
        name, tick, known, later = connection.execute(ends, {"epoch": epoch.encode()}).one()
        return Ends(name.decode(), tick, 0, Snapshot(tick + 1), bool(known), later, None, None)

    def beyond(
        self, tick: sa.ColumnElement[int], key: sa.ColumnElement[str], place: tuple[int, str]
    ) -> sa.ColumnElement[bool]:
        return sa.or_(tick > place[0], sa.and_(tick == place[0], key > place[1]))
