"""Both transports reach the same server: endpoints with a path, redirects, proxies and certificates."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdall import HoldallError
from holdall.adapters.s3 import S3
from holdall.adapters.s3.place import find_place
from tests.faults.proxy import Answer, Exchange, Fault, Proxy
from tests.refused import refused

pytestmark = pytest.mark.usefixtures("credentials")

FOUND = [("ETag", '"tag"'), ("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")]
NOWHERE = "127.0.0.1:9"


@pytest.fixture
def server() -> Iterator[Proxy]:
    """A server that answers by itself."""
    with Proxy(f"http://{NOWHERE}") as proxy:
        yield proxy


def serve(path: str) -> Fault:
    """An object is at ``path``, and none at all other paths."""

    def fault(exchange: Exchange) -> None:
        exchange.reply(Answer(200, FOUND, b"value") if exchange.path == path else Answer(404, [], b""))

    return fault


def redirect(status: int, url: str) -> Fault:
    return lambda exchange: exchange.reply(Answer(status, [("Location", url)], b""))


@pytest.mark.parametrize("base", ["", "/", "/s3", "/s3/", "/acme"])
def test_an_endpoint_may_have_a_path(server: Proxy, transport: str, base: str):
    server.always = serve(f"{base.rstrip('/')}/acme/app/a")
    with S3("acme", "app", endpoint_url=server.endpoint + base, transport=transport) as store:
        assert "a" in store
        assert store["a"] == b"value"
        assert store.tag("a") == "tag"
    assert server.agents == {"object_store" if transport == "rust" else "Boto3": 3}


# The SDK leaves the connection of an answer with status 303 to the garbage collector, which says so: here, rather than
# in another test.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("status", [301, 303, 307])
def test_a_redirect_to_another_server_is_not_followed(server: Proxy, transport: str, status: int):
    with Proxy(f"http://{NOWHERE}") as other:
        other.always = lambda exchange: exchange.reply(Answer(200, FOUND, b"<html>log in</html>"))
        place = other.endpoint.replace("127.0.0.1", "localhost")
        server.always = redirect(status, f"{place}/login")
        with S3("acme", endpoint_url=server.endpoint, transport=transport, retries=1) as store:
            refused(HoldallError, lambda: store.__setitem__("a", b"1"))()
            if status != 303:
                refused(HoldallError, lambda: store["a"])()
                refused(HoldallError, lambda: "a" in store)()
        assert not other.counts
    assert server.counts.total() < 20
    gc.collect()


@pytest.mark.usefixtures("unmocked")
def test_a_large_value_is_written_by_boto3(server: Proxy):
    """obstore would give it up if sending it took longer than the timeout."""
    server.always = lambda exchange: exchange.reply(Answer(200, FOUND, b""))
    with S3("acme", endpoint_url=server.endpoint, transport="rust") as store:
        store["a"] = bytes(2**20)
        store["b"] = bytes(2**20 + 1)
    assert server.agents == {"object_store": 1, "Boto3": 1}


@pytest.mark.parametrize("variable", ["ALL_PROXY", "http_proxy"])
def test_both_transports_use_the_same_proxy(
    server: Proxy, transport: str, monkeypatch: pytest.MonkeyPatch, variable: str
):
    """The SDK ignores ALL_PROXY."""
    server.always = lambda exchange: exchange.reply(Answer(200, FOUND, b"value"))
    with Proxy(f"http://{NOWHERE}") as proxy:
        proxy.always = lambda exchange: exchange.reply(Answer(200, FOUND, b"by proxy"))
        for name in "no_proxy", "NO_PROXY":
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(variable, proxy.endpoint)
        with S3("acme", endpoint_url=server.endpoint, transport=transport) as store:
            assert store["a"] == (b"value" if variable == "ALL_PROXY" else b"by proxy")


def test_certificates_that_only_the_client_trusts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with S3("acme", endpoint_url="https://127.0.0.1:9/s3") as store:
        assert find_place(store.client, "acme") == ("https://127.0.0.1:9/s3", False)
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    with (
        S3("acme", endpoint_url="https://127.0.0.1:9/s3") as store,
        pytest.raises(ValueError, match="certificates"),
    ):
        find_place(store.client, "acme")
