"""The commands and scripts of a Redis store: one pool per process, none sent twice, errors translated."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from holdall.adapters._shared.pool import Exhausted, Pool
from holdall.adapters._shared.space import Space
from holdall.adapters.redis import log, scripts
from holdall.adapters.redis.connections import Connector, Session, ask, parse_info
from holdall.adapters.redis.errors import RAISED, translate
from holdall.adapters.redis.script import NAMES, Script
from holdall.adapters.redis.scripts import Write
from holdall.adapters.redis.subscription import Subscription
from holdall.batches import ROOM
from holdall.errors import Throttled
from holdall.extras import needs
from holdall.handles import PerProcess
from holdall.keys import to_name

with needs("redis"):
    from redis.exceptions import NoScriptError

T = TypeVar("T")
_AT_ONCE = 64  # the most connections of one store in one process


class Link:
    """The connections to the store named ``prefix``. Threads may share it."""

    def __init__(self, prefix: str, *, timeout: float, **login: Any) -> None:
        self.values, self.tags = f"{prefix}:values", f"{prefix}:tags"
        self._channel = f"{prefix}:order"
        self._where = f"redis://{login['host']}:{login['port']}/{login['db']}"
        options = {"socket_timeout": timeout, "socket_connect_timeout": timeout, **login}
        self._connector = Connector(options, [f"{prefix}:{name}" for name in NAMES])
        self._pool = PerProcess(lambda: Pool(self._connector, most=_AT_ONCE, timeout=timeout))

    def command(self, *words: str | bytes | int, about: str | None = None) -> Any:
        """The server's answer to one command."""
        return self._use(lambda session: ask(session.connection, *words), about)

    def run(self, script: Script, *args: str | bytes | int, about: str | None = None) -> Any:
        """The result of ``script``, which only reads."""
        return self._use(partial(_run, script, args), about)

    def write(self, script: Write, *args: str | bytes | int, about: str | None = None) -> Any:
        """The result of ``script``, which writes. It is not 0."""
        return self._use(partial(_write, script, args), about)

    def subscribe(self) -> Subscription:
        """A subscription to the messages that each write of this store sends."""
        return Subscription(self._connector.open, self._channel)

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
        more, flat = self.run(scripts.PAGE, *lexical(low, high), size, ROOM, what)
        return list(zip(map(to_name, flat[::2]), flat[1::2], strict=True)), bool(more)

    def info(self) -> dict[str, str]:
        """The server's version, and the settings that the durability of the store depends on."""
        info = parse_info(self.command("INFO"))
        named = ("redis_version", "valkey_version", "aof_enabled", "maxmemory_policy")
        return {name: info[name] for name in named if name in info}

    def count(self) -> int:
        """How many keys the store has. The server knows the number."""
        count: int = self.run(scripts.COUNT)
        return count

    def space(self) -> Space:
        """The memory that the server uses for all of its data, and how much more maxmemory allows."""
        info = parse_info(self.command("INFO", "memory"))
        used, most = int(info["used_memory"]), int(info["maxmemory"])
        return Space(used, max(0, most - used) if most else None)

    def close(self) -> None:
        """Close the idle connections of this process."""
        if pool := self._pool.take():
            pool.close()

    def _use(self, work: Callable[[Session], T], key: str | None) -> T:
        try:
            return self._pool().use(work)
        except RAISED as error:
            raise translate(error, self._where, key) from error
        except Exhausted as error:
            remedy = f"{_AT_ONCE} threads use this store at once; use fewer"
            raise Throttled(f"{self._where} has no free connection: {remedy}") from error


def _run(script: Script, args: tuple[str | bytes | int, ...], session: Session) -> Any:
    """Run ``script``. Its text is sent only if the server does not know the script."""
    names = session.names[: script.names]
    try:
        return ask(session.connection, b"EVALSHA", script.digest, script.count, *names, *args)
    except NoScriptError:  # nothing was run
        return ask(session.connection, b"EVAL", script.text, script.count, *names, *args)


def _write(script: Write, args: tuple[str | bytes | int, ...], session: Session) -> Any:
    result = _run(script, args, session)
    if result == 0:
        result = _run(script.first, (uuid.uuid4().hex, *args), session)
    if type(result) is int and result >= log.LOG:
        _run(log.MOVE, (), session)
    return result


def lexical(low: str, high: str | None) -> tuple[bytes, bytes]:
    """The bounds of ZRANGEBYLEX for the keys from ``low`` on and before ``high``."""
    first, end = f"[{low}" if low else "-", "+" if high is None else f"({high}"
    return first.encode(errors="surrogateescape"), end.encode()
