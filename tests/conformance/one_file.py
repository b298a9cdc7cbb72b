"""A store in one file, written anew by each change: the least that other processes can share."""

import pickle
from collections.abc import Iterable, Iterator
from pathlib import Path

from filelock import FileLock

from holdall.keys import Span, check_key
from holdall.store import Feature, Store, to_bytes


class OneFile(Store[bytes]):
    """All keys and values in the file ``path``; one writer at a time, by a lock file beside it."""

    def __init__(self, path: Path, password: str = "") -> None:
        self._path = path

    @property
    def features(self) -> Feature:
        return Feature.SHARED | Feature.DURABLE

    def lock(self) -> FileLock:
        """To hold from a load to the save that follows it."""
        return FileLock(self._path.with_suffix(".lock"), poll_interval=0.001)

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
        new.replace(self._path)

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self.load()[key]

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self.set_many([(key, value)])

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        written = {}
        for key, value in items:
            check_key(key)
            written[str.__str__(key)] = to_bytes(value)
        with self.lock():
            self.save(self.load() | written)

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        with self.lock():
            held = self.load()
            del held[key]
            self.save(held)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        return iter(sorted(key for key in self.load() if key in span))
