"""Whether code outside the SDK takes part in the requests of a boto3 client: a mock, a stub or a tracer.

It would not see the requests of a second client. So a second client must not be used while there is such code.
"""

import socket
from operator import is_
from typing import Any, NamedTuple

from holdall.adapters._shared.originals import folder_of, is_original
from holdall.extras import needs

with needs("s3"):
    import botocore
    import urllib3
    from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool
    from botocore.client import BaseClient
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
_FOLDERS = folder_of(botocore), folder_of(urllib3)


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
        self._is_of_sdk = type(client).__module__.startswith("botocore.")
        self._finding = _Finding((None,), observed=True)

    def __call__(self) -> bool:
        """Whether the client is observed.

        >>> from unittest.mock import Mock
        >>> Observation(Mock())()
        True
        """
        if not self._is_of_sdk:
            return True
        parts, found = _parts(self._client), self._finding
        if not all(map(is_, found.parts, parts)):
            found = self._finding = _Finding(parts, _is_observed(self._client))
        return found.observed


def _parts(client: Any) -> tuple[Any, ...]:
    """The objects that a mock or a tracer of ``client`` replaces.

    The emitter of events replaces its cache whenever a handler is added or removed. An object has one attribute
    more if a method is replaced on it alone.
    """
    kind, endpoint = type(client), client._endpoint
    return (
        client.meta.events._emitter._lookup_cache,
        socket.socket,
        socket.socket.connect,
        AWSHTTPConnectionPool.ConnectionCls,
        AWSHTTPSConnectionPool.ConnectionCls,
        endpoint,
        endpoint.http_session,
        len(client.__dict__),
        len(endpoint.__dict__),
        len(endpoint.http_session.__dict__),
        kind.get_object,
        kind.head_object,
        kind.put_object,
        kind._make_api_call,
        Endpoint.make_request,
        Endpoint._send,
        URLLib3Session.send,
        HTTPConnectionPool.urlopen,
    )


_FUNCTIONS = -8  # the index of the first function in the parts


def _is_observed(client: Any) -> bool:
    endpoint = client._endpoint
    objects = (client, BaseClient), (endpoint, Endpoint), (endpoint.http_session, URLLib3Session)
    connections = AWSHTTPConnectionPool.ConnectionCls, AWSHTTPSConnectionPool.ConnectionCls
    return (
        socket.socket.__module__ != "socket"  # of gevent, eventlet, or a test that forbids connections
        or "connect" in vars(socket.socket)  # of a test that forbids some connections
        or not all(each.__module__.startswith(_OWN) for each in connections)  # of a recorder
        or not all(isinstance(each, kind) and _has_own_methods(each) for each, kind in objects)
        or not all(is_original(each, _FOLDERS) for each in _parts(client)[_FUNCTIONS:])
        or any(map(_is_foreign, _handlers(client)))
    )


def _has_own_methods(found: object) -> bool:
    """Whether the methods of ``found`` are those of its class."""
    return not any(callable(getattr(type(found), name, None)) for name in vars(found))


def _is_foreign(handler: Any) -> bool:
    module = getattr(handler, "__module__", None) or ""
    return not module.startswith(_OWN) or module == "botocore.stub"


def _handlers(client: Any) -> list[Any]:
    """The handlers of the client's events. The SDK has no public way to list them."""
    trie = client.meta.events._emitter._handlers
    names = (f"{event}.s3.{operation}" for event in _EVENTS for operation in OPERATIONS.values())
    return [handler for name in names for handler in trie.prefix_search(name)]
