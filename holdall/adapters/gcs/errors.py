"""What Google's client reports, as holdall's errors: every translation, in one place.

    object missing      404                                     KeyError
    bucket missing      404, about the bucket                   StoreNotFound
    refused             401, 403, no or expired credentials     PermissionDenied
    condition failed    412                                     Conflict
    slow down           429, 503                                Throttled
    server failed       other 5xx                               Unavailable
    no answer           timeouts, connections refused or reset  Unavailable
    nonsense            a body cut short or altered             Corrupt
    too large           413                                     TooLarge
    not implemented     501                                     Unsupported

Codes are those of "HTTP status and error codes for JSON" in the Cloud Storage reference.
"""

from holdall.errors import (
    Conflict,
    Corrupt,
    HoldallError,
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

RAISED = (
    api.GoogleAPIError,
    auth.GoogleAuthError,
    transport.RequestException,
    DataCorruption,
    InvalidResponse,
    ConnectionError,
    TimeoutError,
)
"""What the client raises, and what `translated` understands."""

_LOGIN = "log in with `gcloud auth application-default login`, or see to the service account"
_LIST = "where storage.objects.list is not granted, a missing key is refused too"

_BY_STATUS: dict[int, type[HoldallError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    412: Conflict,
    413: TooLarge,
    429: Throttled,
    501: Unsupported,
    503: Throttled,
}


def translated(error: Exception, bucket: str, key: str | None = None) -> Exception:
    """``error``, one of RAISED, as what a store raises for it."""
    place = f"gs://{bucket}"
    about = place if key is None else f"{key!r} in {place}"
    status = status_of(error)
    if status == 404:
        return _no_bucket(place) if key is None else KeyError(key)
    if isinstance(error, DataCorruption):
        return Corrupt(f"{about} did not arrive as it was stored: {error}", key=key)
    if isinstance(error, auth.DefaultCredentialsError | auth.RefreshError):
        return PermissionDenied(f"no credentials for {about}; {_LOGIN}", key=key)
    kind = _BY_STATUS.get(status) or (HoldallError if 400 <= status < 500 else Unavailable)
    if kind is Conflict and key is not None:
        return conflict(key)
    hint = f"; {_LIST}, or {_LOGIN}" if kind is PermissionDenied else ""
    return kind(f"{about}: {_said(error)}{hint}", key=key)


def status_of(error: BaseException | None) -> int:
    """The HTTP status of the answer that ``error`` is about, or 0 where there was none."""
    if isinstance(error, api.RetryError):
        return status_of(error.cause)
    if isinstance(error, InvalidResponse):
        return int(error.response.status_code)
    return int(getattr(error, "code", None) or 0)


def _said(error: Exception) -> str:
    said = getattr(error, "message", None) or str(error) or type(error).__name__
    return str(said).splitlines()[0][:300]


def _no_bucket(place: str) -> StoreNotFound:
    return StoreNotFound(f"there is no bucket {place}; create it, or open it with ?create=true")
