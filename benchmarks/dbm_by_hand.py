"""Berkeley DB as a contender, written by hand: a B-tree without locks. A kill during a write may tear it."""

from pathlib import Path

import msgspec
from berkeleydb import db

from benchmarks.invoices import paid
from benchmarks.plan import Documents, Plan
from holdall.domain.model import Invoice

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Invoice).decode


class DBMByHand:
    """One open handle for all operations. It syncs after each commit."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.plan = plan
        self.file = db.DB()
        self.file.open(str(path), None, db.DB_BTREE, db.DB_CREATE)

    def load(self, round: int) -> int:
        return self._bulk(self.plan.load[round])

    def change(self, round: int) -> int:
        return self._bulk(self.plan.change[round])

    def _bulk(self, documents: Documents) -> int:
        for number, invoice in documents:
            self.file.put(b"invoices/" + number.encode(), _encode(invoice))
        self.file.sync()
        return len(documents)

    def insert(self, round: int) -> int:
        documents = self.plan.insert[round]
        for number, invoice in documents:
            self.file.put(b"invoices/" + number.encode(), _encode(invoice))
            self.file.sync()
        return len(documents)

    def get(self, round: int) -> int:
        numbers = self.plan.get[round]
        for number in numbers:
            _decode(self.file.get(b"invoices/" + number.encode()))
        return len(numbers)

    def pay(self, round: int) -> int:
        numbers = self.plan.pay[round]
        for number in numbers:
            key = b"invoices/" + number.encode()
            self.file.put(key, _encode(paid(_decode(self.file.get(key)))))
            self.file.sync()
        return len(numbers)

    def scan(self, round: int) -> int:
        count, cursor = 0, self.file.cursor()
        while found := cursor.next():
            _decode(found[1])
            count += 1
        cursor.close()
        return count

    def close(self) -> None:
        self.file.close()
