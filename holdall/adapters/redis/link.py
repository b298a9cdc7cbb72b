"""How a Redis store talks to its server: one client a process, nothing sent twice, errors translated."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha1
from typing import Any

from holdall.adapters.batches import ROOM
from holdall.adapters.redis import scripts
from holdall.adapters.redis.errors import RAISED, translated
from holdall.adapters.servers import check_ca
from holdall.extras import needs
from holdall.handles import PerProcess
from holdall.keys import named

with needs("redis"):
    import redis
    from redis.backoff import NoBackoff
    from redis.exceptions import NoScriptError
    from redis.retry import Retry


class Link:
    """The way to the store named ``prefix``, for all threads."""

    def __init__(self, prefix: str, *, timeout: float, **login: Any) -> None:
        self.values = f"{prefix}:values"
        self.tags = f"{prefix}:tags"
        self._names = f"{prefix}:keys", self.values, self.tags
        self._where = f"redis://{login['host']}:{login['port']}/{login['db']}"
        waits: dict[str, Any] = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        # Any: its methods are typed for its synchronous and asynchronous clients at once.
        self._client: PerProcess[Any] = PerProcess(lambda: _client(**waits, **login))

    def command(self, *words: str | bytes | int, about: str | None = None) -> Any:
        """The server's answer to one command."""
        with self._translating(about):
            return self._client().execute_command(*words)

    def run(self, script: str, *args: str | bytes | int, about: str | None = None) -> Any:
        """What ``script`` returns; the server is sent its text when it does not know it."""
        with self._translating(about):
            client = self._client()
            try:
                return client.execute_command("EVALSHA", _digest(script), 3, *self._names, *args)
            except NoScriptError:  # it has done nothing
                return client.execute_command("EVAL", script, 3, *self._names, *args)

    def both(self, key: str) -> tuple[bytes | None, bytes | None]:
        """The value of ``key`` and its tag, of one moment."""
        with self._translating(key), self._client().pipeline() as pipe:
            value, tag = pipe.hget(self.values, key).hget(self.tags, key).execute()
            return value, tag

    def page(
        self, what: str, low: str, high: str | None, size: int
    ) -> tuple[list[tuple[str, bytes | None]], bool]:
        """Keys from ``low`` on with ``what`` they hold, up to ``size`` or `ROOM`, and whether there is more."""
        first, end = f"[{low}" if low else "-", "+" if high is None else f"({high}"
        bounds = first.encode(errors="surrogateescape"), end
        more, flat = self.run(scripts.PAGE, *bounds, size, ROOM, what)
        return list(zip(map(named, flat[::2]), flat[1::2], strict=True)), bool(more)

    def facts(self) -> dict[str, str]:
        """What its durability depends on."""
        with self._translating(None):
            info = self._client().info()
        named = ("redis_version", "valkey_version", "aof_enabled", "maxmemory_policy")
        return {name: str(info[name]) for name in named if name in info}

    def close(self) -> None:
        """Close its sockets."""
        if client := self._client.take():
            client.close()

    @contextmanager
    def _translating(self, key: str | None) -> Iterator[None]:
        try:
            yield
        except RAISED as error:
            raise translated(error, self._where, key) from error


def _client(*, ssl_ca_certs: str | None = None, **options: Any) -> Any:
    if ssl_ca_certs is not None:
        check_ca("rediss", ssl_ca_certs)
    return redis.Redis(**options, retry=Retry(NoBackoff(), 0), ssl_ca_certs=ssl_ca_certs)


@cache
def _digest(script: str) -> str:
    return sha1(script.encode(), usedforsecurity=False).hexdigest()
