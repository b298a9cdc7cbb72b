"""What SlateDB raises, as errors of holdall."""

from slatedb.uniffi import CloseReason, Error

from holdall.errors import Corrupt, Fenced, HoldallError, Unavailable


def translated(error: Error, where: str) -> HoldallError:
    """The error to raise in place of ``error``, about the store ``where``."""
    if isinstance(error, Error.Closed) and error.reason == CloseReason.FENCED:
        remedy = "let one process write at a time, or open it again to take it back"
        return Fenced(f"{where} was opened by another writer since; {remedy}")
    if isinstance(error, Error.Data):
        return Corrupt(f"{where} is damaged: {error.message}; restore a copy")
    if isinstance(error, Error.Invalid):
        return HoldallError(f"{where} cannot be used: {error.message}")
    return Unavailable(f"{where} failed: {error.message}; see that its object store can be reached")
