"""A read-only view of the whole store at one moment, if the store keeps versions itself."""

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

_BATCH = 256  # values that are read together


class NativeAsOf(Wrapper[bytes, bytes]):
    """Shows ``store`` as it was at ``time``.

    A scan lists all versions and reads only those that were current at the time. A version that the store has
    dropped is missing. Writing raises PermissionDenied. The constructor raises the errors of `require_moment`
    for ``time``.
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
        """The version of one key that was current at the time, in a list.

        ``versions`` are those of the key, newest first. The list is empty if the key was missing or deleted
        at the time.
        """
        past = [version for version in revisions(versions) if version.time <= self._time]
        return [version for version in past[-1:] if not version.deleted]

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._refuse(key)

    def __delitem__(self, key: str, /) -> None:
        self._refuse(key)

    def _refuse(self, key: str) -> NoReturn:
        raise PermissionDenied(f"{key!r} cannot be written: this is the store as of {self._time}")
