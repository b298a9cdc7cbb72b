"""Copies a value through a store as a file, in a process of its own, and measures the memory that this takes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import holdall
from tests.soak import SOAK

SIZE = 2_000_000_000 if SOAK else 100 << 20
"""The bytes of a value: many times as many as the memory that it may take."""

_BLOCK = 1 << 20
ROOM = 64 << 20
"""The most memory that a value as a file may take, whatever its size."""


def copy(address: str, size: int) -> int:
    """Write a value of ``size`` bytes as a file and read it back; return the bytes of memory that this took."""
    command = [sys.executable, "-m", "tests.adapters.streaming", address, str(size)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


def _main(address: str, size: int) -> None:
    expected = holdall.ABSENT if address.startswith(("file", "http", "s3", "sqlite")) else None
    with holdall.open(address) as store:
        with store.open("small", "wb") as file:
            file.write(b"loads what is imported late")
        assert store.open("small").read()
        before = _most_memory()
        written, read = hashlib.sha256(), hashlib.sha256()
        block = os.urandom(_BLOCK)
        with store.open("large", "wb", expected=expected) as file:
            for at in range(0, size, _BLOCK):
                part = (b"%016d" % at + block[16:])[: size - at]
                written.update(part)
                file.write(part)
        assert store.size("large") == size
        with store.open("large") as file:
            while part := file.read(_BLOCK):
                read.update(part)
        assert read.digest() == written.digest()
        print(_most_memory() - before)  # noqa: T201


def _most_memory() -> int:
    """The most bytes of memory that this process had so far. getrusage also counts the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
