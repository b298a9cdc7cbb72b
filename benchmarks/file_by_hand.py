"""Files as a contender, written by hand: one file per document, replaced as a whole by a rename."""

import fcntl
import os
from pathlib import Path

import msgspec

from benchmarks.invoices import paid
from benchmarks.plan import Documents, Plan
from holdall.domain.model import Invoice

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Invoice).decode


class FileByHand:
    """There is one temporary file name, so one writer. ``synced``: fsync the file, then its folder."""

    def __init__(self, root: Path, plan: Plan, *, synced: bool) -> None:
        root.mkdir()
        self.root = str(root)
        self.plan = plan
        self.synced = synced
        self.lock = os.open(f"{self.root}/.lock", os.O_RDWR | os.O_CREAT)

    def _read(self, number: str) -> Invoice:
        with open(f"{self.root}/{number}", "rb") as file:
            return _decode(file.read())

    def _write(self, number: str, invoice: Invoice) -> None:
        with open(f"{self.root}/.new", "wb") as file:
            file.write(_encode(invoice))
            if self.synced:
                file.flush()
                os.fsync(file.fileno())
        os.rename(f"{self.root}/.new", f"{self.root}/{number}")

    def _sync(self) -> None:
        folder = os.open(self.root, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def load(self, round: int) -> int:
        return self._bulk(self.plan.load[round])

    def change(self, round: int) -> int:
        return self._bulk(self.plan.change[round])

    def _bulk(self, documents: Documents) -> int:
        for number, invoice in documents:
            self._write(number, invoice)
        if self.synced:
            self._sync()
        return len(documents)

    def insert(self, round: int) -> int:
        documents = self.plan.insert[round]
        for number, invoice in documents:
            self._write(number, invoice)
            if self.synced:
                self._sync()
        return len(documents)

    def get(self, round: int) -> int:
        numbers = self.plan.get[round]
        for number in numbers:
            self._read(number)
        return len(numbers)

    def pay(self, round: int) -> int:
        numbers = self.plan.pay[round]
        for number in numbers:
            fcntl.flock(self.lock, fcntl.LOCK_EX)
            self._write(number, paid(self._read(number)))
            if self.synced:
                self._sync()
            fcntl.flock(self.lock, fcntl.LOCK_UN)
        return len(numbers)

    def scan(self, round: int) -> int:
        names = sorted(name for name in os.listdir(self.root) if not name.startswith("."))
        return sum(1 for number, invoice in ((name, self._read(name)) for name in names))

    def close(self) -> None:
        os.close(self.lock)
