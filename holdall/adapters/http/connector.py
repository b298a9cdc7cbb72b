"""Opens connections to a service, and exchanges a request for an answer on one of them."""

from typing import IO, Final, NamedTuple, cast

from holdall.adapters._shared.servers import check_ca
from holdall.adapters.http import answer
from holdall.adapters.http.answer import Answer
from holdall.adapters.http.place import Place
from holdall.extras import needs

with needs("http"):
    from urllib3.connection import HTTPConnection, HTTPSConnection

_SPEED: Final = 8 << 20  # bytes that a service stores in a second, or more


class Connector:
    """Opens connections to ``place``. See `holdall.adapters._shared.pool.Connector`."""

    def __init__(self, place: Place, ca: str | None, timeout: float) -> None:
        self._place = place
        self._ca = ca
        self._timeout = timeout

    def connect(self) -> HTTPConnection:
        connection = self._make()
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def _make(self) -> HTTPConnection:
        place = self._place
        if place.scheme == "http":
            return HTTPConnection(place.host, place.port, timeout=self._timeout)
        if self._ca is not None:
            check_ca("https", self._ca)
        return HTTPSConnection(
            place.host, place.port, timeout=self._timeout, cert_reqs="CERT_REQUIRED", ca_certs=self._ca
        )

    def is_alive(self, connection: HTTPConnection) -> bool:
        return connection.is_connected

    def is_in_step(self, connection: HTTPConnection, error: BaseException) -> bool:
        return False  # a connection whose answer was not read whole is closed

    def disconnect(self, connection: HTTPConnection) -> None:
        connection.close()


class Upload(NamedTuple):
    """The body of a request: the ``size`` bytes of ``file``. Each attempt sends them from the beginning."""

    file: IO[bytes]
    size: int

    @property
    def seconds(self) -> float:
        """How much longer than usual the service may take to answer, because it stores the body first."""
        return self.size / _SPEED


def exchange(
    connection: HTTPConnection,
    method: str,
    target: str,
    body: bytes | Upload | None,
    headers: dict[str, str],
) -> Answer:
    """Send a request on ``connection``, and return its answer."""
    if isinstance(body, Upload):
        return _send_file(connection, method, target, body, headers)
    return _exchange(connection, method, target, body, headers)


def _send_file(
    connection: HTTPConnection, method: str, target: str, body: Upload, headers: dict[str, str]
) -> Answer:
    usual = cast(float, connection.timeout)
    connection.timeout = usual + body.seconds
    body.file.seek(0)
    try:
        length = {"Content-Length": str(body.size)}
        return _exchange(connection, method, target, body.file, {**headers, **length})
    finally:
        connection.timeout = usual


def _exchange(
    connection: HTTPConnection,
    method: str,
    target: str,
    body: bytes | IO[bytes] | None,
    headers: dict[str, str],
) -> Answer:
    try:
        connection.request(method, target, body, headers, preload_content=False)
    except (BrokenPipeError, ConnectionResetError):
        if connection.sock is None:
            raise
        # The server may have answered, and closed the connection, before it read the whole body.
    response = connection.getresponse()
    try:
        return answer.read(response)
    except BaseException:
        response.close()  # the connection does not close it if the server announced that it closes the connection
        raise
