"""Translate the errors of redis-py and its server to holdall's errors, all in one place.

    refused             WRONGPASS, NOAUTH, NOPERM, READONLY         PermissionDenied
    no answer           timeouts, connections refused or lost       Unavailable
    not trusted         a certificate of another authority or host  Unavailable
    cannot now          LOADING, CLUSTERDOWN, MASTERDOWN, MISCONF    Unavailable
    no memory           OOM                                         StoreFull
    another database    "DB index is out of range"                  StoreNotFound
    other data          WRONGTYPE                                   Mismatch
    a cluster           MOVED, ASK, CROSSSLOT                        Unsupported

The prefixes are those of "Redis serialization protocol specification", simple errors.
"""

from holdall.adapters._shared.errors import first_line, subject
from holdall.errors import (
    UNCHANGED,
    HoldallError,
    Mismatch,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    Unavailable,
    Unsupported,
)
from holdall.extras import needs

with needs("redis"):
    from redis import exceptions as sdk

RAISED = (sdk.RedisError, OSError)
"""The errors that the client raises and `translate` accepts."""

_Kinds = tuple[type[Exception], ...]
_BY_EXCEPTION: list[tuple[_Kinds, type[HoldallError], str]] = [
    (
        (sdk.AuthenticationError, sdk.AuthorizationError, sdk.AuthenticationWrongNumberOfArgsError),
        PermissionDenied,
        "refuses the login; check the user in the address and REDISCLI_AUTH",
    ),
    ((sdk.NoPermissionError,), PermissionDenied, "refuses this user; check its ACL"),
    ((sdk.ReadOnlyError,), PermissionDenied, "is a read-only replica; open its primary"),
    ((sdk.OutOfMemoryError,), StoreFull, f"has no memory left{UNCHANGED}; raise its maxmemory"),
    (
        (sdk.AskError, sdk.ClusterCrossSlotError),
        Unsupported,
        "is a cluster; open a server that is not part of a cluster",
    ),
    ((sdk.ConnectionError, sdk.TimeoutError, OSError), Unavailable, "did not answer"),
    ((sdk.ClusterDownError,), Unavailable, "cannot serve requests now; try again"),
]

_BY_PREFIX: list[tuple[str, type[HoldallError], str]] = [
    (
        "[SSL: CERTIFICATE_VERIFY_FAILED]",
        Unavailable,
        "has a certificate that is not trusted; "
        "check the host name, and give the file of its certificate authority with ?ca=",
    ),
    ("WRONGTYPE", Mismatch, "holds other data under these names; open it with another ?prefix="),
    ("MISCONF", Unavailable, "cannot save its data, so it refuses writes; check its disk"),
    ("DB index", StoreNotFound, "does not have a database with this number"),
    ("OOM", StoreFull, f"has no memory left{UNCHANGED}; raise its maxmemory"),
    ("NOPERM", PermissionDenied, "refuses this user; check its ACL"),
    ("READONLY", PermissionDenied, "is a read-only replica; open its primary"),
]


def translate(error: Exception, where: str, key: str | None = None) -> HoldallError:
    """The error to raise in place of ``error`` (one of RAISED), about ``key`` of the store ``where``."""
    about, said = subject(where, key), first_line(error)
    for prefix, kind, remedy in _BY_PREFIX:  # a script passes on the errors of its commands as text
        if said.startswith(prefix) or f" {prefix} " in said:
            return kind(f"{about} {remedy}: {said}", key=key)
    for kinds, kind, remedy in _BY_EXCEPTION:
        if isinstance(error, kinds):
            return kind(f"{about} {remedy}: {said}", key=key)
    return HoldallError(f"{about} failed: {said}", key=key)
