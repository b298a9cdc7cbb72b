"""LMDB as a contender, written by hand: one transaction per task, and values without any header."""

from pathlib import Path

import lmdb
import msgspec

from benchmarks.invoices import paid
from benchmarks.plan import Documents, Plan
from holdall.domain.model import Invoice

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Invoice).decode


class LMDBByHand:
    """Each document is one entry. No commit waits for the disk."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.plan = plan
        self.environment = lmdb.open(str(folder), map_size=1 << 30, sync=False)

    def load(self, round: int) -> int:
        return self._bulk(self.plan.load[round])

    def change(self, round: int) -> int:
        return self._bulk(self.plan.change[round])

    def _bulk(self, documents: Documents) -> int:
        with self.environment.begin(write=True) as txn:
            for number, invoice in documents:
                txn.put(b"invoices/" + number.encode(), _encode(invoice))
        return len(documents)

    def insert(self, round: int) -> int:
        documents = self.plan.insert[round]
        for number, invoice in documents:
            with self.environment.begin(write=True) as txn:
                txn.put(b"invoices/" + number.encode(), _encode(invoice))
        return len(documents)

    def get(self, round: int) -> int:
        numbers = self.plan.get[round]
        for number in numbers:
            with self.environment.begin(buffers=True) as txn:
                _decode(txn.get(b"invoices/" + number.encode(), b""))
        return len(numbers)

    def pay(self, round: int) -> int:
        numbers = self.plan.pay[round]
        for number in numbers:
            key = b"invoices/" + number.encode()
            with self.environment.begin(write=True) as txn:
                txn.put(key, _encode(paid(_decode(txn.get(key, b"")))))
        return len(numbers)

    def scan(self, round: int) -> int:
        length = len("invoices/")
        with self.environment.begin() as txn, txn.cursor() as cursor:
            return sum(
                1 for number, invoice in ((key.decode()[length:], _decode(data)) for key, data in cursor)
            )

    def close(self) -> None:
        self.environment.close()
