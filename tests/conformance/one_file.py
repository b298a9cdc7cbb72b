"""A store in one file, written anew by each change: the least that other processes can share."""

import os
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

from holdall.keys import Span, check_key
from holdall.store import Feature, Store, to_bytes


class OneFile(Store[bytes]):
    """All keys and values in the file ``path``; one writer at a time."""

    def __init__(self, path: Path, password: str = "") -> None:
        self._path = path
        self._lock = threading.Lock()

    @property
    def features(self) -> Feature:
        return Feature.SHARED | Feature.DURABLE

    def load(self) -> dict[str, bytes]:
        """What the file holds."""
        try:
            held: dict[str, bytes] = pickle.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        return held

    def save(self, held: dict[str, bytes]) -> None:
        """Replace the file."""
        new = self._path.with_suffix(".new")
        new.write_bytes(pickle.dumps(held))
        os.replace(new, self._path)

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self.load()[key]

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        with self._lock:
            self.save({**self.load(), str.__str__(key): to_bytes(value)})

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        with self._lock:
            held = self.load()
            del held[key]
            self.save(held)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        return iter(sorted(key for key in self.load() if key in span))
