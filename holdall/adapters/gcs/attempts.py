"""Send one request, and retry it a limited number of times."""

from collections.abc import Callable
from typing import TypeVar

from holdall.adapters._shared.throttle import Pace
from holdall.adapters.gcs.errors import AGAIN, passes, status_of
from holdall.extras import needs

with needs("gcs"):
    from google.api_core.retry import Retry

R = TypeVar("R")

_THROTTLED = (429, 503)
_FIRST, _LONGEST = 0.2, 10.0  # seconds between two attempts: random, up to a bound that doubles


class Attempts:
    """The attempts of one request: the first, and up to ``retries`` more after errors that may pass.

    The client's own retries are limited by time alone, so if a server is not reachable, a single attempt may
    use up all of that time. Here attempts are counted. Throttled and answered requests are reported to
    ``pace``.
    """

    def __init__(self, retries: int, pace: Pace) -> None:
        self._left = retries
        self._pace = pace
        self._again = False

    def __call__(self, send: Callable[[Retry], R]) -> R:
        """The result of ``send``, which gets the `Retry` to use. An error after a retry gets the note AGAIN."""
        try:
            result = send(Retry(self._may_retry, initial=_FIRST, maximum=_LONGEST, timeout=None))
        except Exception as error:
            if self._again:
                error.add_note(AGAIN)
            self._report(error)
            raise
        self._pace.faster()
        return result

    def _report(self, error: Exception) -> None:
        if status_of(error) not in (0, *_THROTTLED):
            self._pace.faster()  # a refusal is an answer too

    def _may_retry(self, error: Exception) -> bool:
        if status_of(error) in _THROTTLED:
            self._pace.slower()
        if not self._left or not passes(error):
            return False
        self._left -= 1
        self._again = True
        return True
