"""The lease on the build of a generation, so that two processes do not build the same index.

No result depends on it, because each commit compares the head with the one that it began from. If a process is paused
for so long that another one takes the lease, it stops, and waits for the lease.
"""

import time
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from holdall.errors import Fenced, HoldallError
from holdall.lease import Lease
from holdall.query.reading import Progress
from holdall.query.views.catalog import BUILD, Catalog, Generation

TTL: Final = 30.0
"""Seconds after which another process goes on with the build of a process that was killed."""
_LOOK: Final = 1.0
"""Seconds after which a process that waits looks whether the build is complete."""


class Lost(Exception):
    """Another process builds now, because this one did not renew its lease in time."""


class Building:
    """The lease of one refresh on the generation that it builds. As a context, it releases the lease at the end."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._id = ""
        self._lease: Lease | None = None
        self._renewed: float | None = None  # None if the lease is not held

    def begin(self, generation: Generation) -> bool:
        """Return whether this process may go on, because ``generation`` is complete or it has the lease.

        While another process builds, wait for a second and return False.
        """
        if generation.complete:
            return True
        if self._lease is None or self._id != generation.id:
            self._end()
            self._id, self._lease = generation.id, Lease(self._catalog.part(generation.id), BUILD, TTL)
        if self._renewed is None and self._lease.acquire(timeout=_LOOK):
            self._renewed = time.monotonic()
        return self._renewed is not None

    def renewing(self, progress: Progress | None) -> Progress | None:
        """Return ``progress`` as a function that renews the lease too. It raises Lost if the lease is lost."""
        if self._renewed is None:
            return progress

        def tell(documents: int) -> None:
            self._renew()
            if progress:
                progress(documents)

        return tell

    def _renew(self) -> None:
        if self._lease and self._renewed is not None and time.monotonic() - self._renewed > TTL / 3:
            try:
                self._lease.renew()
            except Fenced:
                self._renewed = None
                raise Lost from None
            self._renewed = time.monotonic()

    def _end(self) -> None:
        if self._lease and self._renewed is not None:
            self._renewed = None
            with suppress(HoldallError):  # it expires
                self._lease.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
