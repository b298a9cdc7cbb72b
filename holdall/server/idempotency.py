"""Idempotency keys: a write that is sent again, because its answer was lost, is not carried out again.

The header ``Idempotency-Key`` names a write (draft-ietf-httpapi-idempotency-key-header). The answer to a write that
was carried out before is that of the first time, with the header ``Idempotency-Replayed``.

The process of the service remembers the writes of the last five minutes, up to 20,000. Another process of the same
service does not know them.
"""

import threading
import time
from collections import OrderedDict
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from holdall.adapters._shared.service import REPLAYED
from holdall.extras import needs
from holdall.server.guard import READS

with needs("server"):
    import falcon

_MOST: Final = 20_000
_AGE: Final = 300  # seconds
_PATIENCE: Final = 5  # seconds that a repeated write waits for the first one
_LONGEST: Final = 200  # characters of a key
_ROOM: Final = 4096  # bytes of a body that is remembered
_PASSING: Final = (
    400,
    408,
    429,
)  # statuses that say nothing about the next attempt: a body may have broken off
_REQUEST: Final = (
    "REQUEST_METHOD",
    "PATH_INFO",
    "QUERY_STRING",
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
)
_INPUT: Final = "wsgi.input"
_CHUNK: Final = 1 << 16
_DIGEST: Final = 16  # bytes
_NOTHING: Final = (0, b"")


class _Answer(NamedTuple):
    status: str | int
    headers: dict[str, str]
    data: bytes | None


class _Body:
    """The body of a request, with the number and the digest of the bytes that were read from it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._hash = blake2b(digest_size=_DIGEST)
        self._count = 0

    def read(self, size: int, /) -> bytes:
        part: bytes = self._stream.read(size)
        self._hash.update(part)
        self._count += len(part)
        return part

    @property
    def seen(self) -> tuple[int, bytes]:
        return self._count, self._hash.digest()

    def begins_like(self, seen: tuple[int, bytes]) -> bool:
        """Read as many bytes as ``seen`` counts, and return whether they are the same."""
        while self._count < seen[0] and self.read(min(_CHUNK, seen[0] - self._count)):
            pass
        return self.seen == seen


class _Write:
    """A write that was received at ``since``. It has an ``answer`` when it has ``ended``, unless it failed.

    ``asked`` is the digest of its head, and ``seen`` that of the part of its body that was read.
    """

    def __init__(self, env: dict[str, Any]) -> None:
        self.asked = blake2b(repr([*map(env.get, _REQUEST)]).encode(), digest_size=_DIGEST).digest()
        self.seen = _NOTHING
        self.since = time.monotonic()
        self.ended = threading.Event()
        self.answer: _Answer | None = None


class Idempotency:
    """Middleware of falcon, below the guard."""

    def __init__(self) -> None:
        self._writes: OrderedDict[tuple[str, str], _Write] = OrderedDict()
        self._lock = threading.Lock()

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer ``req`` if it repeats a write. Raises an HTTPError if the key belongs to another write."""
        key = req.env.get("HTTP_IDEMPOTENCY_KEY")
        if key is None or req.method in READS:
            return
        if not 0 < len(key) <= _LONGEST:
            raise falcon.HTTPBadRequest(description=f"the Idempotency-Key is not 1 to {_LONGEST} characters")
        named = req.context.access.name, key
        mine = _Write(req.env)
        body = req.env[_INPUT] = _Body(req.env[_INPUT])
        first = self._first(named, mine)
        if first is mine:
            req.context.write = named, mine, body
        else:
            _repeat(resp, first, mine, body)

    def _first(self, named: tuple[str, str], mine: _Write) -> _Write:
        """Return the first write of this name, which is ``mine`` if there was none before."""
        with self._lock:
            while self._writes and (len(self._writes) >= _MOST or self._oldest < mine.since - _AGE):
                self._writes.popitem(last=False)
            return self._writes.setdefault(named, mine)

    @property
    def _oldest(self) -> float:
        return next(iter(self._writes.values())).since

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool
    ) -> None:
        """Remember the answer to a write; forget the write if it may be carried out again."""
        if "write" not in req.context:
            return
        named, mine, body = req.context.write
        status = falcon.http_status_to_code(resp.status)
        if status < 500 and status not in _PASSING and len(resp.data or b"") <= _ROOM:
            mine.seen, mine.answer = body.seen, _Answer(resp.status, resp.headers, resp.data)
        else:
            with self._lock:
                if self._writes.get(named) is mine:
                    del self._writes[named]
        mine.ended.set()


def _repeat(resp: falcon.Response, first: _Write, mine: _Write, body: _Body) -> None:
    if first.asked != mine.asked:
        raise _of_another()
    first.ended.wait(_PATIENCE)
    if first.answer is None:
        raise falcon.HTTPServiceUnavailable(
            description="the first request with this Idempotency-Key still runs, or it failed", retry_after=1
        )
    if not body.begins_like(first.seen):
        raise _of_another()
    resp.status, headers, resp.data = first.answer
    resp.set_headers(headers)
    resp.set_header(REPLAYED, "1")
    resp.complete = True


def _of_another() -> falcon.HTTPUnprocessableEntity:
    return falcon.HTTPUnprocessableEntity(
        description="the Idempotency-Key belongs to another request; give each write a key of its own"
    )
