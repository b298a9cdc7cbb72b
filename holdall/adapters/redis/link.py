"""The connections of a Redis store: one pool per process, no command sent twice, errors translated."""

from collections.abc import Callable
from functools import cache
from hashlib import sha1
from typing import Any, TypeVar

from holdall.adapters._shared.pool import Exhausted, Pool
from holdall.adapters._shared.servers import check_ca
from holdall.adapters.redis import scripts
from holdall.adapters.redis.errors import RAISED, translate
from holdall.batches import ROOM
from holdall.errors import HoldallError, Throttled
from holdall.extras import needs
from holdall.handles import PerProcess
from holdall.keys import to_name

with needs("redis"):
    from redis import Connection, SSLConnection
    from redis.backoff import NoBackoff
    from redis.exceptions import NoScriptError, RedisError, ResponseError
    from redis.retry import Retry

T = TypeVar("T")
_AT_ONCE = 64  # the most connections of one store in one process


class Link:
    """The connections to the store named ``prefix``. Threads may share it."""

    def __init__(self, prefix: str, *, timeout: float, **login: Any) -> None:
        self.values = f"{prefix}:values"
        self.tags = f"{prefix}:tags"
        self._names = f"{prefix}:keys", self.values, self.tags
        self._where = f"redis://{login['host']}:{login['port']}/{login['db']}"
        connector = _Connector({"socket_timeout": timeout, "socket_connect_timeout": timeout, **login})
        self._pool = PerProcess(lambda: Pool(connector, most=_AT_ONCE, timeout=timeout))

    def command(self, *words: str | bytes | int, about: str | None = None) -> Any:
        """The server's answer to one command."""
        return self._use(lambda connection: _ask(connection, *words), about)

    def run(self, script: str, *args: str | bytes | int, about: str | None = None) -> Any:
        """The result of ``script``. Its text is sent only if the server does not know the script."""

        def work(connection: Connection) -> Any:
            try:
                return _ask(connection, "EVALSHA", _digest(script), 3, *self._names, *args)
            except NoScriptError:  # nothing was run
                return _ask(connection, "EVAL", script, 3, *self._names, *args)

        return self._use(work, about)

    def both(self, key: str) -> tuple[bytes | None, bytes | None]:
        """The value of ``key`` and its tag, read in one step. Each is None if it is missing."""
        value, tag = self.run(scripts.BOTH, key, about=key)
        return value, tag

    def page(
        self, what: str, low: str, high: str | None, size: int
    ) -> tuple[list[tuple[str, bytes | None]], bool]:
        """Keys from ``low`` on and before ``high``, each with its entry in ``what``; and whether more follow.

        ``what`` is "values", "tags", or "keys" for no entries. A page ends after ``size`` keys, or after the
        entry that exceeds a total of `ROOM` bytes.
        """
        first, end = f"[{low}" if low else "-", "+" if high is None else f"({high}"
        bounds = first.encode(errors="surrogateescape"), end
        more, flat = self.run(scripts.PAGE, *bounds, size, ROOM, what)
        return list(zip(map(to_name, flat[::2]), flat[1::2], strict=True)), bool(more)

    def info(self) -> dict[str, str]:
        """The server's version, and the settings that the durability of the store depends on."""
        lines = self.command("INFO").decode().splitlines()
        info = dict(line.split(":", 1) for line in lines if ":" in line)
        named = ("redis_version", "valkey_version", "aof_enabled", "maxmemory_policy")
        return {name: info[name] for name in named if name in info}

    def close(self) -> None:
        """Close the idle connections of this process."""
        if pool := self._pool.take():
            pool.close()

    def _use(self, work: Callable[[Connection], T], key: str | None) -> T:
        try:
            return self._pool().use(work)
        except RAISED as error:
            raise translate(error, self._where, key) from error
        except Exhausted as error:
            remedy = f"{_AT_ONCE} threads use this store at once; use fewer"
            raise Throttled(f"{self._where} has no free connection: {remedy}") from error


class _Connector:
    """Makes connections by ``options`` of redis-py. See `holdall.adapters._shared.pool.Connector`."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options

    def connect(self) -> Connection:
        options = dict(self._options)
        kind = SSLConnection if options.pop("ssl", False) else Connection
        ca = options.get("ssl_ca_certs")
        if ca is not None:
            check_ca("rediss", ca)
        made = kind(**options, protocol=2, retry=Retry(NoBackoff(), 0))
        made.connect()  # type: ignore[no-untyped-call]
        return made

    def is_alive(self, connection: Connection) -> bool:
        # A good idle connection has nothing to read. Else the server closed it, or an answer is left in it.
        try:
            return not connection.can_read()
        except (RedisError, OSError):
            return False

    def is_in_step(self, connection: Connection, error: BaseException) -> bool:
        return isinstance(error, ResponseError | HoldallError)

    def disconnect(self, connection: Connection) -> None:
        connection.disconnect()  # type: ignore[no-untyped-call]


def _ask(connection: Connection, *words: str | bytes | int) -> Any:
    connection.send_command(*words)  # type: ignore[no-untyped-call]
    return connection.read_response()


@cache
def _digest(script: str) -> str:
    return sha1(script.encode(), usedforsecurity=False).hexdigest()
