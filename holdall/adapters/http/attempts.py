"""The attempts of one request: how often it is sent, and whether one of them may have taken effect."""

import time
from typing import Final

from holdall.adapters._shared.service import SERVICE
from holdall.adapters.http.answer import Answer
from holdall.adapters.http.errors import problem_of
from holdall.extras import needs

with needs("http"):
    from urllib3.exceptions import HTTPError, MaxRetryError
    from urllib3.util import Retry

_FIRST: Final = 0.05  # seconds before the second repetition; the first one is sent at once
_AGAIN: Final = frozenset({408, 429, 502, 503, 504})
_HARMLESS: Final = ("about:blank", "urn:holdall:Throttled", "urn:holdall:OverBudget")
"""The types of problems with which the service refuses a request before it has any effect."""


class Attempts:
    """The first attempt, and up to ``retries`` more after failures that may pass.

    The pauses before them take ``patience`` seconds at most. ``is_sent`` says whether the request left this
    process, and ``in_doubt`` whether an attempt that failed may have taken effect.
    """

    def __init__(self, retries: int, patience: float) -> None:
        self._retry = Retry(retries, backoff_factor=_FIRST, backoff_jitter=_FIRST)
        self._left = patience
        self.is_sent = False
        self.in_doubt = False

    def again_after_error(self, *, passes: bool) -> bool:
        """Return whether to send the request again after an error that may pass. Pauses before."""
        self.in_doubt = self.in_doubt or self.is_sent
        return passes and self._pause(0)

    def again_after(self, answer: Answer) -> bool:
        """Return whether to send the request again after ``answer``. Pauses before, as long as it asks for."""
        if answer.status not in _AGAIN or not self._pause(self._wish(answer)):
            return False
        self.in_doubt = self.in_doubt or _may_have_taken_effect(answer)
        return True

    def _pause(self, wish: float) -> bool:
        try:
            self._retry = self._retry.increment()
        except MaxRetryError:
            return False
        seconds = max(wish, self._retry.get_backoff_time())
        if seconds > self._left:
            return False
        self._left -= seconds
        time.sleep(seconds)
        return True

    def _wish(self, answer: Answer) -> float:
        """Return the seconds after which the server wants to be asked again; 0 if it does not say."""
        try:
            return self._retry.parse_retry_after(answer.headers.get("Retry-After", "0"))
        except HTTPError:
            return 0


def _may_have_taken_effect(answer: Answer) -> bool:
    refused = answer.status < 500 or (SERVICE in answer.headers and problem_of(answer).type in _HARMLESS)
    return not refused
