"""Mocks, tracers and recorders that other code puts in the way of the boto3 client."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import pytest
import wrapt
from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool
from botocore.client import BaseClient
from botocore.endpoint import Endpoint
from urllib3.connectionpool import HTTPConnectionPool

from holdall.adapters.s3 import S3
from holdall.adapters.s3.observed import Observation

pytestmark = pytest.mark.usefixtures("credentials", "unmocked")


@pytest.fixture
def client() -> Iterator[Any]:
    with S3("acme", endpoint_url="http://127.0.0.1:9") as store:
        yield store.client


def trace(owner: type, name: str) -> AbstractContextManager[object]:
    """Replace a method as the tracers of OpenTelemetry, X-Ray, Datadog and New Relic do."""

    def call(wrapped: Any, instance: object, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    return patch.object(owner, name, wrapt.FunctionWrapper(getattr(owner, name), call))


def record(pool: type) -> AbstractContextManager[object]:
    """Replace the connections as VCR.py does."""

    class Recording(http.client.HTTPConnection):
        pass

    return patch.object(pool, "ConnectionCls", Recording)


def forbid_some() -> AbstractContextManager[object]:
    """Replace the method that connects as ``pytest --allow-hosts`` does."""
    return patch.object(socket.socket, "connect", lambda self, address: None, create=True)


WATCHES = {
    "traced": lambda: trace(BaseClient, "_make_api_call"),
    "traced endpoint": lambda: trace(Endpoint, "make_request"),
    "traced pool": lambda: trace(HTTPConnectionPool, "urlopen"),
    "recorded": lambda: record(AWSHTTPConnectionPool),
    "recorded https": lambda: record(AWSHTTPSConnectionPool),
    "some hosts": forbid_some,
}


@pytest.mark.parametrize("watch", WATCHES.values(), ids=WATCHES)
def test_it_is_noticed_while_it_lasts(client: Any, watch: Any):
    is_observed = Observation(client)
    assert not is_observed()
    with watch():
        assert is_observed()
        assert Observation(client)()
    assert not is_observed()
