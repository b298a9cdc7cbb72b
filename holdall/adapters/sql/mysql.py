"""A store in a table of a MySQL or MariaDB server."""

import math
import os
import ssl
from functools import cached_property
from typing import Any, ClassVar

from holdall.adapters._shared.servers import check_wait, is_socket
from holdall.extras import needs
from holdall.keys import Span

with needs("mysql"):
    import pymysql
    import sqlalchemy as sa
    from pymysql.constants import CLIENT
    from sqlalchemy.dialects.mysql import insert

    from holdall.adapters.sql.link import ERASED, Link
    from holdall.adapters.sql.mysql_feed import MySQLRecorder
    from holdall.adapters.sql.store import SQL
    from holdall.adapters.sql.table import Table
    from holdall.adapters.sql.tls import OFF, file_of, tls_of


_IN_THE_CLEAR = (b"mysql_clear_password", b"dialog")
"""The server's names for the ways to log in that send the password in the clear."""


class MySQL(SQL):
    """A store in ``table`` of the database ``database`` on the server at ``host``, or at a Unix socket's path.

    Pass the password as ``password``, or better, set the variable MYSQL_PWD: a store that was given
    ``password`` cannot be pickled. ``tls`` is ``"system"``, ``"off"`` or a file of certificates. If it is not
    ``"off"``, the connection is encrypted, and the server must show a certificate for ``host`` that an
    authority of the system, or of the file, has signed. It defaults to ``"off"`` on this machine and to
    ``"system"`` elsewhere. A server that asks for the password in the clear is refused unless the connection
    is encrypted or a Unix socket. ``create`` creates the table (InnoDB) on first use. Each wait for the
    server takes ``timeout`` seconds at most; after that the store raises Unavailable.

    ``feed``: the first write makes the table record its changes for `changes` and `watch`; from then on, all
    transactions that write to the table wait for each other. Without it the store has no feed, but does
    record its writes if the table has one.

    The largest value is half of the server's ``max_allowed_packet``, because a statement may escape each
    byte. A scan reads one page per request and keeps no cursor open in between. A batch of `set_many` or
    `delete_many`, which is a thousand keys or a MiB of values, is written wholly or not at all. A write that
    returned is committed; whether it is on disk depends on the server's ``innodb_flush_log_at_trx_commit``.

    >>> MySQL("db.example", "acme", user="app", table="invoices")
    MySQL('db.example', 'acme', user='app', table='invoices')
    """

    _variable = "MYSQL_PWD"

    def __init__(
        self,
        host: str,
        database: str,
        *,
        port: int = 3306,
        user: str | None = None,
        password: str | None = None,
        tls: str | None = None,
        table: str = "holdall",
        timeout: float = 10,
        create: bool = False,
        feed: bool = False,
    ) -> None:
        check_wait("mysql", timeout)
        self._password = password
        place = {"unix_socket": host} if is_socket(host) else {"host": host}
        who = {
            **place,
            "database": database,
            "port": port,
            "user": user,
            "password": password or os.environ.get("MYSQL_PWD", ""),
        }
        where = f"mysql://{host}/{database}"
        tls = tls_of("mysql", tls, host)
        self._open(_Link(where, Table(table), who, tls=tls, timeout=timeout, create=create, feed=feed))


class _Link(Link):
    url = "mysql+pymysql://"
    expected: ClassVar[dict[str, str]] = {
        "key": "varbinary(480) PRI",
        "value": "longblob ",
        "tag": "varbinary(16) ",
    }

    def __init__(self, where: str, table: Table, login: dict[str, Any], **options: Any) -> None:
        super().__init__(where, table, login, **options)
        self.recorder = MySQLRecorder(table, self._lock_wait)

    def most(self) -> int:
        return self._most

    @cached_property
    def _most(self) -> int:
        asked = sa.select(sa.text("@@max_allowed_packet"))
        return (int(self.rows(asked)[0][0]) - 4096) // 2  # room for the statement; each byte may be escaped

    def connect(self) -> Any:
        connection = pymysql.connect(
            **self._login,
            **self._security(),
            charset="utf8mb4",
            binary_prefix=True,
            client_flag=CLIENT.FOUND_ROWS,
            connect_timeout=self._timeout,
            read_timeout=self._timeout,
            write_timeout=self._timeout,
            autocommit=True,
            init_command=f"SET SESSION innodb_lock_wait_timeout = {self._lock_wait}",
        )
        connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        return connection

    def _security(self) -> dict[str, Any]:
        """The arguments for the driver that secure the connection."""
        if self._tls and self._tls != OFF:
            return {"ssl": ssl.create_default_context(cafile=file_of("mysql", self._tls))}
        refused = {} if "unix_socket" in self._login else dict.fromkeys(_IN_THE_CLEAR, _Refusal)
        return {"ssl_disabled": True, "auth_plugin_map": refused}

    @property
    def _lock_wait(self) -> int:
        """How long the server waits for a lock: whole seconds, at least 1, which is its minimum.

        If possible, that is less than ``timeout``, so that the server reports the lock before the client
        gives up.
        """
        return max(1, math.ceil(self._timeout) - 1)

    def columns(self, connection: sa.Connection) -> dict[str, str]:
        found = sa.text(
            "SELECT column_name, concat(column_type, ' ', column_key) FROM information_schema.columns "
            "WHERE table_schema = database() AND table_name = :name"
        )
        rows = connection.execute(found, {"name": self.table.name})
        return {str(name): str(kind).replace("bigint(20)", "bigint") for name, kind in rows}

    def create(self, connection: sa.Connection) -> None:
        connection.execute(self.table.create())
        if self.feed:
            self.recorder.begin(connection)

    def estimate(self, connection: sa.Connection) -> tuple[int | None, int | None]:
        found = sa.text(
            "SELECT table_rows, data_length + index_length FROM information_schema.tables "
            "WHERE table_schema = database() AND table_name = :name"
        )
        rows, size = connection.execute(found, {"name": self.table.name}).one()
        return rows, size

    def put(self) -> sa.Insert:
        new = insert(self.table.table)
        return new.on_duplicate_key_update(value=new.inserted.value, tag=new.inserted.tag)

    def delete_some(self, span: Span, connection: sa.Connection) -> str | None:
        table = self.table
        shown = table.is_key(sa.func.hex(table.key, type_=sa.Text), hides=span.hides)
        delete = table.table.delete().where(*table.within(span.low, span.high), shown)
        deleted = connection.execute(delete.with_dialect_options(mysql_limit=ERASED)).rowcount
        return span.low if deleted == ERASED else None


class _Refusal:
    """Replaces a way to log in, and refuses it."""

    def __init__(self, connection: Any) -> None:
        pass

    def authenticate(self, packet: Any) -> Any:
        raise pymysql.err.OperationalError("the server asks for the password in the clear")
