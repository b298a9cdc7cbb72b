"""The applications that ``make bench-http`` measures, and the servers that run them.

``python -m benchmarks.http_apps waitress|granian hello|service HOST:PORT`` runs one. The environment variable
BOOKS holds the path of the SQLite file that the service serves, as bytes and as documents.
"""

import os
import sys
from typing import Any

from holdall import Json, SQLite
from holdall.domain.model import Invoice
from holdall.server import app
from holdall.server.granian import GranianServer
from holdall.server.serving import Server, listen

BOOKS = "HOLDALL_BENCH_BOOKS"
PATHS = {"bytes": "/v1/bytes/docs", "documents": "/v1/documents/docs", "typed": "/v1/typed/docs"}


def hello(env: dict[str, Any], start: Any) -> list[bytes]:
    """Answer each request in the shortest way that WSGI has."""
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def service() -> Any:
    """Return the service of one file, whose values are bytes, JSON of any kind, and invoices."""
    store = SQLite(os.environ[BOOKS], durability="os")
    return app({"bytes": store, "documents": Json(store), "typed": Json(store, type=Invoice)})


if __name__ == "__main__":
    server, named, place = sys.argv[1:]
    application = service() if named == "service" else hello
    (GranianServer if server == "granian" else Server)(application, listen(place)).run()
