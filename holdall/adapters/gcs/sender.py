"""Sends requests about one bucket: over one client per process, with retries; it translates the errors."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from holdall.adapters._objectstore.names import CONNECTIONS, NameRange
from holdall.adapters._shared.throttle import Pace
from holdall.adapters.gcs.attempts import Attempts
from holdall.adapters.gcs.calls import Calls
from holdall.adapters.gcs.client import Connection, Options, connect, create_bucket
from holdall.adapters.gcs.errors import RAISED, translate
from holdall.adapters.gcs.json_api import JsonAPI
from holdall.adapters.gcs.observed import is_observed
from holdall.adapters.gcs.sdk import SDK
from holdall.handles import PerProcess

R = TypeVar("R")

Send = Callable[[Connection, Any], R]
"""A function that sends one request over a connection, and retries by the client's `Retry` that it is given."""


class Sender:
    """Requests about the bucket ``name``, or about the part of it below ``root``.

    Threads may share it. The first request in each process creates its client. ``create`` creates the bucket then.
    """

    def __init__(self, name: str, root: str, options: Options, *, create: bool) -> None:
        self.name = name
        self.root = root
        self.options = options
        self.pace = Pace(CONNECTIONS)
        self._create = create
        self._connection = PerProcess(self._connect)
        self._seen = False

    def _connect(self) -> Connection:
        try:
            connection = connect(self.options)
            if self._create:
                Attempts(self.options.retries, self.pace)(
                    lambda retry: create_bucket(connection, self.name, self.options, retry)
                )
        except RAISED as error:
            raise translate(error, self.name) from error
        return connection

    @property
    def connection(self) -> Connection:
        """The client and session of this process."""
        return self._connection()

    def ask(self, send: Send[R], key: str | None = None) -> R:
        """The answer to one request, about ``key`` if it is given. Raises holdall's errors and KeyError."""
        connection = self.connection
        try:
            answer = Attempts(self.options.retries, self.pace)(lambda retry: send(connection, retry))
        except RAISED as error:
            problem = translate(error, self.name, key)
            if isinstance(problem, KeyError):
                self.check_exists()  # the answer does not say whether the key or the bucket is missing
            raise problem from error
        self._seen = True
        return answer

    def check_exists(self) -> None:
        """Raise StoreNotFound if the bucket is missing. Sends no request if an earlier one has succeeded."""
        if not self._seen:
            names = NameRange(self.root, self.root, high=None, hides=False)
            self.ask(lambda connection, retry: self.calls(connection).page(names, None, 1, retry))

    def calls(self, connection: Connection) -> Calls:
        """The requests about objects, in the way in which they are to be sent now."""
        if is_observed(connection):
            return self.sdk(connection)
        return JsonAPI(connection, self.name, self.options.timeout)

    def sdk(self, connection: Connection) -> SDK:
        """The requests about objects by the methods of Google's client."""
        return SDK(connection.client, self.name, self.options.timeout)

    def blob(self, connection: Connection, key: str) -> Any:
        """The client's blob for ``key``, without a request."""
        return self.sdk(connection).blob(self.root + key)

    def headers(self) -> dict[str, str]:
        """The headers of an answer of the server, with names in lower case."""

        def send(connection: Connection, retry: Any) -> Any:
            url = f"{connection.client.api_endpoint}/storage/v1/b/{quote(self.name)}/o"
            return connection.session.get(url, params={"maxResults": 1}, timeout=self.options.timeout)

        return {name.lower(): value for name, value in self.ask(send).headers.items()}

    def close(self) -> None:
        """Close the connections of this process."""
        connection = self._connection.take()
        if connection is not None:
            connection.close()
