"""An HTTP session that sends the adapter's requests with a third of the processor time of `requests`.

For each request, `requests` looks for proxies, certificates and passwords in the environment, parses the URL, and
prepares cookies, hooks and redirects. `Session.fetch` looks at the environment once per server, and then gives
each request to the pool of connections that `requests` would use too.
"""

import logging
from collections.abc import Container, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from holdall.adapters._objectstore.names import CONNECTIONS
from holdall.adapters._shared.urllib3_pools import with_idle
from holdall.adapters.gcs.originals import Originals
from holdall.extras import needs

with needs("gcs"):
    import google.auth
    import requests
    from google.api_core.exceptions import from_http_response
    from google.auth.transport.requests import AuthorizedSession
    from requests.adapters import HTTPAdapter
    from requests.structures import CaseInsensitiveDict
    from requests.utils import get_netrc_auth, select_proxy
    from urllib3 import Retry, Timeout

# The methods by which `requests` sends a request, and that `Session.fetch` does not use.
_methods = Originals(
    (google.auth, requests),
    {
        AuthorizedSession: ("request",),
        requests.Session: ("request", "prepare_request", "merge_environment_settings", "send"),
        HTTPAdapter: ("send",),
    },
)
_log = logging.getLogger("google.auth.transport.requests")
_ONCE = Retry(0, read=False)  # as in the adapters of `requests`


class Answer(NamedTuple):
    """A successful answer. The names in ``headers`` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Adapter(HTTPAdapter):
    """An HTTP adapter whose pool of connections cannot be left locked by an interrupt."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = with_idle(self.poolmanager.pool_classes_by_scheme)


class _Server(NamedTuple):
    """A server, and the pool of connections to it; None if only `requests` knows how to reach it."""

    origin: str
    pool: Any

    def send(self, method: str, url: str, headers: Any, body: bytes | None, timeout: float) -> Any:
        """The answer of urllib3. Its body is not read yet."""
        return self.pool.urlopen(
            method,
            url[len(self.origin) :],
            body,
            headers,
            retries=_ONCE,
            redirect=False,
            timeout=Timeout(connect=timeout, read=timeout),
            preload_content=False,
        )


class Session(AuthorizedSession):
    """A session with ``credentials``, which it refreshes up to ``refreshes`` times. Threads may share it."""

    def __init__(self, credentials: Any, *, timeout: float, refreshes: int) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            credentials, refresh_timeout=timeout, max_refresh_attempts=refreshes
        )
        self._server = _Server("", None)
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(pool_maxsize=CONNECTIONS))

    def fetch(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        timeout: float,
        success: Container[int] = range(200, 300),
        decode: bool = True,
    ) -> Answer:
        """The answer to a request. ``url`` is encoded. Without ``decode``, a compressed body remains so.

        Raises the error of Google's client unless the status is in ``success``. If a mock, a hook or a logger may
        see the requests of the session, or the session has settings of its own, ``request`` sends the request.
        """
        server = self._find(url) if self._is_plain(url) else None
        if server is None or server.pool is None:
            return self._request(method, url, headers, body, timeout, success, decode)
        login = partial(self._auth_request, timeout=timeout)
        left = self._max_refresh_attempts
        while True:
            given = CaseInsensitiveDict({**self.headers, **headers})
            self.credentials.before_request(login, method, url, given)
            with server.send(method, url, given, body, timeout) as raw:
                if raw.status in success:
                    return Answer(raw.status, raw.headers, raw.read(decode_content=decode))
                refused = self._response(method, url, given, raw)
                if refused.is_redirect:
                    return self._request(method, url, headers, body, timeout, success, decode)
                if refused.status_code not in self._refresh_status_codes or not left:
                    raise from_http_response(refused)  # type: ignore[no-untyped-call]
            left -= 1
            self.credentials.refresh(login)

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout: float,
        success: Container[int],
        decode: bool,
    ) -> Answer:
        given = dict(headers)
        answer = self.request(method, url, data=body, headers=given, timeout=timeout, stream=True)  # type: ignore[no-untyped-call]
        with answer:
            if answer.status_code not in success:
                raise from_http_response(answer)  # type: ignore[no-untyped-call]
            read = answer.raw.read(decode_content=decode)
            return Answer(answer.status_code, answer.headers, read)

    def _response(self, method: str, url: str, headers: Any, raw: Any) -> Any:
        """The answer ``raw`` of urllib3, as `requests` returns it."""
        asked = requests.PreparedRequest()
        asked.method, asked.url, asked.headers = method, url, headers
        adapter: Any = self.get_adapter(url)
        return adapter.build_response(asked, raw)

    def _find(self, url: str) -> _Server:
        """The server of ``url``."""
        server = self._server
        if not url.startswith(f"{server.origin}/"):
            split = urlsplit(url)
            self._server = server = _Server(f"{split.scheme}://{split.netloc}", self._pool(url))
        return server

    def _pool(self, url: str) -> Any:
        """The connections to the server of ``url``. None if the environment has a proxy or a password for it."""
        found = self.merge_environment_settings(url, {}, None, None, None)
        if select_proxy(url, found["proxies"]) or (self.trust_env and get_netrc_auth(url)):
            return None
        adapter: Any = self.get_adapter(url)
        pool = adapter.get_connection_with_tls_context(
            requests.Request("GET", url).prepare(), found["verify"], cert=found["cert"]
        )
        adapter.cert_verify(pool, url, found["verify"], found["cert"])
        return pool

    def _is_plain(self, url: str) -> bool:
        """Whether ``request`` would do no more than `fetch`."""
        return (
            type(self.get_adapter(url)) is _Adapter
            and self.verify is True
            and not any((*self.hooks.values(), self.auth, self.cert, self.params, self.proxies, self.is_mtls))
            and _methods.are_intact(self)
            and not _log.isEnabledFor(logging.DEBUG)
        )

    def close(self) -> None:
        """Close the connections. A later request opens new ones."""
        self._server = _Server("", None)
        super().close()  # type: ignore[no-untyped-call]
