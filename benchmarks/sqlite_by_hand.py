"""SQLite as a contender, written by hand: one table of keys and values, and one statement per task."""

import sqlite3
from pathlib import Path

import msgspec

from benchmarks.invoices import paid
from benchmarks.plan import Documents, Plan
from holdall.domain.model import Invoice

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Invoice).decode

_GET = "SELECT value FROM documents WHERE key = ?"
_PUT = "INSERT OR REPLACE INTO documents VALUES (?, ?)"
_SCAN = "SELECT key, value FROM documents WHERE key >= 'invoices/' AND key < 'invoices0' ORDER BY key"


class SQLiteByHand:
    """Each document is one row. ``synchronous``: NORMAL commits without fsync, FULL with fsync."""

    def __init__(self, path: Path, plan: Plan, synchronous: str = "NORMAL") -> None:
        self.plan = plan
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.executescript(
            "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;"
            f"PRAGMA synchronous = {synchronous};"
            "CREATE TABLE documents (key TEXT PRIMARY KEY, value BLOB NOT NULL)"
        )

    def load(self, round: int) -> int:
        return self._bulk(self.plan.load[round])

    def change(self, round: int) -> int:
        return self._bulk(self.plan.change[round])

    def _bulk(self, documents: Documents) -> int:
        rows = (("invoices/" + number, _encode(invoice)) for number, invoice in documents)
        with self.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_PUT, rows)
        return len(documents)

    def insert(self, round: int) -> int:
        execute, documents = self.connection.execute, self.plan.insert[round]
        for number, invoice in documents:
            execute(_PUT, ("invoices/" + number, _encode(invoice)))
        return len(documents)

    def get(self, round: int) -> int:
        execute, numbers = self.connection.execute, self.plan.get[round]
        for number in numbers:
            _decode(execute(_GET, ("invoices/" + number,)).fetchone()[0])
        return len(numbers)

    def pay(self, round: int) -> int:
        execute, numbers = self.connection.execute, self.plan.pay[round]
        for number in numbers:
            key = "invoices/" + number
            execute("BEGIN IMMEDIATE")
            invoice = _decode(execute(_GET, (key,)).fetchone()[0])
            execute(_PUT, (key, _encode(paid(invoice))))
            execute("COMMIT")
        return len(numbers)

    def scan(self, round: int) -> int:
        length = len("invoices/")
        rows = self.connection.execute(_SCAN)
        return sum(1 for number, invoice in ((key[length:], _decode(data)) for key, data in rows))

    def close(self) -> None:
        self.connection.close()
