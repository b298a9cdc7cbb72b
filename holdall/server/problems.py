"""Errors as ``application/problem+json`` (RFC 9457).

A problem never contains the address of a store, a path of the server or a secret. So its ``detail`` is the
message of the error only if the error is about the request; otherwise it is a fixed sentence, and the
message goes to the log ``holdall.server``.
"""

import json
import logging
from typing import Any, Final, NamedTuple

from holdall import errors
from holdall.errors import Conflict, HoldallError, Invalid
from holdall.extras import needs

with needs("server"):
    import falcon

log = logging.getLogger("holdall.server")


class _Answer(NamedTuple):
    """The status for an error, and its detail; if that is empty, the message of the error is the detail."""

    status: int
    detail: str = ""
    retry_after: int | None = None


_ANSWERS: Final[dict[type[HoldallError], _Answer]] = {
    errors.InvalidKey: _Answer(400),
    errors.InvalidPosition: _Answer(400),
    errors.InvalidQuery: _Answer(400),
    errors.Invalid: _Answer(422),
    errors.TooLarge: _Answer(413, "the key or value is over a limit of the store"),
    errors.Conflict: _Answer(409, "a key does not have the expected tag; read it again and retry"),
    errors.Expired: _Answer(410, "the feed cannot go on from this position; read the whole store again"),
    errors.NoRevision: _Answer(404, "the revision never existed, or it was dropped"),
    errors.Unsupported: _Answer(501, "the store cannot guarantee this operation, so it refuses it"),
    errors.PermissionDenied: _Answer(403, "the store refuses this operation"),
    errors.StoreFull: _Answer(507, "the store has no room left"),
    errors.Stale: _Answer(503, "only a replica of the store answers, and it may be behind", 1),
    errors.Unacknowledged: _Answer(503, "the store has the write, and too few replicas have it yet", 1),
    errors.Throttled: _Answer(503, "the store asks for fewer requests", 5),
    errors.Unavailable: _Answer(503, "the store did not answer; a write may or may not have happened", 1),
    errors.StoreNotFound: _Answer(503, "the storage of this store does not exist", 30),
    errors.Fenced: _Answer(503, "another process took the store over", 30),
    errors.OverBudget: _Answer(503, "the service made more requests to the store than it may", 5),
    errors.Corrupt: _Answer(500, "the stored value is damaged"),
    errors.Mismatch: _Answer(500, "the store was written with other layers than it is served with"),
}
_OTHER: Final = _Answer(500, "the service failed")


def answer_error(req: falcon.Request, resp: falcon.Response, error: HoldallError, params: Any) -> None:
    """Answer ``req`` with the problem of ``error``."""
    answer = _find(error)
    if answer.status >= 500:
        log.warning("%s %r: %s: %s", req.method, req.path, type(error).__name__, error)
    if answer.retry_after is not None:
        resp.set_header("Retry-After", str(answer.retry_after))
    _write(resp, describe(error))


def describe(error: HoldallError) -> dict[str, Any]:
    """Return the problem of ``error``. Its ``type`` is ``urn:holdall:`` and the name of the error.

    >>> describe(errors.Conflict("lost", key="a"))["type"], describe(errors.Conflict("lost"))["status"]
    ('urn:holdall:Conflict', 409)
    """
    answer = _find(error)
    problem = {
        "type": f"urn:holdall:{type(error).__name__}",
        "title": _title(answer.status),
        "status": answer.status,
        "detail": answer.detail or str(error),
    }
    if isinstance(error, Invalid) and (fields := error.flat()):
        problem["errors"] = fields
    if isinstance(error, Conflict) and error.key is not None:
        problem["key"] = error.key
    return problem


def _find(error: HoldallError) -> _Answer:
    return next((_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ANSWERS), _OTHER)


class MissingKey(falcon.HTTPNotFound):
    """The error for a key that does not exist."""

    type = "urn:holdall:KeyError"


class RawRefused(falcon.HTTPNotImplemented):
    """The error for the reserved keys of a store, if the service does not show them."""

    type = "urn:holdall:Unsupported"


class MissingStore(falcon.HTTPNotFound):
    """The error for a store that is not served."""

    type = "urn:holdall:StoreNotFound"


def answer_http_error(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    """Write the problem of an error of HTTP. Falcon has set the status and headers already."""
    _write(resp, describe_http_error(error))


def describe_http_error(error: falcon.HTTPError) -> dict[str, Any]:
    """Return the problem of an error of HTTP."""
    status = falcon.http_status_to_code(error.status)
    title = _title(status)
    return {
        "type": getattr(error, "type", "about:blank"),
        "title": title,
        "status": status,
        "detail": error.description or title,
        **getattr(error, "members", {}),
    }


def _title(status: int) -> str:
    return str(falcon.code_to_http_status(status)).partition(" ")[2]


def _write(resp: falcon.Response, problem: dict[str, Any]) -> None:
    resp.status = problem["status"]
    resp.content_type = "application/problem+json"
    resp.data = json.dumps(problem).encode()
    resp.stream = None
