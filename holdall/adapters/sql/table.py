"""The table of a store on an SQL server, and its statements.

    key     what it is, in the order of its bytes     PostgreSQL: TEXT COLLATE "C", MySQL: VARBINARY(480)
    value   bytes                                     BYTEA, LONGBLOB
    tag     drawn by whoever wrote it last            as key

The primary key is ``key``. MySQL pads and folds text when it compares, so there the tag and the key are
stored as the bytes of their UTF-8.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from holdall.adapters._shared.servers import after
from holdall.adapters.sql.grammar import pattern
from holdall.errors import InvalidAddress
from holdall.keys import RAW_KEY_BYTES

_LONGEST = 63
_named = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}").fullmatch


class InBytes(sa.types.TypeDecorator[str]):
    """Text that is compared byte by byte."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return sa.VARBINARY(self.most) if dialect.name == "mysql" else sa.TEXT(collation="C")

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return value.encode(errors="surrogateescape") if dialect.name == "mysql" else str.__str__(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value


class Table:
    """The table called ``name``.

    Raises InvalidAddress if the name is not 1 to 63 letters, digits and underscores, or begins with a digit.
    """

    def __init__(self, name: str) -> None:
        if not _named(name):
            raise InvalidAddress(f"the table's name {name!r} is not valid; use 1 to 63 letters, digits and _")
        self.name = name
        binary = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql")
        self.table = sa.Table(
            name,
            sa.MetaData(),
            sa.Column("key", InBytes(RAW_KEY_BYTES), primary_key=True),
            sa.Column("value", binary, nullable=False),
            sa.Column("tag", InBytes(16), nullable=False),
            mysql_engine="InnoDB",
        )
        self.key, self.value, self.tag = self.table.columns

    def part(self, part: str) -> str:
        """Return the name of a part of the feed of this table. The servers allow 63 characters."""
        name = f"{self.name}.{part}"
        if len(name) <= _LONGEST:
            return name
        digest = hashlib.blake2b(self.name.encode(), digest_size=8).hexdigest()
        return f"{self.name[:24]}.{digest}.{part}"

    def create(self) -> sa.schema.CreateTable:
        """The statement that creates the table unless it exists."""
        return sa.schema.CreateTable(self.table, if_not_exists=True)

    def get(self, *columns: sa.ColumnElement[Any], keys: Iterable[str]) -> sa.Select[Any]:
        """The statement that selects ``columns`` of the rows with ``keys``, in any order."""
        return sa.select(*columns).where(self._has(keys))

    def part_of_value(self, start: int, length: int) -> sa.ColumnElement[bytes]:
        """The expression for a part of the value; a negative ``start`` counts from its end."""
        first: Any = start + 1
        if start < 0:
            first = sa.func.greatest(sa.func.octet_length(self.value) + start, 0) + 1
        return sa.func.substr(self.value, first, length, type_=self.value.type)

    def page(
        self, columns: Iterable[sa.ColumnElement[Any]], low: str, high: str | None, size: int
    ) -> sa.Select[Any]:
        """The statement that selects ``columns`` of a page: of up to ``size`` rows, in order of keys.

        The rows are the first ones at or after ``low`` and before ``high``.
        """
        return sa.select(*columns).where(*self.within(low, high)).order_by(self.key).limit(size)

    def within(self, low: str, high: str | None) -> list[sa.ColumnElement[bool]]:
        """The conditions that a key is at or after ``low`` and before ``high``."""
        bounds = [self.key >= _bound(low)]
        return bounds if high is None else [*bounds, self.key < _bound(high)]

    def is_key(self, digits: sa.ColumnElement[str], *, hides: bool) -> sa.ColumnElement[bool]:
        """The condition that a key with these hexadecimal ``digits`` is valid and, if ``hides``, not reserved."""
        short = sa.func.length(digits) <= 2 * RAW_KEY_BYTES
        return sa.and_(short, digits.regexp_match(pattern(hides=hides)))

    def insert(self, key: str, value: bytes, tag: str) -> sa.Insert:
        """The statement that inserts a new row. The database refuses it if ``key`` already has one."""
        return self.table.insert().values(key=key, value=value, tag=tag)

    def update(self, key: str, value: bytes, tag: str, expected: str) -> sa.Update:
        """The statement that changes the row of ``key`` if it carries ``expected``."""
        return self.table.update().where(self.key == key, self.tag == expected).values(value=value, tag=tag)

    def delete(self, keys: Iterable[str], *conditions: sa.ColumnElement[bool]) -> sa.Delete:
        """The statement that deletes the rows of ``keys`` that meet all ``conditions``."""
        return self.table.delete().where(self._has(keys), *conditions)

    def _has(self, keys: Iterable[str]) -> sa.ColumnElement[bool]:
        keys = list(keys)
        return self.key == keys[0] if len(keys) == 1 else self.key.in_(keys)


def _bound(text: str) -> str:
    """``text``, or an equivalent bound without U+0000: PostgreSQL does not accept it, and no key has it."""
    head, null, _ = text.partition("\0")
    return after(head) if null else text
