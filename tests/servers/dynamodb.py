"""DynamoDB for tests: moto's server in a thread of this process, one request at a time."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from holdall.adapters.dynamodb import DynamoDB
from tests.servers.s3 import one_at_a_time


@dataclass(frozen=True)
class Server:
    """A server of the protocol: where it is, and new stores in it."""

    endpoint: str

    def store(self, **options: object) -> DynamoDB:
        """A new and empty store, in a table that others use too."""
        named = {"name": uuid4().hex, "endpoint_url": self.endpoint, "create": True}
        return DynamoDB("holdall", **named | options)


@pytest.fixture(scope="session")
def dynamodb(credentials: None) -> Iterator[Server]:
    """Moto tries a condition and then writes, so that others may come in between but for the lock."""
    pytest.importorskip("moto.server", reason="moto[dynamodb,server] is not installed")
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *args: object) -> None:
            """Say nothing."""

    application = one_at_a_time(DomainDispatcherApplication(create_backend_app).__call__)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield Server(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
