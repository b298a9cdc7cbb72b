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
        "refuses the login; see to the user of the address and to REDISCLI_AUTH",
    ),
    ((sdk.NoPermissionError,), PermissionDenied, "refuses this user; see to its ACL"),
    ((sdk.ReadOnlyError,), PermissionDenied, "is a replica and only read; open its primary"),
    ((sdk.OutOfMemoryError,), StoreFull, f"has no memory left{UNCHANGED}; raise its maxmemory"),
    ((sdk.AskError, sdk.ClusterCrossSlotError), Unsupported, "is a cluster; open a server that is none"),
    ((sdk.ConnectionError, sdk.TimeoutError, OSError), Unavailable, "did not answer"),
    ((sdk.ClusterDownError,), Unavailable, "cannot serve now"),
]

_BY_PREFIX: list[tuple[str, type[HoldallError], str]] = [
    (
        "[SSL: CERTIFICATE_VERIFY_FAILED]",
        Unavailable,
        "shows a certificate that is not trusted; see to the host's name, and name its authority's file by ?ca=",
    ),
    ("WRONGTYPE", Mismatch, "holds other data under these names; open it with another ?prefix="),
    ("MISCONF", Unavailable, "cannot save its data and so refuses writes; see to its disk"),
    ("DB index", StoreNotFound, "has no database of this number"),
    ("OOM", StoreFull, f"has no memory left{UNCHANGED}; raise its maxmemory"),
    ("NOPERM", PermissionDenied, "refuses this user; see to its ACL"),
    ("READONLY", PermissionDenied, "is a replica and only read; open its primary"),
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
