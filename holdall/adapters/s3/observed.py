"""Whether code outside the SDK takes part in the requests of a boto3 client: a mock, a stub or a tracer.

It would not see the requests of a second client. So a second client must not be used while there is such code.
"""

import socket
from operator import is_
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import botocore
import urllib3
from botocore.endpoint import Endpoint
from botocore.httpsession import URLLib3Session
from urllib3.connectionpool import HTTPConnectionPool

OPERATIONS = {"get_object": "GetObject", "head_object": "HeadObject", "put_object": "PutObject"}
"""The operations that a second client can send: the methods of the client and their names in S3."""

_EVENTS = (
    "provide-client-params", "before-parameter-build", "before-call", "request-created", "choose-signer",
    "before-sign", "before-send", "response-received", "before-parse", "needs-retry", "after-call",
)  # fmt: skip
_OWN = ("botocore.", "boto3.", "holdall.adapters.s3.")
_PLACES = tuple(str(Path(str(module.__file__)).parent) for module in (botocore, urllib3))
_METHODS = (*OPERATIONS, "_make_api_call")


class _Finding(NamedTuple):
    """Whether a client was observed while it had these ``parts``."""

    parts: tuple[Any, ...]
    observed: bool


class Observation:
    """Tells before each request whether ``client`` is observed now.

    A mock or a tracer replaces a part of the client or of the SDK. So the client is examined again only when one
    of these parts is another object than before.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._finding = _Finding((), observed=True)

    def __call__(self) -> bool:
        """Whether the client is observed.

        >>> from unittest.mock import Mock
        >>> Observation(Mock())()
        True
        """
        if not type(self._client).__module__.startswith("botocore."):
            return True
        parts, found = _parts(self._client), self._finding
        if len(found.parts) != len(parts) or not all(map(is_, found.parts, parts)):
            found = self._finding = _Finding(parts, _is_observed(self._client))
        return found.observed


def _parts(client: Any) -> tuple[Any, ...]:
    """The objects that a mock or a tracer of ``client`` replaces.

    The emitter of events replaces its cache whenever a handler is added or removed.
    """
    http = client._endpoint.http_session
    return (
        client.meta.events._emitter._lookup_cache,
        socket.socket,
        *_functions(client),
        *_replaced(client, http),
    )


def _functions(client: Any) -> tuple[Any, ...]:
    kind = type(client)
    return (
        kind.get_object,
        kind.head_object,
        kind.put_object,
        kind._make_api_call,
        Endpoint.make_request,
        Endpoint._send,
        URLLib3Session.send,
        HTTPConnectionPool.urlopen,
    )


def _replaced(client: Any, http: Any) -> tuple[Any, ...]:
    """The methods that were replaced on these objects alone; None for each that was not."""
    own = vars(client).get
    return (*map(own, _METHODS), vars(client._endpoint).get("_send"), vars(http).get("send"))


def _is_observed(client: Any) -> bool:
    http = client._endpoint.http_session
    return (
        socket.socket.__module__ != "socket"  # of gevent, eventlet, or a test that forbids connections
        or not isinstance(http, URLLib3Session)
        or any(each is not None for each in _replaced(client, http))
        or not all(map(_is_of_sdk, _functions(client)))
        or any(map(_is_foreign, _handlers(client)))
    )


def _is_of_sdk(function: Any) -> bool:
    return isinstance(function, FunctionType) and function.__code__.co_filename.startswith(_PLACES)


def _is_foreign(handler: Any) -> bool:
    module = getattr(handler, "__module__", None) or ""
    return not module.startswith(_OWN) or module == "botocore.stub"


def _handlers(client: Any) -> list[Any]:
    """The handlers of the client's events. The SDK has no public way to list them."""
    trie = client.meta.events._emitter._handlers
    names = (f"{event}.s3.{operation}" for event in _EVENTS for operation in OPERATIONS.values())
    return [handler for name in names for handler in trie.prefix_search(name)]
