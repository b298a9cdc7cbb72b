"""The whole store as it was at one moment, where the store keeps versions by itself; for reading."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice
from typing import TYPE_CHECKING, NoReturn

from holdall.errors import PermissionDenied
from holdall.history import Version, require_moment
from holdall.keys import check_key
from holdall.layer import Wrapper
from holdall.middleware.versions.native_revisions import revisions
from holdall.store import Feature

if TYPE_CHECKING:
    from holdall.middleware.versions.native import Native

_BATCH = 256  # values read at once


class NativeAsOf(Wrapper[bytes, bytes]):
    """``store`` as it was at ``time``. A scan lists all versions and reads those that held, and no others.

    A version that the store has dropped is missing. Writing is PermissionDenied. Errors of
    `require_moment` for ``time``.
    """

    def __init__(self, store: "Native", time: datetime) -> None:
        require_moment(time)
        super().__init__(store)
        self._store = store
        self._time = time

    @property
    def features(self) -> Feature:
        return self._store.features & (Feature.SHARED | Feature.DURABLE)

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        held = self._held(self._store.past.of(key))
        for value in self._store.past.read(held):
            if value is not None:
                return value
        raise KeyError(key)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (version.key for version in self._rows(prefix, start, stop))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        rows = self._rows(prefix, start, stop)
        while batch := list(islice(rows, _BATCH)):
            for version, value in zip(batch, self._store.past.read(batch), strict=True):
                if value is not None:
                    yield version.key, value

    def _rows(self, prefix: str, start: str, stop: str | None) -> Iterator[Version]:
        versions = self._store.past.scan(prefix, start, stop)
        for _, found in groupby(versions, lambda version: version.key):
            yield from self._held(found)

    def _held(self, versions: Iterable[Version]) -> list[Version]:
        """Of the ``versions`` of one key, newest first, the one that held, unless that is a deletion."""
        past = [version for version in revisions(versions) if version.time <= self._time]
        return [version for version in past[-1:] if not version.deleted]

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._refuse(key)

    def __delitem__(self, key: str, /) -> None:
        self._refuse(key)

    def _refuse(self, key: str) -> NoReturn:
        raise PermissionDenied(f"{key!r} cannot be written: this is the store as of {self._time}")
