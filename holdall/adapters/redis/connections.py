"""The connections of redis-py to a server, and a name for the history of the server's data."""

import uuid
from hashlib import sha1
from typing import Any, NamedTuple

from holdall.adapters._shared.servers import check_ca
from holdall.errors import HoldallError
from holdall.extras import needs

with needs("redis"):
    from redis import Connection, SSLConnection
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError, ResponseError
    from redis.retry import Retry


class Session(NamedTuple):
    """A connection, and the names of the Redis keys of the store."""

    connection: Connection
    names: tuple[bytes, ...]


class Connector:
    """Makes connections by ``options`` of redis-py. See `holdall.adapters._shared.pool.Connector`.

    The history of the server is appended to the one of ``names`` that ends in ":log".
    """

    def __init__(self, options: dict[str, Any], names: list[str]) -> None:
        self._options = options
        self._names = names

    def open(self) -> Connection:
        """Open and return a new connection."""
        options = dict(self._options)
        kind = SSLConnection if options.pop("ssl", False) else Connection
        ca = options.get("ssl_ca_certs")
        if ca is not None:
            check_ca("rediss", ca)
        made = kind(**options, protocol=2, retry=Retry(NoBackoff(), 0))
        made.connect()  # type: ignore[no-untyped-call]
        return made

    def connect(self) -> Session:
        connection = self.open()
        history = _history(connection)
        names = (f"{name}:{history}" if name.endswith(":log") else name for name in self._names)
        return Session(connection, tuple(name.encode() for name in names))

    def is_alive(self, session: Session) -> bool:
        # A good idle connection has nothing to read. Else the server closed it, or an answer is left in it.
        try:
            return not session.connection.can_read()
        except (RedisError, OSError):
            return False

    def is_in_step(self, session: Session, error: BaseException) -> bool:
        return isinstance(error, ResponseError | HoldallError)

    def disconnect(self, session: Session) -> None:
        session.connection.disconnect()  # type: ignore[no-untyped-call]


def ask(connection: Connection, *words: str | bytes | int) -> Any:
    """The server's answer to one command."""
    connection.send_command(*words)  # type: ignore[no-untyped-call]
    return connection.read_response()


def _history(connection: Connection) -> str:
    """A name for the history of the server's data; a random name if this user may not ask for it.

    ``run_id`` changes when the server starts, and ``master_replid`` when another server becomes the primary
    ("INFO", redis.io).
    """
    try:
        info = parse_info(ask(connection, "INFO"))
        identity = f"{info['run_id']} {info['master_replid']}"
    except (ResponseError, KeyError):
        identity = uuid.uuid4().hex
    return sha1(identity.encode(), usedforsecurity=False).hexdigest()[:16]


def parse_info(info: bytes) -> dict[str, str]:
    """The fields of an answer to INFO."""
    lines = info.decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)
