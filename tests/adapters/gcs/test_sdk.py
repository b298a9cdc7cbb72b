"""The adapter's own requests are those of Google's client, and a client that is observed sends them itself."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from google.api_core.exceptions import NotFound
from google.cloud.storage import Blob, Bucket, Client, _opentelemetry_tracing
from google.cloud.storage._http import Connection as Sender
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from holdall import Corrupt
from holdall.adapters.gcs import GCS
from holdall.store import ABSENT
from tests.faults.proxy import Exchange, Fault, Proxy, answer, drop, nothing
from tests.servers.gcs import Server

Use = Callable[[GCS], object]

USES: dict[str, Use] = {
    "read": lambda store: store["a"],
    "in": lambda store: "a" in store,
    "tag": lambda store: store.tag("a"),
    "size": lambda store: store.size("a"),
    "set": lambda store: store.__setitem__("é/b c", b"1"),
    "swap": lambda store: store.swap("new", b"1", ABSENT),
    "lost swap": lambda store: store.swap("a", b"1", ABSENT),
    "delete": lambda store: store.__delitem__("a"),
    "discard": lambda store: store.discard("missing"),
    "scan": lambda store: list(store.scan("a", start="a", stop="b")),
    "scan all": lambda store: list(store.scan_tags()),
    "miss": lambda store: store["missing"],
}


@pytest.fixture
def store(proxy: Proxy) -> Iterator[GCS]:
    with Server(proxy.endpoint).store(prefix="books") as made:
        assert made.features
        made["a"] = b"value"
    bucket = made._bucket.name
    with GCS(bucket, "books", endpoint_url=proxy.endpoint, retries=0, content_type="text/plain") as store:
        assert store.get("a") == b"value"
        yield store


def by_the_client() -> Any:
    """A context in which the client sends the requests, as one of its methods was replaced by a mock."""
    return patch.object(Client, "bucket", autospec=True, side_effect=Client.bucket)


def tried(store: GCS, proxy: Proxy, use: Use, fault: Fault = nothing) -> tuple[str, list[object]]:
    """The outcome of ``use``, without tags and IDs, and the requests that it sent."""
    proxy.always = nothing
    store["a"] = b"value"
    store.discard("new")
    sent: list[object] = []

    def note(exchange: Exchange) -> None:
        sent.append(parts_of(exchange))
        fault(exchange)

    proxy.always = note
    try:
        said = repr(use(store))
    except Exception as error:
        said = repr(error)
    return re.sub(r"\d+|id", "n", said), sent


def parts_of(exchange: Exchange) -> tuple[object, ...]:
    """A request, without the IDs that differ each time."""
    headers, body = exchange.headers, exchange.body
    agent = re.sub("[-0-9a-f]{36}", "id", headers["x-goog-api-client"])
    found = exchange.command, exchange.path, headers["User-Agent"], agent
    mark = re.fullmatch('multipart/related; boundary="(.*)"', headers.get("Content-Type", ""))
    if mark is None:
        return *found, body
    _, first, second, end = body.split(f"--{mark[1]}".encode())
    properties = json.loads(first.partition(b"\r\n\r\n")[2])
    properties["metadata"] = {name: len(value) for name, value in properties.get("metadata", {}).items()}
    return *found, properties, second.lower(), end


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_both_ways_send_the_same_requests_with_the_same_outcome(store: GCS, proxy: Proxy, use: Use):
    own = tried(store, proxy, use)
    with by_the_client():
        assert tried(store, proxy, use) == own


NONSENSE = answer(200, body=b"<html>Log in to this network</html>")


def google(status: int) -> Fault:
    """An error as Google answers it."""
    error = {"message": "why", "errors": [{"message": "why", "reason": "because"}]}
    return answer(status, body=json.dumps({"error": error}).encode())


FAULTS = {"json": google(403), "condition": google(412), "plain": answer(500), "html": NONSENSE, "drop": drop}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_both_ways_say_the_same_of_a_fault(store: GCS, proxy: Proxy, fault: Fault):
    for name in ("read", "in", "set", "swap", "delete", "scan"):
        said, _ = tried(store, proxy, USES[name], fault)
        with by_the_client():
            assert tried(store, proxy, USES[name], fault)[0] == said


@pytest.mark.parametrize("body", [b"[]", b"1", b""], ids=["list", "number", "empty"])
def test_an_answer_that_describes_no_object_is_corrupt(store: GCS, proxy: Proxy, body: bytes):
    proxy.always = answer(200, body=body)
    for use in ("in", "size", "set", "scan"):
        with pytest.raises(Corrupt, match=r"Cloud Storage( server|; check)"):
            USES[use](store)


# ---- Observed clients ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "name", "use"),
    [
        (Client, "list_blobs", "scan"),
        (Bucket, "delete_blob", "delete"),
        (Blob, "reload", "in"),
        (Blob, "delete", "delete"),
        (Blob, "upload_from_file", "set"),
        (Blob, "upload_from_file", "swap"),
        (Sender, "api_request", "tag"),
    ],
    ids=lambda given: getattr(given, "__name__", given),
)
def test_a_method_that_was_replaced_sees_the_request(store: GCS, owner: type, name: str, use: str):
    with patch.object(owner, name, autospec=True, side_effect=getattr(owner, name)) as replaced:
        USES[use](store)
        assert replaced.call_count == 1
    store.discard("new")
    store["a"] = b"again"
    USES[use](store)
    assert replaced.call_count == 1


def test_a_method_that_was_replaced_in_the_client_of_the_store_sees_the_request(store: GCS):
    with patch.object(store.client, "list_blobs", wraps=store.client.list_blobs) as replaced:
        assert list(store.scan()) == ["a"]
    replaced.assert_called_once()


def test_a_fake_answer_of_the_client_is_the_answer(store: GCS):
    with patch.object(Blob, "reload", side_effect=NotFound("no such object")):  # type: ignore[no-untyped-call]
        assert "a" not in store
    assert "a" in store


def test_the_tracer_of_the_client_sees_every_request(store: GCS, monkeypatch: pytest.MonkeyPatch):
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(_opentelemetry_tracing, "enable_otel_traces", True)
    monkeypatch.setattr(_opentelemetry_tracing.trace, "get_tracer", provider.get_tracer)
    for use in ("in", "set", "delete"):
        USES[use](store)
    names = {span.name for span in spans.get_finished_spans()}
    assert names >= {"Storage.Connection.api_request", "Storage.Blob.uploadFromFile", "Storage.Blob.delete"}
