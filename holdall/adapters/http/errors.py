"""Translate the answers and errors of HTTP to holdall's errors, all in one place.

    a problem of holdall     its ``type`` is ``urn:holdall:`` and a name     KeyError, or the error of this name
    another problem          an answer with the header ``Holdall``           by its status, see below
    a proxy                  an answer without it, 401, 403, 413, 429, 5xx   by its status
    a redirect               any 3xx but 304                                 InvalidAddress
    another program          any other answer without the header             StoreNotFound
    no answer                timeouts, connections refused or lost           Unavailable
    not trusted              a certificate of another authority or host      Unavailable
    garbled                  what is not HTTP, or is over a limit            Corrupt

The types are those of `holdall.server.problems` (RFC 9457), and the statuses those of RFC 9110, section 15.
"""

from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

from holdall import errors
from holdall.adapters._shared.errors import first_line, subject
from holdall.adapters._shared.service import SERVICE
from holdall.adapters.http.answer import Answer
from holdall.errors import (
    Conflict,
    Corrupt,
    Expired,
    HoldallError,
    Invalid,
    InvalidAddress,
    Mismatch,
    PermissionDenied,
    StoreFull,
    StoreNotFound,
    Throttled,
    TooLarge,
    Unavailable,
    Unsupported,
)
from holdall.extras import needs
from holdall.keys import format_key
from holdall.redact import brief

with needs("http"):
    import msgspec
    from urllib3 import exceptions as lib

RAISED: Final = (lib.HTTPError, HTTPException, OSError)
"""The errors that the client raises and `translate` accepts."""

_GARBLED: Final = (lib.DecodeError, lib.InvalidChunkLength)
_URN: Final = "urn:holdall:"
_BY_NAME: Final = {kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type)}
_BY_STATUS: Final[dict[int, tuple[type[HoldallError], str]]] = {
    401: (PermissionDenied, "check the token, which ?token= names"),
    403: (PermissionDenied, "check the scopes of the token"),
    404: (StoreNotFound, "check the address"),
    405: (Unsupported, "the service may be of another version"),
    406: (Mismatch, "open the store again"),
    407: (PermissionDenied, "check the proxy"),
    408: (Unavailable, "try again"),
    409: (Conflict, "read the key again and retry"),
    410: (Expired, "read the whole store again"),
    412: (Conflict, "read the key again and retry"),
    413: (TooLarge, "write less at once"),
    414: (TooLarge, "use a shorter key"),
    415: (Mismatch, "open the store again"),
    421: (InvalidAddress, "use a name for which the service answers, or start it with --host"),
    422: (Invalid, "correct the value"),
    429: (Throttled, "send fewer requests"),
    431: (TooLarge, "use a shorter key or token"),
    501: (Unsupported, "use a store that can do this"),
    507: (StoreFull, "free some room"),
}
_PROXIED: Final = frozenset({401, 403, 407, 408, 413, 414, 429, 431})
_CERTIFICATE: Final = (
    "has a certificate that is not trusted; check the host name, and give the file of its certificate authority "
    "with ?ca="
)


class Problem(msgspec.Struct):
    """The members of a problem (RFC 9457) that the client reads. The items of a batch have them too."""

    status: int = 0
    type: str = "about:blank"
    detail: str = ""
    errors: dict[str, str] | None = None
    key: str | None = None


_read_problem = msgspec.json.Decoder(Problem)


def problem_of(answer: Answer) -> Problem:
    """Return the problem in ``answer``; an empty one if there is none."""
    if answer.headers.get("Content-Type") == "application/problem+json":
        try:
            return _read_problem.decode(answer.body)
        except (ValueError, RecursionError):
            pass
    return Problem()


def refusal(answer: Answer, where: str, key: str | None = None) -> Exception:
    """Return the error for ``answer``, which did not succeed, about ``key`` of the store ``where``."""
    if 300 <= answer.status < 400:
        return InvalidAddress(f"{where} redirects {_target(answer)}; open the address of the service itself")
    if SERVICE in answer.headers:
        return explain(problem_of(answer), answer.status, where, key)
    if answer.status in _PROXIED or answer.status >= 500:
        return explain(
            Problem(detail=f"status {answer.status}, not from the service"), answer.status, where, key
        )
    kind = brief(answer.headers.get("Content-Type", "no type"))
    return StoreNotFound(
        f"{where} is not a store of a holdall service: it answered {answer.status} with {kind}; "
        "check host, port and path, which end in /v1/NAME"
    )


def explain(problem: Problem, status: int, where: str, key: str | None = None) -> Exception:
    """Return the error for ``problem``, or for ``status`` if the problem names none."""
    name = problem.type.removeprefix(_URN) if problem.type.startswith(_URN) else ""
    if name == "KeyError" and key is not None:
        return KeyError(key)
    kind, remedy = _BY_STATUS.get(status, (Unavailable if status >= 500 else HoldallError, ""))
    if name:
        kind, remedy = _BY_NAME.get(name, kind), ""
    said = first_line(ValueError(problem.detail)) if problem.detail else f"status {status}"
    message = f"{subject(where, key)}: {said}" + (remedy and f"; {remedy}")
    about = key if problem.key is None else problem.key
    if issubclass(kind, Invalid):
        return kind(message, key=about, errors=problem.errors)
    if kind is Conflict and about is not None:
        message = f"{format_key(about)} does not have the expected tag; read it again and retry"
    if not issubclass(kind, HoldallError):
        kind = HoldallError
    return kind(message, key=about)


def _target(answer: Answer) -> str:
    try:
        parts = urlsplit(answer.headers.get("Location", ""))
        return f"to {brief(parts._replace(netloc=parts.hostname or '', query='', fragment='').geturl())}"
    except ValueError:
        return "to another address"


def translate(error: Exception, where: str, key: str | None = None) -> HoldallError:
    """Return the error to raise in place of ``error`` (one of RAISED), about ``key`` of the store ``where``."""
    about, said = subject(where, key), first_line(error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return Unavailable(f"{about} {_CERTIFICATE}", key=key)
    if isinstance(error, _GARBLED) or not passes(error):
        return Corrupt(f"{about} gave an answer that is not valid HTTP: {said}", key=key)
    return Unavailable(f"{about} did not answer: {said}", key=key)


def passes(error: Exception) -> bool:
    """Return whether ``error`` may pass: the connection was not opened, was lost, or the server was silent."""
    return not isinstance(error, (*_GARBLED, HTTPException)) or isinstance(error, OSError)
