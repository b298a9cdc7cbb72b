"""Sends the requests of one bucket by boto3, and the most frequent ones by obstore while that is allowed."""

import contextlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

from holdall.adapters._aws.in_doubt import put_in_doubt
from holdall.adapters._shared.throttle import Pace
from holdall.adapters.s3 import client as sdk
from holdall.adapters.s3 import forks
from holdall.adapters.s3.errors import RAISED, translate
from holdall.adapters.s3.observed import Observation
from holdall.adapters.s3.retries import THROTTLED
from holdall.errors import MissingExtra
from holdall.extras import needs
from holdall.handles import PerProcess

with needs("s3"):
    from botocore.exceptions import ClientError

Reader = Callable[[str], bytes | None]

_PATIENCE = 3
"""After this many requests in a row that only boto3 could send, all requests are sent by boto3."""

_PASSING = (409, 429)
"""Statuses below 500 of answers that another attempt may turn into success, whichever client makes it."""


class Transport:
    """Sends requests about ``bucket``, and reports throttled and answered requests to ``pace``.

    ``choice`` is ``boto3``, ``rust``, or ``auto``, which means rust if it is installed. Raises MissingExtra if it
    is ``rust`` and rust is not installed. A request is sent by boto3 nevertheless if something observes the boto3
    client, if a parent of this process used rust, or if there must be no second attempt (``retries`` is 0).
    """

    def __init__(self, bucket: str, options: sdk.Options, pace: Pace, choice: str, *, create: bool) -> None:
        self._bucket = bucket
        self._options = options
        self._pace = pace
        self._create = create
        self._rust: Any = _import_rust(choice) if options.retries else None
        self._connection = PerProcess(self._connect)
        self._is_observed = PerProcess(lambda: Observation(self.connection.client))
        self._rust_client = PerProcess(self._connect_rust)
        self._left_over = 0

    def _connect(self) -> sdk.Connection:
        try:
            connection = sdk.connect(self._options, self._pace)
            if self._create:
                sdk.create_bucket(connection.client, self._bucket)
        except RAISED as error:
            raise translate(error, self._bucket) from error
        return connection

    def _connect_rust(self) -> Any:
        """The client of obstore, or None if it cannot be made as the boto3 client is."""
        with contextlib.suppress(
            Exception
        ):  # the boto3 client will name the reason, if there is one for it too
            return self._rust.Client(self.connection, self._bucket, self._options)
        return None

    @property
    def connection(self) -> sdk.Connection:
        """The boto3 session and client of this process."""
        return self._connection()

    def send(self, operation: str, parameters: dict[str, Any]) -> Any:
        """The answer to one request, in the form of the boto3 client. Raises RAISED.

        Raises holdall's errors if the client cannot be made.
        """
        rust = self._find_rust(operation, parameters)
        if rust is None:
            return self._send_by_boto3(operation, parameters)
        try:
            answer = rust.send(operation, parameters)
        except ClientError:
            self._pace.faster()
            raise
        if isinstance(answer, self._rust.Undecided):
            return self._send_again(operation, parameters, answer)
        self._pace.faster()
        self._left_over = 0
        return answer

    def find_reader(self) -> Reader | None:
        """A function that makes one of many reads by obstore, or None if boto3 has to make them.

        It returns the bytes of the object of the given name, or None if `send` has to read it. It raises RAISED. An
        observer that is added later is not noticed.
        """
        rust = self._find_rust("get_object", {"Key": ""})
        if rust is None:
            return None
        undecided = self._rust.Undecided

        def read(name: str) -> bytes | None:
            value = rust.read(name)
            if isinstance(value, undecided):
                self._set_pace(value)
                return None
            self._pace.faster()
            return value  # type: ignore[no-any-return]

        return read

    def _find_rust(self, operation: str, parameters: dict[str, Any]) -> Any:
        """The client of obstore, or None if boto3 has to send the request."""
        if self._rust is None or self._left_over >= _PATIENCE:
            return None
        if not self._rust.can_send(operation, parameters) or not forks.may_run() or self._is_observed()():
            return None
        return self._rust_client()

    def _send_by_boto3(self, operation: str, parameters: dict[str, Any]) -> Any:
        return getattr(self._connection().client, operation)(Bucket=self._bucket, **parameters)

    def _send_again(self, operation: str, parameters: dict[str, Any], attempt: Any) -> Any:
        """Send a request by boto3 that was undecided after an ``attempt`` by obstore."""
        self._set_pace(attempt)
        try:
            answer = self._send_by_boto3(operation, parameters)
        except ClientError as error:
            if attempt.may_have_taken_effect:
                put_in_doubt(error)
            raise
        if attempt.status < 500 and attempt.status not in _PASSING:
            self._left_over += 1
        return answer

    def _set_pace(self, attempt: Any) -> None:
        if attempt.status in THROTTLED:
            self._pace.slower()

    def close(self) -> None:
        """Close the connections of this process."""
        self._rust_client.take()
        self._is_observed.take()
        connection = self._connection.take()
        if connection is not None:
            connection.client.close()


def _import_rust(choice: str) -> Any:
    """The module that sends requests by obstore, or None if it is not chosen or not installed."""
    if choice == "boto3":
        return None
    try:
        return import_module("holdall.adapters.s3.rust")
    except MissingExtra:
        if choice == "rust":
            raise
        return None
