"""Connections to Google Cloud Storage: ambient credentials (none for an emulator) and bounded waits."""

import contextlib
import os
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from holdall.adapters._objectstore.names import check_reach
from holdall.adapters.gcs.session import Session
from holdall.extras import needs

with needs("gcs"):
    import google.auth
    from google.api_core.exceptions import Conflict
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

_EMULATOR = "STORAGE_EMULATOR_HOST"


@dataclass(frozen=True)
class Options:
    """How to reach the server; `holdall.adapters.gcs.GCS` documents each option."""

    project: str | None = None
    endpoint_url: str | None = None
    timeout: float = 20
    retries: int = 4
    anon: bool = False

    def __post_init__(self) -> None:
        check_reach("gs", self.endpoint_url, self.timeout, self.retries)


class Connection(NamedTuple):
    """A client and its HTTP session. Threads may share both."""

    client: Any
    session: Session

    @property
    def is_google(self) -> bool:
        """Whether the endpoint is Google's own."""
        return (urlsplit(self.client.api_endpoint).hostname or "").endswith(".googleapis.com")

    def headers(self) -> dict[str, str]:
        """The headers of one request that name the client, as the client itself sends them."""
        sender = self.client._connection
        agent = sender.user_agent
        return {
            **sender.extra_headers,
            "Accept-Encoding": "gzip",
            "User-Agent": agent,
            "x-goog-api-client": f"{agent} gccl-invocation-id/{uuid4()}",
        }

    def close(self) -> None:
        """Close the sockets."""
        self.session.close()


def connect(options: Options) -> Connection:
    """A connection for ``options``.

    No credentials are sent to the server that STORAGE_EMULATOR_HOST names, nor to a plain ``http:`` address.
    ``endpoint_url`` has precedence over STORAGE_EMULATOR_HOST.
    """
    emulator = None if options.endpoint_url else _url(os.environ.get(_EMULATOR))
    endpoint = options.endpoint_url or emulator
    anonymous = options.anon or bool(emulator) or (endpoint or "").startswith("http:")
    credentials, project = _identity(anonymous=anonymous)
    session = Session(credentials, timeout=options.timeout, refreshes=0 if anonymous else 2)
    client: Any = Client(
        project=options.project or project,
        credentials=credentials,
        client_options={"api_endpoint": endpoint} if endpoint else None,
        _http=session,
    )
    # Newer versions of the client fetch the bucket's metadata in threads that wait without a limit.
    client._bucket_metadata_cache = None  # pyright: ignore[reportAttributeAccessIssue] - only some have it
    return Connection(client, session)


def _url(emulator: str | None) -> str | None:
    """The value of the variable as a URL. Google's other clients accept it without a scheme."""
    return f"http://{emulator}" if emulator and "://" not in emulator else emulator


def _identity(*, anonymous: bool) -> tuple[Any, str | None]:
    if anonymous:
        return AnonymousCredentials(), None  # type: ignore[no-untyped-call]
    credentials, project = google.auth.default(scopes=Client.SCOPE)
    return credentials, project


def create_bucket(connection: Connection, name: str, options: Options, retry: Any) -> None:
    """Create the bucket ``name`` unless it exists. If somebody else owns it, the requests that use it fail."""
    with contextlib.suppress(Conflict):
        connection.client.create_bucket(name, timeout=options.timeout, retry=retry)
