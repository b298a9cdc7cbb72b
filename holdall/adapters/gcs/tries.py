"""One request, and how often it may be tried again."""

from collections.abc import Callable
from typing import TypeVar

from holdall.adapters.concurrent import Pace
from holdall.adapters.gcs.errors import AGAIN, passes, status_of
from holdall.extras import needs

with needs("gcs"):
    from google.api_core.retry import Retry

R = TypeVar("R")

_THROTTLED = (429, 503)
_FIRST, _LONGEST = 0.2, 10.0  # seconds between two tries, random up to a doubling bound


class Tries:
    """Tries of one request: the first and up to ``retries`` more, where what went wrong may pass.

    The client's own retries end by the clock alone, so that a server which is away would be tried once, for
    as long as that takes; here tries are counted. ``pace`` is told how the request fares.
    """

    def __init__(self, retries: int, pace: Pace) -> None:
        self._left = retries
        self._pace = pace
        self._again = False

    def __call__(self, send: Callable[[Retry], R]) -> R:
        """What ``send`` returns. It is given the Retry to try by; its error after more than one try notes AGAIN."""
        try:
            result = send(Retry(self._may, initial=_FIRST, maximum=_LONGEST, timeout=None))
        except Exception as error:
            if self._again:
                error.add_note(AGAIN)
            self._told(error)
            raise
        self._pace.faster()
        return result

    def _told(self, error: Exception) -> None:
        if status_of(error) not in (0, *_THROTTLED):
            self._pace.faster()  # also a refusal is an answer

    def _may(self, error: Exception) -> bool:
        if status_of(error) in _THROTTLED:
            self._pace.slower()
        if not self._left or not passes(error):
            return False
        self._left -= 1
        self._again = True
        return True
