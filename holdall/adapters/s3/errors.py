"""Translate the errors of S3 and of its client to holdall's errors, all in one place.

    object missing      404 NoSuchKey                                 KeyError
    bucket missing      404 NoSuchBucket                              StoreNotFound
    refused             401, 403, expired or missing credentials      PermissionDenied
    another region      301, AuthorizationHeaderMalformed             InvalidAddress
    condition failed    412, 409 ConditionalRequestConflict           Conflict
    slow down           503, 429                                      Throttled
    server failed       other 5xx                                     Unavailable
    no answer           timeouts, connections refused or reset        Unavailable
    nonsense            unreadable XML, a body cut short, other 404   Corrupt
    not implemented     501, 405                                      Unsupported
    full                507, QuotaExceeded                            StoreFull
    too large           413, EntityTooLarge, KeyTooLongError          TooLarge

The codes are those of "Error responses" in the Amazon S3 API reference, and a few of S3-like servers.
"""

from holdall.adapters._aws.in_doubt import is_in_doubt
from holdall.adapters._shared.errors import describe
from holdall.adapters.s3.retries import UNREADABLE
from holdall.errors import (
    Conflict,
    Corrupt,
    HoldallError,
    InvalidAddress,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    Throttled,
    TooLarge,
    Unavailable,
    Unsupported,
)
from holdall.extras import needs
from holdall.store import conflict

with needs("s3"):
    from botocore import exceptions as sdk
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    from holdall.adapters._aws.session import code_of

RAISED = (sdk.BotoCoreError, sdk.ClientError, ResponseParserError, HTTPError)
"""The errors that the client raises and `translate` accepts.

HTTPError is raised if the body of an error response breaks off, because the client does not translate
exceptions while it reads that body.
"""

_LOGIN = "check the profile, the environment or the role that this process runs under"
_LIST = (
    "without the permission s3:ListBucket, S3 answers the same for a missing key; grant it to tell them apart"
)

_HINTS = {
    "ExpiredToken": "the credentials have expired; log in again",
    "InvalidAccessKeyId": f"the server does not know the access key; {_LOGIN}",
    "SignatureDoesNotMatch": f"the secret key is wrong; {_LOGIN}",
    "RequestTimeTooSkewed": "this machine's clock is wrong; set it",
    "InvalidObjectState": "the object is archived; restore it first",
    "RequestExpired": "the request came too late; check this machine's clock",
    "InvalidToken": "the session token is not accepted; log in again",
    "TokenRefreshRequired": "the credentials have expired; log in again",
}

_BY_CODE: dict[str, type[HoldallError]] = {
    **dict.fromkeys(_HINTS, PermissionDenied),
    "NoSuchBucket": StoreNotFound,
    "PreconditionFailed": Conflict,
    "ConditionalRequestConflict": Conflict,
    "OperationAborted": Conflict,
    "SlowDown": Throttled,
    "Throttling": Throttled,
    "RequestLimitExceeded": Throttled,
    "EntityTooLarge": TooLarge,
    "KeyTooLongError": TooLarge,
    "QuotaExceeded": StoreFull,
    "XMinioStorageFull": StoreFull,
    "InvalidBucketName": InvalidAddress,
    "NoSuchUpload": Unavailable,
    UNREADABLE: Corrupt,
}

_BY_STATUS: dict[int, type[HoldallError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    405: Unsupported,
    412: Conflict,
    413: TooLarge,
    429: Throttled,
    501: Unsupported,
    503: Throttled,
    507: StoreFull,
}

_REGION = {
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
}


def translate(error: Exception, bucket: str, key: str | None = None) -> Exception:
    """The exception that a store raises for ``error``, which is one of RAISED."""
    if isinstance(error, sdk.ClientError):
        return _of_answer(error, bucket, key)
    return _of_client(error, bucket, key)


def _of_answer(error: sdk.ClientError, bucket: str, key: str | None) -> Exception:
    code, status = code_of(error), error.response["ResponseMetadata"]["HTTPStatusCode"]
    place = f"s3://{bucket}"
    if code in _REGION or status == 301:
        return InvalidAddress(f"{place} is {_where(error)}")
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status)
    if status == 404 and kind is None:
        return _missing(code, error.operation_name, place, key)
    if kind is StoreNotFound:
        return _no_bucket(place)
    if kind is Conflict and key is not None:
        return conflict(key)
    if kind is None:
        kind = Unavailable if status >= 500 else HoldallError
    return kind(_message_of(error, place, kind, key), key=key)


def _missing(code: str, operation: str, place: str, key: str | None) -> Exception:
    if key is None:
        return _no_bucket(place)
    # An answer to HEAD has no body that could name the missing thing: see `S3Bucket.head`. And the client cannot
    # parse an answer that repeats a key with characters that XML does not allow.
    named = operation not in ("HeadObject", "DeleteObject") and not {"\ufffe", "\uffff"} & set(key)
    if named and code in ("", "404"):
        remedy = "check which server is at this endpoint"
        return Corrupt(f"the answer about {key!r} in {place} does not come from S3; {remedy}", key=key)
    return KeyError(key)


def _no_bucket(place: str) -> StoreNotFound:
    return StoreNotFound(f"there is no bucket {place}; create it, or open it with ?create=true")


def _where(error: sdk.ClientError) -> str:
    headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
    region = headers.get("x-amz-bucket-region") or error.response["Error"].get("Region")
    return f"in {region}; open it with ?region={region}" if region else "in another region; add ?region="


def _message_of(error: sdk.ClientError, place: str, kind: type[HoldallError], key: str | None) -> str:
    code, said = code_of(error), error.response["Error"].get("Message", "")
    about = describe(place, key)
    hint = _HINTS.get(code)
    if hint is None and kind is PermissionDenied:
        hint = _LIST if key is not None and error.operation_name in ("GetObject", "HeadObject") else _LOGIN
    return f"{error.operation_name} of {about} was refused: {code} {said}{(hint and '; ' + hint) or ''}"


def _of_client(error: Exception, bucket: str, key: str | None) -> HoldallError:
    about = describe(f"s3://{bucket}", key)
    if isinstance(error, sdk.ResponseStreamingError) and "IncompleteRead" in str(error):
        return Corrupt(f"the answer about {about} was cut short: {error}", key=key)
    for kinds, kind, said in _BY_EXCEPTION:
        if isinstance(error, kinds):
            return kind(said.format(about=about, error=error), key=key)
    return HoldallError(f"{about}: {error}", key=key)


_Kinds = tuple[type[Exception], ...]
_LOST = (sdk.HTTPClientError, sdk.ConnectionError, HTTPError)
_GARBLED = (
    sdk.IncompleteReadError,
    ResponseParserError,
    sdk.ChecksumError,
    sdk.FlexibleChecksumError,
)
_NO_LOGIN = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.MetadataRetrievalError,
    sdk.TokenRetrievalError,
    sdk.NoAuthTokenError,
    sdk.SSOError,
    sdk.LoginError,
)
_MEANINGLESS = (
    sdk.ProfileNotFound,
    sdk.ParamValidationError,
    sdk.ValidationError,
    sdk.UnknownRegionError,
    sdk.InvalidDNSNameError,
    sdk.EndpointProviderError,
)
_BY_EXCEPTION: list[tuple[_Kinds, type[HoldallError], str]] = [
    (_GARBLED, Corrupt, "the answer about {about} cannot be read: {error}"),
    (_LOST, Unavailable, "no answer about {about}: {error}"),
    (_NO_LOGIN, PermissionDenied, "no credentials for {about}: {error}; " + _LOGIN),
    (_MEANINGLESS, InvalidAddress, "{about} cannot be opened: {error}"),
]


def begins_after_end(error: Exception) -> bool:
    """Whether the server refused the range of a request because it begins after the end of the object."""
    cause = error.__cause__
    return isinstance(cause, sdk.ClientError) and cause.response["ResponseMetadata"]["HTTPStatusCode"] == 416


def may_have_taken_effect(error: Exception) -> bool:
    """Whether the request that ended in ``error`` may have taken effect nevertheless.

    A refusal is in doubt if an earlier attempt of the same request may have caused it.
    """
    return isinstance(error, Unavailable | Corrupt) or is_in_doubt(error.__cause__)
