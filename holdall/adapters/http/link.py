"""The requests of a client: one pool of connections per process, safe retries, errors translated."""

import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import quote

from holdall.adapters._objectstore.write_ids import unknown
from holdall.adapters._shared.pool import Exhausted, Pool
from holdall.adapters._shared.servers import is_local
from holdall.adapters.http.answer import Answer
from holdall.adapters.http.attempts import Attempts
from holdall.adapters.http.connector import Connector, Upload, exchange
from holdall.adapters.http.errors import RAISED, passes, refusal, translate
from holdall.adapters.http.place import Place
from holdall.adapters.http.token import Source, Token
from holdall.errors import Conflict, Throttled
from holdall.handles import PerProcess
from holdall.history import current_note

T = TypeVar("T")
EMPTY: Final[Mapping[str, str]] = MappingProxyType({})
_AT_ONCE: Final = 64  # the most connections of one store in one process


class Link:
    """The connections to the service at ``place``. Threads may share it."""

    def __init__(
        self, place: Place, *, token: Source | None, ca: str | None, timeout: float, retries: int
    ) -> None:
        self.place = place
        self.timeout = timeout
        self.connector = Connector(place, ca, timeout)
        self._retries = retries
        self._token = Token(token, place)
        accepted = (
            "identity" if is_local(place.host) else "gzip"
        )  # compression costs more than a fast network
        self._common = {"User-Agent": "holdall", "Accept-Encoding": accepted}
        self._pool = PerProcess(lambda: Pool(self.connector, most=_AT_ONCE, timeout=timeout))

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | Upload | None = None,
        headers: Mapping[str, str] = EMPTY,
        *,
        key: str | None = None,
        once: bool = False,
        doubtful: tuple[type[Exception], ...] = (Conflict, KeyError),
    ) -> Answer:
        """Return the answer to a request about ``key``, if the service carried it out.

        Each name in ``headers`` has ``_`` for ``-``. With ``once``, the service carries the request out once,
        although it may be sent several times. If an attempt of this request may have taken effect, and the service
        does not know that, this raises Unavailable in place of the errors ``doubtful``.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if method != "GET" and (message := current_note().message):
            sent["Holdall-Message"] = quote(message)
        if once:
            sent["Idempotency-Key"] = secrets.token_urlsafe(12)
        got = self._send(method, target, body, sent, key)
        if got.succeeded:
            return got
        if got.status == 401:
            self._token.forget()
        error = refusal(got, self.place.url, key)
        if once and got.in_doubt and not got.is_replayed and isinstance(error, doubtful):
            unknown(key or target, error)
        raise error

    def _send(
        self, method: str, target: str, body: bytes | Upload | None, headers: dict[str, str], key: str | None
    ) -> Answer:
        attempts = Attempts(self._retries, self.timeout)
        sent = {**self.headers, **headers}

        def send(connection: Any) -> Answer:
            attempts.is_sent = True
            return exchange(connection, method, target, body, sent)

        while True:
            try:
                got = self._use(send)
            except RAISED as error:
                if not attempts.again_after_error(passes=passes(error)):
                    raise translate(error, self.place.url, key) from error
            else:
                got = got._replace(in_doubt=attempts.in_doubt)
                if not attempts.again_after(got):
                    return got

    def _use(self, work: Callable[[Any], T]) -> T:
        try:
            return self._pool().use(work)
        except Exhausted as error:
            remedy = f"{_AT_ONCE} threads use this store at once; use fewer"
            raise Throttled(f"{self.place.url} has no free connection: {remedy}") from error

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        return {**self._common, **self._token.header()}

    def close(self) -> None:
        """Close the idle connections of this process."""
        if pool := self._pool.take():
            pool.close()
