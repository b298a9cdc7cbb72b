"""Translate errors of SlateDB into errors of holdall.

Only the text of an error tells which problem SlateDB has with its object store.
"""

from typing import Any

from slatedb.uniffi import CloseReason, Error

from holdall.errors import Corrupt, Fenced, HoldallError, PermissionDenied, StoreNotFound, Unavailable

Failure: Any = Error  # the module defines it twice; type checkers see the definition that is not an exception

_DENIED = (
    PermissionDenied,
    "has no access to its object store; check the credentials, or the permissions of the folder",
)
_GONE = StoreNotFound, "has no bucket; create it"
_FILE = StoreNotFound, "is below a file, which cannot contain a folder; name another path"
_kinds: dict[str, tuple[type[HoldallError], str]] = {
    "AccessDenied": _DENIED,
    "InvalidAccessKeyId": _DENIED,
    "SignatureDoesNotMatch": _DENIED,
    "403 Forbidden": _DENIED,
    "os error 13": _DENIED,
    "os error 30": _DENIED,
    "NoSuchBucket": _GONE,
    "os error 20": _FILE,
}


def translate(error: Any, where: str) -> HoldallError:
    """Return the error to raise in place of ``error``, which concerns the store ``where``."""
    if isinstance(error, Error.Closed) and error.reason == CloseReason.FENCED:
        remedy = "let one process write at a time, or open it again to take it back"
        return Fenced(f"{where} was opened by another writer in the meantime; {remedy}")
    said = error.message
    reason = said.partition("<")[0].partition("\n")[0]  # the rest is the server's answer, of many lines
    for text, (kind, remedy) in _kinds.items():
        if text in said:
            return kind(f"{where} {remedy}: {reason}")
    if isinstance(error, Error.Data):
        return Corrupt(f"{where} is damaged; restore a copy: {reason}")
    if isinstance(error, Error.Internal | Error.Invalid):
        return HoldallError(f"{where} failed in SlateDB: {reason}")
    return Unavailable(f"{where} failed; check that its object store can be reached: {reason}")
