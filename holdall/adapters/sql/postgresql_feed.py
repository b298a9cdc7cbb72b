"""The parts of a PostgreSQL table that record its changes.

    NAME            each row has a tick too, which is 0 if it was written before the feed began
    NAME.deletions  = *(tick, key)      about the last 100,000 deletions
    NAME.epochs     = horizon *epoch
    horizon         = (0, "holdall 2", … writes …)      the format; writes is the highest tick of a deletion
                      that is no longer recorded
    epoch           = (number, name, started, relation, system, base, first, writes, log)
    tick            = the number of a transaction plus the base of its epoch
    started         = when the server was started
    relation        = the oid of the table, and system is the identifier of the server's data
    first           = no tick of this epoch is lower
    writes          = the highest tick before this epoch
    log             = the end of the log (LSN) up to which the server recovered; null after a regular shutdown

Triggers write all of this, so it holds for every writer. The first write after a start of the server begins an
epoch. If ``relation`` or ``system`` is another one, the table was dumped and restored, and the numbers of
transactions mean something else; the base makes the new ticks higher than the old ones.

A write sends a notification only if somebody watches: a watcher shares an advisory lock, and a write tries to
take it. NOTIFY without need would make all transactions of the server commit one after the other.
"""

from typing import ClassVar, Final

import sqlalchemy as sa

from holdall.adapters.sql.feed import Ends, Recorder, Snapshot
from holdall.adapters.sql.table import Table
from holdall.errors import Unsupported

FORMAT: Final = "holdall 2"
DELETIONS = 100_000
"""The number of deletions that a table keeps. It may keep a hundredth more."""
_GATE: Final = 1_214_214_753  # the upper half of the advisory lock; the lower half is the oid of the table

_LOCK_WAIT: Final = 2000  # milliseconds to wait for the table in order to begin its feed

_SCHEMA: Final = """
SELECT quote_ident(nspname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE pg_class.oid = to_regclass('{table}')
"""
_WRITERS: Final = """
SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND relation = {table_id} AND mode = 'RowExclusiveLock'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_TABLE_ID: Final = "SELECT CAST(CAST(to_regclass('{table}') AS oid) AS bigint)"

_BEGIN: Final = """
ALTER TABLE {table} ADD COLUMN IF NOT EXISTS tick bigint NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS {index} ON {table} (tick, key);
DROP TABLE IF EXISTS {deletions}, {epochs};
CREATE TABLE {deletions} (tick bigint, key text COLLATE "C", PRIMARY KEY (tick, key));
CREATE TABLE {epochs} (
    number integer PRIMARY KEY, name text NOT NULL UNIQUE, started timestamptz NOT NULL, relation oid NOT NULL,
    system bigint NOT NULL, base bigint NOT NULL, first bigint NOT NULL, writes bigint NOT NULL, log bigint,
    UNIQUE (started, relation)
);
INSERT INTO {epochs} VALUES (0, '{format}', '-infinity', 0, 0, 0, 0, 0);

CREATE OR REPLACE FUNCTION {begin}(table_id oid, seen bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gate CONSTANT bigint := ({gate}::bigint << 32) | table_id::bigint;
    low bigint;
    highest bigint;
    data_id bigint;
    last record;
    found_base bigint;
BEGIN
    IF pg_try_advisory_lock(gate) THEN
        PERFORM pg_advisory_unlock(gate);
    ELSE
        PERFORM pg_notify('holdall.' || table_id, '');
    END IF;
    SELECT base INTO found_base FROM {epochs}
        WHERE started = pg_postmaster_start_time() AND relation = table_id;
    IF found_base IS NULL THEN
        PERFORM FROM pg_trigger WHERE tgrelid = table_id AND tgname = 'holdall_tick';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'this is not the table of a store';
        END IF;
        data_id := (SELECT system_identifier FROM pg_control_system());
        SELECT * INTO last FROM {epochs} WHERE number > 0 ORDER BY number DESC LIMIT 1;
        low := txid_snapshot_xmin(txid_current_snapshot());
        SELECT greatest(
            seen, (SELECT max(tick) FROM {table}), (SELECT max(tick) FROM {deletions}),
            (SELECT writes FROM {epochs} WHERE number = 0)
        ) INTO highest;
        IF last.relation = table_id AND last.system = data_id THEN
            found_base := last.base;
        ELSE
            found_base := greatest(0, highest + 1 - low);
        END IF;
        INSERT INTO {epochs} SELECT
            max(number) + 1,
            left(encode(sha256(convert_to(
                concat_ws(' ', random(), random(), clock_timestamp(), txid_current(), data_id), 'UTF8'
            )), 'hex'), 32),
            pg_postmaster_start_time(), table_id, data_id, found_base, low + found_base, highest,
            pg_last_wal_replay_lsn() - '0/0'::pg_lsn
            FROM {epochs} ON CONFLICT DO NOTHING;
        SELECT base INTO found_base FROM {epochs}
            WHERE started = pg_postmaster_start_time() AND relation = table_id;
    END IF;
    RETURN found_base;
END $$;

CREATE OR REPLACE FUNCTION {tick}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    setting CONSTANT text := 'holdall.base_' || TG_RELID;
    base text := current_setting(setting, true);
BEGIN
    NEW.tick := txid_current();
    IF base IS NULL OR base = '' THEN
        base := {begin}(TG_RELID, 0);
        PERFORM set_config(setting, base, true);
    END IF;
    NEW.tick := NEW.tick + base::bigint;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION {deleted}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    seen bigint;
    count integer;
    dropped bigint;
BEGIN
    SELECT max(tick) INTO seen FROM gone WHERE tag <> '';
    IF seen IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO {deletions} SELECT (SELECT txid_current() + {begin}(TG_RELID, seen)), key
        FROM gone WHERE tag <> '' ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS count = ROW_COUNT;
    IF random() * {few} < count THEN
        PERFORM FROM {epochs} WHERE number = 0 FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            SELECT tick INTO dropped FROM {deletions} ORDER BY tick DESC, key DESC OFFSET {most} LIMIT 1;
            IF FOUND THEN
                DELETE FROM {deletions} WHERE tick <= dropped;
                UPDATE {epochs} SET writes = greatest(writes, dropped) WHERE number = 0;
            END IF;
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION {truncated}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM {epochs} WHERE number > 0;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS holdall_tick ON {table};
DROP TRIGGER IF EXISTS holdall_deleted ON {table};
DROP TRIGGER IF EXISTS holdall_truncated ON {table};
CREATE TRIGGER holdall_tick BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {tick}();
CREATE TRIGGER holdall_deleted AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION {deleted}();
CREATE TRIGGER holdall_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {truncated}();
SELECT {begin}('{table}'::regclass, 0);
"""

_TRIGGERS: Final = """3 = (
    SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass('{table}') AND tgenabled IN ('O', 'A')
    AND tgname IN ('holdall_deleted', 'holdall_tick', 'holdall_truncated')
)"""

_IS_ON: Final = """
SELECT to_regclass('{deletions}') IS NOT NULL AND to_regclass('{epochs}') IS NOT NULL AND {triggers}
"""

_ENDS: Final = """
SELECT pg_is_in_recovery(), {triggers} AND
    newest.relation = to_regclass('{table}')
        AND (here OR newest.system = (SELECT system_identifier FROM pg_control_system())),
    newest.name, newest.base, CAST(txid_current_snapshot() AS text), now.writes,
    CASE WHEN pg_is_in_recovery() THEN 0
        WHEN here THEN pg_current_wal_insert_lsn() - CAST('0/0' AS pg_lsn)
        ELSE coalesce(recovered, 0) END,
    coalesce(mine.relation = newest.relation AND mine.system = newest.system, false),
    coalesce(later.writes, now.writes),
    CASE WHEN later.number IS NOT NULL THEN later.log WHEN NOT here THEN recovered END,
    later.first
FROM {epochs} AS newest
CROSS JOIN LATERAL (SELECT newest.started = pg_postmaster_start_time() AS here,
    pg_last_wal_replay_lsn() - CAST('0/0' AS pg_lsn) AS recovered) AS life
CROSS JOIN LATERAL (SELECT greatest((SELECT max(tick) FROM {table}), (SELECT max(tick) FROM {deletions}),
    (SELECT writes FROM {epochs} WHERE number = 0)) AS writes) AS now
LEFT JOIN {epochs} AS mine ON mine.name = :epoch AND mine.number > 0
LEFT JOIN {epochs} AS later ON later.number = (SELECT min(number) FROM {epochs} WHERE number > mine.number)
WHERE newest.number = (SELECT max(number) FROM {epochs}) AND newest.number > 0
"""


class PostgreSQLRecorder(Recorder):
    """Makes a table of PostgreSQL record its changes, and reads the state of its feed."""

    tick: ClassVar[dict[str, str]] = {"tick": "bigint "}

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        parts = "begin", "deleted", "deletions", "epochs", "tick", "truncated"
        self._names = {part: f'"{table.part(part)}"' for part in parts} | {"table": f'"{table.name}"'}
        self._triggers = _TRIGGERS.format(**self._names)

    def is_on(self, connection: sa.Connection) -> bool:
        return bool(
            connection.exec_driver_sql(_IS_ON.format(**self._names, triggers=self._triggers)).scalar()
        )

    def begin(self, connection: sa.Connection) -> None:
        """Make the table record its changes. Call this in a transaction."""
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_LOCK_WAIT}")
        connection.exec_driver_sql("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".format(**self._names))
        if not self.is_on(connection):
            schema = connection.exec_driver_sql(_SCHEMA.format(**self._names)).scalar()
            names = {part: f"{schema}.{name}" for part, name in self._names.items()}
            index = f'"{self.table.part("changes")}"'  # it is in the schema of its table
            limits = {"most": DELETIONS, "few": DELETIONS / 100}
            connection.exec_driver_sql(
                _BEGIN.format(**names, **limits, index=index, format=FORMAT, gate=_GATE)
            )

    def look(self, epoch: str, connection: sa.Connection) -> Ends | None:
        ends = sa.text(_ENDS.format(**self._names, triggers=self._triggers))
        row = connection.execute(ends, {"epoch": epoch}).one_or_none()
        if row is None:
            return None
        standby, ours, name, base, snapshot, writes, log, *rest = row
        if standby:
            raise Unsupported("a standby server of PostgreSQL has no change feed; open the primary server")
        return Ends(name, writes, int(log), _snapshot(snapshot, base), *rest) if ours else None

    def beyond(
        self, tick: sa.ColumnElement[int], key: sa.ColumnElement[str], place: tuple[int, str]
    ) -> sa.ColumnElement[bool]:
        known = sa.tuple_(sa.literal(place[0], tick.type), sa.literal(place[1], key.type))
        return sa.tuple_(tick, key) > known

    def listen(self, connection: sa.Connection) -> bool:
        """Make ``connection`` a watcher, which is sent a notification of each commit.

        Return whether transactions are writing now, which may not send one.
        """
        table_id = connection.exec_driver_sql(_TABLE_ID.format(**self._names)).scalar() or 0
        gate = (_GATE << 32) + table_id
        connection.exec_driver_sql(f'LISTEN "holdall.{table_id}"; SELECT pg_advisory_lock_shared({gate})')
        return bool(connection.exec_driver_sql(_WRITERS.format(table_id=table_id)).scalar())

    def unlisten(self, connection: sa.Connection) -> None:
        """End what `listen` began."""
        connection.exec_driver_sql("UNLISTEN *; SELECT pg_advisory_unlock_all()")


def _snapshot(text: str, base: int) -> Snapshot:
    """Return the snapshot with this text, which is ``low:end:open,open``."""
    _, end, opened = text.split(":")
    return Snapshot(int(end) + base, tuple(int(number) + base for number in opened.split(",") if number))
