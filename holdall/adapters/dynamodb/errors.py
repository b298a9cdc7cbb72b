"""Translate the errors of DynamoDB and its client to holdall's errors, all in one place.

    table missing        ResourceNotFoundException                          StoreNotFound
    refused              AccessDeniedException, no or wrong credentials     PermissionDenied
    condition failed     ConditionalCheckFailedException                    Conflict
    slow down            throttled, or met by another's transaction         Throttled
    server failed        any 5xx                                            Unavailable
    no answer            timeouts, connections refused or reset             Unavailable
    another table        ValidationException about the key                  Mismatch
    too large            ValidationException about a size                   TooLarge
    no region            nothing names one                                  InvalidAddress

The codes are those of "Error handling with DynamoDB" in its developer guide.
"""

from holdall.adapters._shared.errors import first_line, subject
from holdall.errors import (
    Conflict,
    Corrupt,
    HoldallError,
    InvalidAddress,
    Mismatch,
    PermissionDenied,
    StoreNotFound,
    Throttled,
    TooLarge,
    Unavailable,
)
from holdall.extras import needs

with needs("dynamodb"):
    from botocore import exceptions as sdk
    from botocore.parsers import ResponseParserError

    from holdall.adapters._aws.session import code_of

RAISED = (sdk.BotoCoreError, sdk.ClientError, ResponseParserError)
"""The errors that the client raises and `translate` accepts."""

_LOGIN = "check the profile, the environment or the role that this process runs under"
_DENIED = PermissionDenied, f"refuses the request; {_LOGIN}"
_SLOW = Throttled, "asks for fewer requests; retry later"

_Kind = tuple[type[HoldallError], str]
_BY_CODE: dict[str, _Kind] = {
    "ConditionalCheckFailedException": (Conflict, "was changed by another writer; read it again and retry"),
    "ResourceNotFoundException": (StoreNotFound, "does not exist; create it, or open it with ?create=true"),
    "ItemCollectionSizeLimitExceededException": (
        TooLarge,
        "has no more room under this store name; use another name",
    ),
    "TransactionConflictException": (Throttled, "is being changed by a transaction; retry"),
    "TransactionInProgressException": (
        Unavailable,
        "may still be carrying out an earlier attempt; read the keys to find out",
    ),
    **dict.fromkeys(
        (
            "AccessDeniedException",
            "ExpiredTokenException",
            "IncompleteSignatureException",
            "InvalidSignatureException",
            "MissingAuthenticationTokenException",
            "UnrecognizedClientException",
        ),
        _DENIED,
    ),
    **dict.fromkeys(
        (
            "LimitExceededException",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "ThrottlingException",
        ),
        _SLOW,
    ),
}

_Kinds = tuple[type[Exception], ...]
_BY_EXCEPTION: list[tuple[_Kinds, _Kind]] = [
    ((sdk.HTTPClientError, sdk.ConnectionError), (Unavailable, "did not answer")),
    ((sdk.NoRegionError,), (InvalidAddress, "names no region; add ?region=")),
    (
        (sdk.NoCredentialsError, sdk.PartialCredentialsError, sdk.CredentialRetrievalError, sdk.TokenRetrievalError),
        (PermissionDenied, f"has no credentials; {_LOGIN}"),
    ),
    ((sdk.ProfileNotFound, sdk.ParamValidationError, sdk.ValidationError), (InvalidAddress, "cannot be opened")),
    ((ResponseParserError, sdk.ChecksumError), (Corrupt, "gave an answer that cannot be read")),
]  # fmt: skip


def translate(error: Exception, where: str, key: str | None = None) -> HoldallError:
    """The error to raise in place of ``error`` (one of RAISED), about ``key`` of the store ``where``."""
    kind, remedy = _kind_of(error)
    return kind(f"{subject(where, key)} {remedy}: {_message_of(error)}", key=key)


def _kind_of(error: Exception) -> _Kind:
    if not isinstance(error, sdk.ClientError):
        found = (known for kinds, known in _BY_EXCEPTION if isinstance(error, kinds))
        return next(found, (HoldallError, "failed"))
    code = code_of(error)
    if code == "ValidationException":
        return _kind_of_validation(_message_of(error))
    if code == "TransactionCanceledException":
        return Throttled, "was changed by other writers at the same time; retry"
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return Unavailable, "failed"
    return _BY_CODE.get(code, (HoldallError, "failed"))


def _kind_of_validation(said: str) -> _Kind:
    if "size" in said:
        return TooLarge, "does not accept a value of this size; split it"
    if "key" in said:
        return (
            Mismatch,
            "is not a table of a store, whose keys are 'store' and 'key', both text; name another table",
        )
    return HoldallError, "failed"


def reasons(error: BaseException | None) -> list[str]:
    """The code for each part of a refused transaction, in order: why it failed, or "None" if it did not."""
    found = error.response.get("CancellationReasons", []) if isinstance(error, sdk.ClientError) else []
    return [str(reason.get("Code")) for reason in found]


def _message_of(error: Exception) -> str:
    if isinstance(error, sdk.ClientError):
        found = error.response["Error"]
        return first_line(error, f"{found.get('Code', '')} {found.get('Message', '')}")
    return first_line(error)
