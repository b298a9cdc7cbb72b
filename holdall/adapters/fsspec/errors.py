"""Translate the errors of file systems to holdall's errors."""

import ftplib

from holdall.adapters._files.oserrors import translate as os_error
from holdall.adapters._shared.errors import describe
from holdall.errors import (
    UNCHANGED,
    HoldallError,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    Throttled,
    Unavailable,
)

_DENIED = PermissionDenied, "the server refuses the request; check the login and its permissions"
_AWAY = Unavailable, "the server did not answer; try again"
_FULL = StoreFull, f"there is no room left{UNCHANGED}; free some space"
_GONE = StoreNotFound, "the container does not exist; create it first"
_BUSY = Throttled, "the server asks for fewer requests; wait and try again"

_Kind = tuple[type[HoldallError], str]

# By class name, because most of these libraries are usually not installed.
_by_name: dict[str, _Kind] = {
    "AuthenticationException": _DENIED,  # paramiko
    "BadHostKeyException": (
        PermissionDenied,
        "the host key of the server is not the known one; check that it is the same server",
    ),
    "ClientAuthenticationError": _DENIED,  # azure.core
}
_by_status = {401: _DENIED, 403: _DENIED, 404: _GONE, 413: _FULL, 429: _BUSY, 503: _BUSY, 507: _FULL}
_by_ftp_code = {"452": _FULL, "552": _FULL, "421": _AWAY, "425": _AWAY, "426": _AWAY}

_disconnects = {"SSHException", "error_temp", "ServiceRequestError", "ServiceResponseError"}


def is_answer(error: BaseException) -> bool:
    """Whether ``error`` is the server's complete answer, so that no unread answer is left in the connection."""
    if isinstance(error, HoldallError | ftplib.Error | FileNotFoundError):
        return not is_disconnect(error)
    return isinstance(error, OSError) and error.errno is not None and not is_disconnect(error)


def is_disconnect(error: BaseException) -> bool:
    """Whether the connection is lost, so that the request may succeed on a new one."""
    if isinstance(error, ConnectionError | EOFError | TimeoutError):
        return True
    if isinstance(error, OSError) and error.errno is None and type(error) is OSError:
        return True  # paramiko: Socket is closed
    return not _disconnects.isdisjoint(each.__name__ for each in type(error).__mro__)


def translate(error: Exception, where: str, key: str | None = None) -> HoldallError:
    """The error to raise in place of ``error``, about ``key`` of the store ``where``.

    It does not repeat messages of servers, which may quote the data that was sent to them. They are in its
    ``__cause__``.

    >>> translate(PermissionError(13, "Permission denied"), "sftp://host/books", "a")
    PermissionDenied("'a' in sftp://host/books: Permission denied; ...")
    """
    if isinstance(error, HoldallError):
        return error
    kind, remedy = _kind(error)
    if kind is None:
        return os_error(error, where, key)  # type: ignore[arg-type]  # it has an errno
    return kind(f"{describe(where, key)}: {remedy}", key=key)


def _kind(error: Exception) -> tuple[type[HoldallError] | None, str]:
    if isinstance(error, FileNotFoundError):
        return StoreNotFound, "the folder does not exist and could not be created"
    named = [_by_name[each.__name__] for each in type(error).__mro__ if each.__name__ in _by_name]
    if named:
        return named[0]
    if getattr(error, "status_code", None) in _by_status:
        return _by_status[error.status_code]  # type: ignore[attr-defined]  # the line above checked it
    if isinstance(error, ftplib.Error):
        code = str(error)[:3]
        return _by_ftp_code.get(code) or (_DENIED if code.startswith("5") else _AWAY)
    if isinstance(error, OSError) and error.errno and not is_disconnect(error):
        return None, ""
    return Unavailable, f"{type(error).__name__}: {_AWAY[1]}"
