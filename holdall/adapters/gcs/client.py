"""Connections to Google Cloud Storage: ambient credentials (none for an emulator) and bounded waits."""

import contextlib
import os
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from holdall.adapters._objectstore.names import CONNECTIONS, check_reach
from holdall.adapters._shared.urllib3_pools import with_idle
from holdall.extras import needs

with needs("gcs"):
    import google.auth
    from google.api_core.exceptions import Conflict
    from google.auth.credentials import AnonymousCredentials
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud.storage import Client
    from requests.adapters import HTTPAdapter

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
    session: Any

    @property
    def is_google(self) -> bool:
        """Whether the endpoint is Google's own."""
        return (urlsplit(self.client.api_endpoint).hostname or "").endswith(".googleapis.com")

    def close(self) -> None:
        """Close the sockets."""
        self.session.close()


class _Adapter(HTTPAdapter):
    """An HTTP adapter whose pool of connections cannot be left locked by an interrupt."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = with_idle(self.poolmanager.pool_classes_by_scheme)


def connect(options: Options) -> Connection:
    """A connection for ``options``.

    No credentials are sent to the server that STORAGE_EMULATOR_HOST names, nor to a plain ``http:`` address.
    ``endpoint_url`` has precedence over STORAGE_EMULATOR_HOST.
    """
    emulator = None if options.endpoint_url else _url(os.environ.get(_EMULATOR))
    endpoint = options.endpoint_url or emulator
    anonymous = options.anon or bool(emulator) or (endpoint or "").startswith("http:")
    credentials, project = _identity(anonymous=anonymous)
    session = AuthorizedSession(  # type: ignore[no-untyped-call]
        credentials, refresh_timeout=options.timeout, max_refresh_attempts=0 if anonymous else 2
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_maxsize=CONNECTIONS))
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
