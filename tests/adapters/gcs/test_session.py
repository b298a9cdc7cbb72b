"""The session's own way to send a request, and the cases in which `requests` sends it."""

import gzip
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import requests
import wrapt
from google.api_core.exceptions import ServiceUnavailable, Unauthorized
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials as UserCredentials
from requests.adapters import HTTPAdapter

from holdall.adapters.gcs.session import Session
from tests.faults.proxy import PATIENT, Answer, Exchange, Proxy, answer

HELLO = Answer(200, [("Content-Type", "application/json"), ("X-Goog-Generation", "1")], b'"hello"')


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.fixture
def seen() -> list[tuple[str, dict[str, str], bytes]]:
    """The path, headers and body of each request."""
    return []


@pytest.fixture
def server(seen: list[tuple[str, dict[str, str], bytes]]) -> Iterator[Proxy]:
    """A server that says hello."""

    def hello(exchange: Exchange) -> None:
        seen.append((exchange.path, {k.lower(): v for k, v in exchange.headers.items()}, exchange.body))
        exchange.reply(HELLO)

    with Proxy("http://127.0.0.1:9") as server:
        server.always = hello
        yield server


def session_of(credentials: Credentials) -> Session:
    return Session(credentials, timeout=PATIENT, refreshes=2)


@pytest.fixture
def session() -> Iterator[Session]:
    with session_of(AnonymousCredentials()) as session:  # type: ignore[no-untyped-call]
        yield session


@pytest.fixture
def by_requests() -> Iterator[list[str]]:
    """The URLs that the session left to `requests`, without being altered by this fixture."""
    urls = []
    request = Session._request

    def note(self, method, url, *rest):
        urls.append(url)
        return request(self, method, url, *rest)

    with patch.object(Session, "_request", note):
        yield urls


class Renewed(Credentials):
    """Credentials whose token counts how often they were refreshed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token = "0"

    def refresh(self, request: object) -> None:
        self.token = str(int(self.token) + 1)


def test_a_request_arrives_with_the_headers_of_the_session_and_its_own(
    server: Proxy, session: Session, seen, by_requests
):
    got = session.fetch(
        "POST", f"{server.endpoint}/a%2Fb?c=d", {"User-Agent": "me"}, b"body", timeout=PATIENT
    )
    assert got == (200, got.headers, b'"hello"')
    assert got.headers["x-goog-generation"] == "1"
    path, headers, body = seen[0]
    assert (path, body) == ("/a%2Fb?c=d", b"body")
    assert (headers["user-agent"], headers["accept"], headers["content-length"]) == ("me", "*/*", "4")
    assert by_requests == []


def test_both_ways_send_the_same(server: Proxy, session: Session, seen):
    for method, body in (("GET", None), ("POST", b"body"), ("DELETE", None)):
        session.fetch(method, f"{server.endpoint}/a?b=c", {"Accept-Encoding": "gzip"}, body, timeout=PATIENT)
        session.hooks["response"].append(lambda answer, **_: answer)
        session.fetch(method, f"{server.endpoint}/a?b=c", {"Accept-Encoding": "gzip"}, body, timeout=PATIENT)
        session.hooks["response"].clear()
    for own, other in zip(seen[::2], seen[1::2], strict=True):
        other[1].pop("content-length", None), own[1].pop("content-length", None)  # of an empty body
        assert own == other


# ---- Credentials -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["own", "requests"])
@pytest.mark.parametrize("refusals", [0, 1, 2, 3])
def test_a_refused_token_is_refreshed_and_the_request_sent_again(
    server: Proxy, seen, way: str, refusals: int
):
    credentials = Renewed()
    server.inject(*[answer(401)] * refusals)
    with session_of(credentials) as session:
        if way == "requests":
            session.hooks["response"].append(lambda answer, **_: answer)
        if refusals > 2:
            with pytest.raises(Unauthorized):
                session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT)
            return
        session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT)
    assert seen[0][1]["authorization"] == f"Bearer {refusals}"
    assert server.counts == {"GET": refusals + 1}


def test_the_project_that_pays_is_named(server: Proxy, seen):
    user = UserCredentials("token", quota_project_id="payer")  # type: ignore[no-untyped-call]
    with session_of(user) as session:
        session.fetch("GET", f"{server.endpoint}/a", {"x-goog-api-client": "me"}, timeout=PATIENT)
    assert seen[0][1]["x-goog-user-project"] == "payer"
    assert seen[0][1]["x-goog-api-client"] == "me cred-type/u"


# ---- Answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["own", "requests"])
def test_a_compressed_answer_is_decoded_unless_it_is_wanted_as_it_is(
    server: Proxy, session: Session, way: str
):
    packed = gzip.compress(b"hello")
    server.always = lambda exchange: exchange.reply(Answer(200, [("Content-Encoding", "gzip")], packed))
    if way == "requests":
        session.hooks["response"].append(lambda answer, **_: answer)
    assert session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT).body == b"hello"
    assert session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT, decode=False).body == packed


@pytest.mark.parametrize("way", ["own", "requests"])
def test_a_refusal_raises_the_error_of_the_client(server: Proxy, session: Session, way: str):
    server.always = answer(
        503, body=b'{"error": {"message": "busy", "errors": [{"reason": "backendError"}]}}'
    )
    if way == "requests":
        session.hooks["response"].append(lambda answer, **_: answer)
    with pytest.raises(ServiceUnavailable) as raised:
        session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT)
    assert raised.value.message == f"GET {server.endpoint}/a: busy"
    assert raised.value.errors == [{"reason": "backendError"}]


def test_a_redirect_is_followed(server: Proxy, session: Session, seen):
    server.inject(lambda exchange: exchange.reply(Answer(307, [("Location", "/other")], b"")), on="GET /a")
    server.inject(lambda exchange: exchange.reply(Answer(307, [("Location", "/other")], b"")), on="GET /a")
    assert session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT).body == b'"hello"'
    assert seen[0][0] == "/other"


def test_a_session_that_was_closed_opens_new_connections(server: Proxy, session: Session, by_requests):
    for _ in range(2):
        assert session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT).status == 200
        session.close()
    assert by_requests == []


def test_a_server_whose_address_begins_like_another_is_another(session: Session):
    for origin in ("http://127.0.0.1:1", "http://127.0.0.1:11", "http://127.0.0.1"):
        found = session._find(f"{origin}/a")
        assert (found.origin, found.pool.port) == (origin, int(origin.partition("1:")[2] or 80))


# ---- Left to requests ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (AuthorizedSession, "request"),
        (requests.Session, "request"),
        (requests.Session, "send"),
        (HTTPAdapter, "send"),
    ],
    ids=lambda given: getattr(given, "__qualname__", given),
)
def test_a_method_that_was_replaced_sees_the_request(server: Proxy, session: Session, owner: type, name: str):
    original = getattr(owner, name)
    with patch.object(owner, name, autospec=True, side_effect=original) as replaced:
        session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT)
    assert replaced.call_count == 1
    session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT)
    assert replaced.call_count == 1


def test_a_tracer_sees_the_request(server: Proxy, session: Session):
    """Most tracers replace methods by wrapt, whose wrappers pass for functions."""
    sent = []

    def trace(wrapped: Any, instance: object, args: Any, kwargs: Any) -> Any:
        sent.append(args)
        return wrapped(*args, **kwargs)

    with patch.object(requests.Session, "send", wrapt.FunctionWrapper(requests.Session.send, trace)):
        session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT)
    assert len(sent) == 1


def test_a_method_that_was_replaced_in_the_session_sees_the_request(server: Proxy, session: Session):
    with patch.object(session, "request", wraps=session.request) as replaced:
        session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT)
    replaced.assert_called_once()


def mount(session: Session) -> None:
    session.mount("http://", HTTPAdapter())


def authenticate(session: Session) -> None:
    session.auth = ("user", "password")


def add_parameters(session: Session) -> None:
    session.params = {"added": "1"}


def trust_anyone(session: Session) -> None:
    session.verify = False


@pytest.mark.parametrize("alter", [mount, authenticate, add_parameters, trust_anyone])
def test_a_session_with_settings_of_its_own_is_left_to_requests(
    server: Proxy, session: Session, by_requests, alter: Callable[[Session], None]
):
    alter(session)
    session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT)
    assert by_requests == [f"{server.endpoint}/a"]


def test_a_log_of_requests_is_left_to_requests(server: Proxy, session: Session, by_requests, caplog):
    with caplog.at_level(logging.DEBUG, "google.auth.transport.requests"):
        session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT)
    assert by_requests == [f"{server.endpoint}/a"]


def test_a_proxy_of_the_environment_is_used(
    server: Proxy, session: Session, seen, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("http_proxy", server.endpoint)
    session.fetch("GET", "http://storage.invalid/a", {}, timeout=PATIENT)
    assert seen[0][0] == "http://storage.invalid/a"


def test_a_password_of_the_environment_is_used(server: Proxy, session: Session, seen, tmp_path: Path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password secret\n")
    session.fetch("GET", f"{server.endpoint}/a", {}, timeout=PATIENT)
    assert seen[0][1]["authorization"].startswith("Basic ")


def test_certificates_of_the_environment_are_used(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    pool = session._find("https://storage.invalid/a").pool
    assert (pool.ca_certs, pool.cert_reqs) == (str(bundle), "CERT_REQUIRED")
