"""Watch every answer of the server, including those after which the client retries."""

import random
from typing import Any

from holdall.adapters._aws.in_doubt import note_doubt
from holdall.adapters._shared.throttle import Pace

UNREADABLE = "HoldallUnreadable"
"""The error code for an answer with status 200 whose XML cannot be parsed."""

THROTTLED = (429, 503)
"""The statuses of answers that ask the client to slow down."""

_REGION = "x-amz-bucket-region"
_IN_CONFLICT = ("ConditionalRequestConflict", "OperationAborted")


class RetryHandler:
    """A handler of the client's ``needs-retry`` event: called for each answer and each failure to get one.

    It sets the ``pace``. It records facts that the client's last error leaves out: see `is_in_doubt` and
    UNREADABLE. And it retries, up to ``retries`` times, two requests that Amazon asks callers to retry but
    its client does not: a conditional write that collides with a concurrent one (409, "Conditional write
    behavior" in the S3 user guide), and the creation of a bucket that is already being created (409, "Error
    responses" in the S3 API reference).
    """

    def __init__(self, pace: Pace, retries: int) -> None:
        self._pace = pace
        self._retries = retries

    def __call__(
        self, request_dict: Any, response: Any = None, attempts: int = 1, **event: Any
    ) -> float | None:
        note_doubt(request_dict, response)
        if response is None:
            return None
        answer, parsed = response
        self._set_pace(answer.status_code)
        if _is_unreadable(answer, parsed):
            parsed["Error"]["Code"] = UNREADABLE
        if _is_in_conflict(parsed) and attempts <= self._retries:
            return random.uniform(0, 0.02 * 2**attempts)  # noqa: S311 - jitter
        return None

    def _set_pace(self, status: int) -> None:
        if status in THROTTLED:
            self._pace.slower()
        else:
            self._pace.faster()


def end_redirects(request_dict: Any, response: Any = None, **event: Any) -> None:
    """Mark a HEAD request about a bucket as redirected, unless the answer names the region of the bucket.

    This is a handler of ``needs-retry``. botocore sends such a request to find the region of a bucket after any
    redirect. If the answer was again a redirect without a region, botocore would send it again without end.
    """
    if response is not None and _REGION not in response[1]["ResponseMetadata"].get("HTTPHeaders", {}):
        request_dict["context"].setdefault("s3_redirect", {})["redirected"] = True


def _is_unreadable(answer: Any, parsed: Any) -> bool:
    """Whether the client reports a server failure because it could not parse an answer with status 200."""
    well = getattr(answer.raw, "status", None) == 200
    return well and answer.status_code == 500 and _code(parsed) in ("500", "")


def _is_in_conflict(parsed: Any) -> bool:
    return _code(parsed) in _IN_CONFLICT


def _code(parsed: Any) -> str:
    return str(parsed.get("Error", {}).get("Code", ""))
