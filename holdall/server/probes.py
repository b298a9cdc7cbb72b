"""The probes of an orchestrator: ``GET /healthz`` (the service runs) and ``GET /readyz`` (each store answers).

Everybody may send these requests, under every ``Host`` and without a token. So the answers do not name the
stores; the log ``holdall.server`` names those that do not answer.
"""

import threading
import time
from typing import Final

from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.server.problems import log
from holdall.server.stores import Served, Stores

with needs("server"):
    import falcon

PATHS: Final = ("/healthz", "/readyz")
"""The paths of the probes."""
_PATIENCE: Final = 2  # seconds in which each store must answer
_FRESH: Final = 1  # seconds for which an answer holds, so that many probes do not become many reads


class Probes:
    """Middleware of falcon, above the guard. The service is not ready after ``ending`` is set."""

    def __init__(self, stores: Stores, ending: threading.Event) -> None:
        self._checks = [_Check(each) for each in stores]
        self._ending = ending

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer ``req`` if it is a probe."""
        if req.method in ("GET", "HEAD") and req.path in PATHS:
            resp.complete = True
            resp.media = {"status": "ok"}
            if req.path == "/readyz" and (self._ending.is_set() or not self._are_ready()):
                resp.status = falcon.HTTP_SERVICE_UNAVAILABLE
                resp.media = {"status": "unavailable"}

    def _are_ready(self) -> bool:
        for check in self._checks:
            check.begin()
        deadline = time.monotonic() + _PATIENCE
        late = [check for check in self._checks if not check.is_ready(deadline)]
        return not late


class ProbePage:
    """The resource of a probe, which `Probes` has answered already. It refuses other methods."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Leave the answer as it is."""

    on_head = on_get


class _Check:
    """Reads from a store in a thread of its own, because a store may not answer at all."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ended.set()
        self._ended_at = -float("inf")
        self._error = ""

    def begin(self) -> None:
        """Begin to read, unless a read is running or has just ended."""
        with self._lock:
            if self._ended.is_set() and time.monotonic() > self._ended_at + _FRESH:
                self._ended.clear()
                threading.Thread(target=self._read, daemon=True, name="holdall-readyz").start()

    def _read(self) -> None:
        try:
            any(True for _ in self._served.store.scan())
            self._error = ""
        except Exception as error:
            self._error = f"{type(error).__name__}: {error}"
            if not isinstance(error, HoldallError):
                raise
        finally:
            self._ended_at = time.monotonic()
            self._ended.set()

    def is_ready(self, deadline: float) -> bool:
        """Return whether the store answers until ``deadline``; log the reason if it does not."""
        ended = self._ended.wait(max(0, deadline - time.monotonic()))
        if ended and not self._error:
            return True
        log.warning("the store %r is not ready: %s", self._served.name, self._error or "it does not answer")
        return False
