"""Translate the errors of Google's client to holdall's errors, all in one place.

    object missing      404                                     KeyError
    bucket missing      404, about the bucket                   StoreNotFound
    refused             401, 403, no or expired credentials     PermissionDenied
    condition failed    412                                     Conflict
    slow down           429, 503                                Throttled
    server failed       other 5xx, 408                          Unavailable
    no answer           timeouts, connections refused or reset  Unavailable
    nonsense            no JSON, a body cut short or altered    Corrupt
    too large           413                                     TooLarge
    not implemented     501                                     Unsupported
    meaningless         400 about a bucket                      InvalidAddress

The codes are those of "HTTP status and error codes for JSON" in the Cloud Storage reference.
"""

from holdall.adapters._shared.errors import describe, first_line
from holdall.errors import (
    Conflict,
    Corrupt,
    HoldallError,
    InvalidAddress,
    PermissionDenied,
    StoreNotFound,
    Throttled,
    TooLarge,
    Unavailable,
    Unsupported,
)
from holdall.extras import needs
from holdall.store import conflict

with needs("gcs"):
    import requests.exceptions as transport
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
    from requests import Response
    from urllib3.exceptions import HTTPError

RAISED = (
    api.GoogleAPIError,
    auth.GoogleAuthError,
    transport.RequestException,
    HTTPError,
    DataCorruption,
    InvalidResponse,
    ConnectionError,
)
"""The errors that the client raises and `translate` accepts."""

AGAIN = "this request had been sent before"
"""The note that is added to an error if it was raised after a retry."""

_LOST = (transport.RequestException, HTTPError, ConnectionError, auth.TransportError)

_LOGIN = "log in with `gcloud auth application-default login`, or check the service account"
_LIST = "without the permission storage.objects.list, a missing key is refused too"

_BY_STATUS: dict[int, type[HoldallError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    408: Unavailable,
    412: Conflict,
    413: TooLarge,
    429: Throttled,
    501: Unsupported,
    503: Throttled,
}


def translate(error: Exception, bucket: str, key: str | None = None) -> Exception:
    """The exception that a store raises for ``error``, which is one of RAISED."""
    where = f"gs://{bucket}"
    about = describe(where, key)
    if status := status_of(error):
        return _of_answer(status, error, where, about, key)
    if _is_unreadable(error):
        return Corrupt(f"the answer about {about} cannot be read: {error}", key=key)
    if isinstance(error, _LOST):
        return Unavailable(f"no answer about {about}: {_message_of(error)}", key=key)
    if isinstance(error, auth.GoogleAuthError):
        return PermissionDenied(f"no credentials for {about}; {_LOGIN}", key=key)
    return HoldallError(f"{about}: {_message_of(error)}", key=key)


def _of_answer(status: int, error: Exception, where: str, about: str, key: str | None) -> Exception:
    if status == 404:
        return no_bucket(where) if key is None else KeyError(key)
    kind = _BY_STATUS.get(status) or (HoldallError if status < 500 else Unavailable)
    if kind is Conflict and key is not None:
        return conflict(key)
    if status == 400 and key is None:
        kind = InvalidAddress
    hint = f"; {_LIST}, or {_LOGIN}" if kind is PermissionDenied else ""
    return kind(f"{about}: {_message_of(error)}{hint}", key=key)


def no_bucket(place: str) -> StoreNotFound:
    """The error for a missing bucket."""
    return StoreNotFound(f"there is no bucket {place}; create it, or open it with ?create=true")


def passes(error: Exception) -> bool:
    """Whether the request that failed with ``error`` may succeed if it is retried."""
    if status := status_of(error):
        return status in (408, 429) or (status >= 500 and status != 501)
    return isinstance(error, (*_LOST, DataCorruption)) and not isinstance(error, transport.InvalidJSONError)


def begins_after_end(error: Exception) -> bool:
    """Whether the server refused the range of a request because it begins after the end of the object."""
    return isinstance(error.__cause__, Exception) and status_of(error.__cause__) == 416


def may_have_taken_effect(error: Exception) -> bool:
    """Whether the request that ended in ``error`` may have taken effect nevertheless.

    A refusal is in doubt if the request had been sent before, because the earlier attempt may have caused it.
    """
    if isinstance(error, Unavailable | Corrupt):
        return True
    return AGAIN in getattr(error.__cause__, "__notes__", ())


def status_of(error: Exception) -> int:
    """The HTTP status of the answer that ``error`` is about, or 0 if there was no answer."""
    if isinstance(error, InvalidResponse):
        return int(error.response.status_code)
    return int(getattr(error, "code", None) or 0)


def _is_unreadable(error: Exception) -> bool:
    """Whether the server sent an answer that is incomplete or cannot be read."""
    return isinstance(error, DataCorruption | transport.InvalidJSONError) or "IncompleteRead" in str(error)


def _message_of(error: Exception) -> str:
    answer = getattr(error, "response", None)
    if isinstance(error, api.GoogleAPICallError) and isinstance(answer, Response):
        # The client's own message about a refused upload is a tuple of Python.
        error = api.from_http_response(answer)  # type: ignore[no-untyped-call]
    return first_line(error, getattr(error, "message", None) or str(error))
