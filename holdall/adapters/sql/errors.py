"""Translate the errors of SQL servers and their drivers to holdall's errors, all in one place.

PostgreSQL reports SQLSTATE codes, whose first two characters are the class ("PostgreSQL Error Codes" in its
documentation). MySQL and MariaDB report numbers ("Server Error Message Reference", "MariaDB Error Codes").
"""

from typing import Final

from sqlalchemy import exc

from holdall.adapters._shared.errors import first_line, subject
from holdall.errors import (
    UNCHANGED,
    Conflict,
    HoldallError,
    InvalidAddress,
    Mismatch,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    Throttled,
    TooLarge,
    Unavailable,
)

RAISED: Final = exc.SQLAlchemyError
"""The errors that SQLAlchemy raises and `translate` accepts."""

_DENIED = PermissionDenied, "refuses this user; check its password and permissions"
_NO_DATABASE = StoreNotFound, "has no such database; create it"
_NO_TABLE = StoreNotFound, "has no such table; open it with ?create=true to create the table"
_OTHER = Mismatch, "is not a table of a store; name another with ?table="
_FULL = StoreFull, f"has no room left{UNCHANGED}; free some space on the server"
_LARGE = TooLarge, "does not accept a value of this size; split it"
_BUSY = Throttled, "has no free connection; open fewer, or raise the limit of the server"
_LOCKED = Unavailable, "is locked by other writers; retry"
_LOST = Unavailable, "did not answer"
_UNTRUSTED = (
    Unavailable,
    "has a certificate that is not trusted; "
    "check the host name, and give the file of its certificate authority with ?tls=FILE",
)
_PLAIN = (
    Unavailable,
    "does not speak TLS; enable TLS there, or open the store with ?tls=off if you trust the network",
)
_CLEAR = (
    PermissionDenied,
    "was sent no password, because the connection is not encrypted; enable TLS there and open it with ?tls=system",
)

_Kind = tuple[type[HoldallError], str]

_BY_STATE: dict[str, _Kind] = {
    "22021": (Mismatch, "cannot store this key in its encoding; use a database in UTF8"),
    "22P05": (Mismatch, "cannot store this key in its encoding; use a database in UTF8"),
    "23": (Conflict, "was changed by another writer; retry"),
    "25006": (PermissionDenied, "is read-only"),
    "28": _DENIED,
    "3D000": _NO_DATABASE,
    "40": _LOCKED,
    "42": _OTHER,
    "42501": _DENIED,
    "42P01": _NO_TABLE,
    "53": _FULL,
    "53300": _BUSY,
    "54": _LARGE,
}

_BY_NUMBER: dict[int, _Kind] = {
    **dict.fromkeys((1044, 1045, 1142, 1143, 1227, 1290, 1698, 1836), _DENIED),
    **dict.fromkeys((1021, 1041, 1114), _FULL),
    **dict.fromkeys((1040, 1203, 1226), _BUSY),
    **dict.fromkeys((1205, 1213), _LOCKED),
    **dict.fromkeys((1054, 1364, 1366, 1406), _OTHER),
    1049: _NO_DATABASE,
    1062: (Conflict, "was changed by another writer; retry"),
    1146: _NO_TABLE,
    1153: _LARGE,
}

# If connecting fails, PostgreSQL's client gives no code, and MySQL's client gives one code for every reason.
_BY_WORDS: list[tuple[str, _Kind]] = [
    ("asks for the password in the clear", _CLEAR),
    ('requirement "!password" failed', _CLEAR),
    ("certificate verify failed", _UNTRUSTED),
    ("does not match host name", _UNTRUSTED),
    ("root certificate file", (InvalidAddress, "cannot be verified; check PGSSLROOTCERT")),
    ("server does not support SSL", _PLAIN),
    ("server doesn't support it", _PLAIN),
    ("authentication failed", _DENIED),
    ("no password supplied", _DENIED),
    ("no pg_hba.conf entry", _DENIED),
    ("permission denied", _DENIED),
    ('" does not exist', _NO_DATABASE),
    ("too many clients", _BUSY),
    ("remaining connection slots", _BUSY),
]


def translate(error: Exception, where: str, key: str | None = None) -> HoldallError:
    """The error to raise in place of ``error`` (one of RAISED), about ``key`` of the store ``where``."""
    kind, remedy = _kind_of(error)
    cause = getattr(error, "orig", None) or error
    said = first_line(cause, str(cause.args[-1]) if cause.args else None)
    return kind(f"{subject(where, key)} {remedy}: {said}", key=key)


def _kind_of(error: Exception) -> _Kind:
    state, number = code_of(error)
    found = _BY_STATE.get(state) or _BY_STATE.get(state[:2]) or _BY_NUMBER.get(number)
    if found:
        return found
    for words, known in _BY_WORDS:
        if words in str(getattr(error, "orig", "")):
            return known
    return _LOST if isinstance(error, exc.OperationalError | exc.InterfaceError) else (HoldallError, "failed")


def code_of(error: Exception) -> tuple[str, int]:
    """The SQLSTATE of PostgreSQL (else empty) and the error number of MySQL (else 0)."""
    cause = getattr(error, "orig", None)
    first = cause.args[0] if cause is not None and cause.args else 0
    if isinstance(first, int) and first:
        return "", first
    return getattr(cause, "sqlstate", None) or "", 0


def passes(error: Exception) -> bool:
    """Whether a transaction was rolled back because of another one, so that a retry may succeed."""
    state, number = code_of(error)
    return state in ("40001", "40P01") or number == 1213


def is_taken(error: Exception) -> bool:
    """Whether an insert was refused because its key already has a row."""
    state, number = code_of(error)
    return state == "23505" or number == 1062
