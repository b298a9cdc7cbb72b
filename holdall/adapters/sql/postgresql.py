"""A store in a table of a PostgreSQL server."""

import math
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

from holdall.adapters._shared.servers import check_wait, is_socket
from holdall.bell import Bell
from holdall.changes import Changes
from holdall.errors import PermissionDenied, Unavailable
from holdall.extras import needs
from holdall.handles import PerProcess
from holdall.keys import Span

with needs("postgresql"):
    import psycopg
    import sqlalchemy as sa
    from sqlalchemy.dialects.postgresql import insert

    from holdall.adapters.sql.link import ERASED, Link, whole
    from holdall.adapters.sql.listener import Listener
    from holdall.adapters.sql.postgresql_feed import PostgreSQLRecorder
    from holdall.adapters.sql.store import SQL
    from holdall.adapters.sql.table import Table
    from holdall.adapters.sql.tls import OFF, file_of, system_bundle, tls_of

_REFUSES_CLEAR = 16_00_00  # the first version of libpq that has require_auth
_LARGEST = 1_000_000_000  # bytes; a field may hold 1 GiB, and a message with a field hardly more


class PostgreSQL(SQL):
    """A store in ``table`` of the database ``database`` on the server at ``host``; values up to 1 GB.

    If port, user or password are not given, libpq finds them as it does for every client, for example in
    PGPASSWORD or ~/.pgpass. A store that was given ``password`` cannot be pickled. ``tls`` is ``"system"``,
    ``"off"`` or a file of certificates. If it is not ``"off"``, the connection is encrypted, and the server
    must show a certificate for ``host`` that an authority of the system, or of the file, has signed. It
    defaults to PGSSLMODE and PGSSLROOTCERT if PGSSLMODE is set, else to ``"off"`` on this machine and to
    ``"system"`` elsewhere. A server that asks for the password in the clear is refused unless the connection
    is encrypted or a Unix socket. ``create`` creates the table on first use. A statement takes ``timeout``
    seconds at most, and so does the wait for a connection (but at least 2 seconds); after that the store
    raises Unavailable.

    ``feed``: the first write makes the table record its changes for `changes` and `watch`, if this user owns
    the table. Without it the store has no feed, but does record its writes if the table has one.

    A scan reads one page per request and keeps no cursor open in between. A batch of `set_many` or
    `delete_many`, which is a thousand keys or a MiB of values, is written wholly or not at all. A write that
    returned is committed; whether it is on disk depends on the server's ``synchronous_commit``.

    >>> PostgreSQL("db.example", "acme", table="invoices")
    PostgreSQL('db.example', 'acme', table='invoices')
    """

    _variable = "PGPASSWORD"

    def __init__(
        self,
        host: str,
        database: str,
        *,
        port: int | None = None,
        user: str | None = None,
        password: str | None = None,
        tls: str | None = None,
        table: str = "holdall",
        timeout: float = 10,
        create: bool = False,
        feed: bool = True,
    ) -> None:
        check_wait("postgresql", timeout)
        self._password = password
        who = {"host": host, "dbname": database, "port": port, "user": user, "password": password}
        where = f"postgresql://{host}/{database}"
        if tls is not None or "PGSSLMODE" not in os.environ:
            tls = tls_of("postgresql", tls, host)
        self._open(_Link(where, Table(table), who, tls=tls, timeout=timeout, create=create, feed=feed))


class _Link(Link):
    url = "postgresql+psycopg://"
    expected: ClassVar[dict[str, str]] = {"key": "text C", "value": "bytea ", "tag": "text C"}

    def __init__(self, where: str, table: Table, login: dict[str, Any], **options: Any) -> None:
        super().__init__(where, table, login, **options)
        self.recorder = recorder = PostgreSQLRecorder(table)
        listener = partial(Listener, self._where, self.url, self.connect, recorder, self._timeout)
        self._listener = PerProcess(listener)

    def most(self) -> int:
        return _LARGEST

    def connect(self) -> psycopg.Connection[Any]:
        wait = max(2, math.ceil(self._timeout))
        connection = _Connection.connect(
            **self._login, **self._security(), connect_timeout=wait, autocommit=True
        )
        connection.patience = self._timeout
        # The server cancels a statement when the client no longer waits for it.
        gives_up = f"SET statement_timeout = {math.ceil(self._timeout * 1000)}"
        connection.execute(f"{gives_up}; SET default_transaction_isolation = 'read committed'".encode())
        return connection

    def _security(self) -> dict[str, Any]:
        """The arguments for libpq that secure the connection.

        They are empty if ``tls`` is None, because libpq then reads its environment.
        """
        if self._tls is None:
            return {}
        if self._tls != OFF:
            file = file_of("postgresql", self._tls) or system_bundle()
            return {"sslmode": "verify-full", "sslrootcert": file or "system"}
        if is_socket(self._login["host"]) or psycopg.pq.version() < _REFUSES_CLEAR:
            return {"sslmode": "disable"}
        return {"sslmode": "disable", "require_auth": "!password"}

    def columns(self, connection: sa.Connection) -> dict[str, str]:
        found = sa.text(
            "SELECT attname, format_type(atttypid, atttypmod) || ' ' || coalesce(collname, '') "
            "FROM pg_attribute LEFT JOIN pg_collation ON pg_collation.oid = attcollation "
            "WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped"
        )
        rows = connection.execute(found, {"name": f'"{self.table.name}"'})
        return {str(name): str(kind) for name, kind in rows}

    def create(self, connection: sa.Connection) -> None:
        def work(connection: sa.Connection) -> None:
            connection.execute(self.table.create())
            if self.feed:
                self.recorder.begin(connection)

        whole(work, connection)

    def estimate(self, connection: sa.Connection) -> tuple[int | None, int | None]:
        found = sa.text(
            "SELECT CAST(reltuples AS bigint), pg_total_relation_size(oid) FROM pg_class WHERE oid = to_regclass(:name)"
        )
        rows, size = connection.execute(found, {"name": f'"{self.table.name}"'}).one()
        return (None if rows < 0 else rows), size  # -1 before the first ANALYZE

    def put(self) -> sa.Insert:
        new = insert(self.table.table)
        return new.on_conflict_do_update(
            index_elements=["key"], set_={"value": new.excluded.value, "tag": new.excluded.tag}
        )

    def delete_some(self, span: Span, connection: sa.Connection) -> str | None:
        table, key = self.table, self.table.key
        following = sa.select(key).where(*table.within(span.low, span.high)).order_by(key)
        bound = following.offset(ERASED).limit(1).cte("bound")
        past = sa.select(sa.func.max(key)).scalar_subquery().concat("\x01")
        high = past if span.high is None else sa.literal(span.high, key.type)
        end = sa.func.coalesce(sa.select(bound.c.key).scalar_subquery(), high)
        digits = sa.func.upper(sa.func.encode(sa.func.convert_to(key, "UTF8"), "hex"), type_=sa.Text)
        shown = table.is_key(digits, hides=span.hides)
        deleted = table.table.delete().where(*table.within(span.low, None), key < end, shown).cte("deleted")
        return connection.execute(sa.select(bound.c.key).add_cte(deleted)).scalar()

    def begin_feed(self) -> None:
        with suppress(PermissionDenied, Unavailable):  # then another user begins it, or a later process
            self.run(partial(whole, self.recorder.begin))

    def watch(self, bell: Bell, feed: Callable[[str], Changes], since: str, timeout: float | None) -> bool:
        return self._listener().watch(bell, feed, since, timeout)

    def close(self) -> None:
        super().close()
        if listener := self._listener.take():
            listener.close()


class _Connection(psycopg.Connection[Any]):
    """A connection that waits up to ``patience`` seconds for an answer, and is then closed."""

    patience: float | None = None

    def __del__(self, warn: Any = None, /) -> None:
        """Do not warn. After an interrupt, a caller may drop an open connection; its ``pgconn`` closes it."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, timeout or self.patience)
        except psycopg.OperationalError:
            if self.info.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.pgconn.finish()  # a late answer would be taken for the answer to the next statement
            raise
