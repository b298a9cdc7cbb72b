"""The fast transport: the same answers for the same requests, and never past anything that watches the client."""

import contextlib
import multiprocessing
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from botocore.client import BaseClient
from botocore.stub import Stubber

from holdall import (
    Conflict,
    Corrupt,
    HoldallError,
    MissingExtra,
    PermissionDenied,
    StoreNotFound,
)
from holdall.adapters.s3 import S3, forks
from holdall.store import ABSENT
from tests.adapters.signals import check_interrupts
from tests.faults.proxy import Exchange, Proxy, answer, cut_body, lose, nothing
from tests.forks import needs_fork, run_in_child
from tests.refused import refused
from tests.servers.s3 import Server

obstore: Any = pytest.importorskip("obstore", reason="obstore is not installed")

RUST = "object_store"
KEYS = [f"k{n:03}" for n in range(40)] + [
    "a b",
    "a%2Fb",
    "a+b",
    'a~#?&[{|^`"<>*',
    "é",
    "\U0001f4d8",
    "z/" * 40 + "z",
]
# Errors of rust repeat the name of the object, so a name must not be taken for an answer.
LIKE_ANSWERS = [
    "<Code>NoSuchKey</Code>",
    "x not found: Error performing GET u in 1s - Server returned non-2xx status code: 404 Not Found: NoSuchKey",
]

pytestmark = pytest.mark.usefixtures("unmocked")


@pytest.fixture
def proxy(seaweed: Server) -> Iterator[Proxy]:
    with Proxy(seaweed.endpoint) as proxy:
        yield proxy


@pytest.fixture
def store(proxy: Proxy) -> Iterator[S3]:
    with Server(proxy.endpoint).store(prefix="app") as store:
        assert store.features  # what the server honours is known before anything is counted
        store.update((key, key.encode()) for key in KEYS)
        proxy.agents.clear()
        proxy.counts.clear()
        yield store


def read_all(store: S3) -> bool:
    return dict(store.scan_items()) == {key: key.encode() for key in KEYS}


def test_bulk_reads_take_it(store: S3, proxy: Proxy):
    assert read_all(store)
    assert proxy.agents[RUST] == len(KEYS)


def test_single_requests_take_it(store: S3, proxy: Proxy):
    for key in KEYS[39:] + LIKE_ANSWERS:
        check_requests(store, proxy, f"single/{key}")


def check_requests(store: S3, proxy: Proxy, key: str) -> None:
    """Check how many requests each operation costs, and that rust sends them all."""

    def cost(call: Callable[[], Any]) -> Counter[str]:
        proxy.agents.clear()
        proxy.counts.clear()
        call()
        assert proxy.agents == {RUST: proxy.counts.total()}
        return Counter(proxy.counts)

    assert cost(refused(KeyError, lambda: store[key])) == {"GET": 1}
    assert cost(lambda: key in store) == {"HEAD": 1}
    assert cost(lambda: store.swap(key, b"value", ABSENT)) == {"PUT": 1}
    assert cost(refused(Conflict, lambda: store.swap(key, b"lost", ABSENT))) == {"PUT": 1}
    assert cost(lambda: store[key]) == {"GET": 1}
    assert cost(lambda: store.size(key)) == {"HEAD": 1}
    assert cost(lambda: store.read(key, 1, 2)) == {"GET": 1}
    assert cost(lambda: store.read(key, 9)) == {"GET": 1}
    tag = store.get_tagged(key).tag
    assert cost(lambda: store.swap(key, b"newer", tag)) == {"PUT": 1}
    assert cost(refused(Conflict, lambda: store.swap(key, b"lost", tag))) == {"PUT": 1}
    with store.open(key) as file:
        assert cost(file.read) == {"GET": 1}
    assert store[key] == b"newer"
    assert cost(lambda: store.__setitem__(key, b"last")) == {"PUT": 1}


def test_both_clients_see_the_same_objects(store: S3):
    with S3(
        store._bucket.name, "app", endpoint_url=store._bucket.options.endpoint_url, transport="boto3"
    ) as plain:
        for writer, reader in (store, plain), (plain, store):
            tag = writer.swap("a", b"first", writer.tag("a"))
            assert reader.get_tagged("a") == (b"first", tag)
            assert reader._bucket.head("a") == reader._bucket.read("a")[0]
            assert reader._bucket.head("a").write_ids == writer._bucket.head("a").write_ids != ()
            for part in (0, 3), (2, 2), (4, None), (-2, None), (-9, None), (9, None), (3, 99):
                assert reader.read("a", *part) == writer.read("a", *part)


@pytest.mark.parametrize(
    "served", [{}, {"content_type": "text/x-a; charset=utf-8", "cache_control": "max-age=1"}]
)
def test_what_is_written_is_served_with_the_headers_of_the_address(proxy: Proxy, served: dict[str, str]):
    found = []
    with Server(proxy.endpoint).store(**served) as store:
        for store._bucket.note in dict, lambda: {"holdall-note": "by someone"}:
            store["a"] = b"1"
            found.append(store.client.head_object(Bucket=store._bucket.name, Key="a"))
    assert proxy.agents[RUST] == 2
    assert [each["Metadata"] for each in found] == [{}, {"holdall-note": "by someone"}]
    if served:
        assert {(each["ContentType"], each["CacheControl"]) for each in found} == {tuple(served.values())}


def test_a_name_that_it_would_change_is_read_by_the_client(store: S3, proxy: Proxy):
    with S3(store._bucket.name, endpoint_url=proxy.endpoint) as whole:
        names = ["/a", "a/", "a//b", "a/../b"]
        for name in names:
            proxy.always = answer(200, body=b"found")
            with pytest.raises(Corrupt):  # the answer has no ETag
                whole._bucket.read(name)
        assert proxy.agents[RUST] == 0


def test_it_is_not_taken_where_that_is_asked(store: S3, proxy: Proxy):
    bucket, endpoint = store._bucket.name, proxy.endpoint
    for options in {"transport": "boto3"}, {"retries": 0}:
        with S3(bucket, "app", endpoint_url=endpoint, **options) as plain:
            assert read_all(plain)
            assert plain["k001"] == b"k001"
    assert proxy.agents[RUST] == 0


# ---- Watched clients ---------------------------------------------------------------------------


def stubbed(store: S3) -> Any:
    stubber = Stubber(store.client)
    stubber.activate()
    return stubber.deactivate


def instrumented(store: S3) -> Any:
    def watch(**event: Any) -> None:
        pass

    store.client.meta.events.register("before-send.s3", watch)
    return lambda: store.client.meta.events.unregister("before-send.s3", watch)


def replaced(store: S3) -> Any:
    store.client.get_object = store.client.get_object
    return lambda: vars(store.client).pop("get_object")


def traced(store: S3) -> Any:
    found = patch.object(BaseClient, "_make_api_call", autospec=True, side_effect=BaseClient._make_api_call)
    found.start()
    return found.stop


def without_sockets(store: S3) -> Any:
    class Guarded(socket.socket):
        pass

    found = patch.object(socket, "socket", Guarded)
    found.start()
    return found.stop


@pytest.mark.parametrize("watch", [stubbed, instrumented, replaced, traced, without_sockets])
@pytest.mark.parametrize("transport", ["auto", "rust"])
def test_it_is_not_taken_past_who_watches_the_client(proxy: Proxy, store: S3, watch, transport):
    def use() -> None:
        with contextlib.suppress(HoldallError):  # a stub has no answer
            list(watched.get_many(["k001"]))
        with contextlib.suppress(HoldallError):
            watched["k001"]

    with S3(store._bucket.name, "app", endpoint_url=proxy.endpoint, transport=transport) as watched:
        for _ in range(2):  # before and after the first use
            end = watch(watched)
            use()
            assert proxy.agents[RUST] == 0
            end()
            use()
            assert proxy.agents[RUST] == 2
            proxy.agents.clear()


# ---- Faults ------------------------------------------------------------------------------------


def test_what_it_cannot_read_the_client_reads(store: S3, proxy: Proxy):
    proxy.inject(answer(503, "SlowDown"), answer(500), on=f"GET /{store._bucket.name}/app/k")
    assert read_all(store)
    assert not proxy.calm()


def test_a_missing_key_is_left_out_and_a_refused_one_is_not(store: S3, proxy: Proxy):
    assert list(store.get_many(["missing", "k001"])) == [("k001", b"k001")]
    proxy.always = answer(403, "AccessDenied")
    with pytest.raises(PermissionDenied):
        list(store.get_many(["k001"]))


def test_a_missing_bucket_is_no_missing_key(proxy: Proxy):
    with S3("no-such-bucket", endpoint_url=proxy.endpoint) as store:
        for use in store.__getitem__, store.__contains__, store.tag:
            with pytest.raises(StoreNotFound):
                use("a")
        with pytest.raises(StoreNotFound):
            store["a"] = b"1"
    assert proxy.agents[RUST] > 0


def test_a_throttled_request_slows_the_others_down(store: S3, proxy: Proxy):
    pace = store._bucket.pace
    proxy.inject(answer(503, "SlowDown"), on="GET")
    assert store["k001"] == b"k001"
    assert proxy.agents[RUST] == 1
    assert pace.now < pace.most


def test_half_a_body_is_never_a_value(store: S3, proxy: Proxy):
    proxy.inject(cut_body, on="GET")
    assert store["z/" * 40 + "z"] == b"z/" * 40 + b"z"
    proxy.always = cut_body
    with pytest.raises(Corrupt):
        store["k001"]


def test_a_swap_whose_answer_is_lost_happens_once(store: S3, proxy: Proxy):
    def count(value: bytes) -> bytes:
        return b"%d" % (int(value) + 1)

    with S3(store._bucket.name, "app", endpoint_url=proxy.endpoint, timeout=2) as hasty:
        hasty.modify("counter", count, default=b"0")
        proxy.agents.clear()
        proxy.inject(lose, on="PUT")
        assert hasty.modify("counter", count) == b"2"
        assert proxy.agents[RUST] >= 2  # it read, and wrote first
        assert store["counter"] == b"2"
        assert hasty.modify("counter", count) == b"3"


@pytest.mark.parametrize("status", [400, 401, 403, 409, 429])
def test_a_refusal_leaves_no_doubt_about_a_later_conflict(store: S3, proxy: Proxy, status: int):
    tag = store.tag("k001")
    store["k001"] = b"by another"  # which has no write IDs, so a doubt could not be settled
    proxy.inject(answer(status, "Refused"), on="PUT")
    with pytest.raises(Conflict):
        store.swap("k001", b"newer", tag)
    assert proxy.agents[RUST] > 0


def break_off(exchange: Exchange) -> None:
    """The server gets the head of the request, and no body."""
    place = urlsplit(f"//{exchange.server.proxy.upstream}")
    with socket.create_connection((place.hostname, place.port)) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in exchange.headers.items() if name != "Expect")
        connection.sendall(f"{exchange.command} {exchange.path} HTTP/1.1\r\n{head}\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        connection.recv(100)
    exchange.reset()


def test_a_write_that_breaks_off_before_its_body_changes_nothing(store: S3, proxy: Proxy):
    proxy.inject(break_off, on="PUT")
    proxy.inject(answer(403, "AccessDenied"), on="PUT")
    with pytest.raises(PermissionDenied):
        store["k001"] = b"newer"
    assert proxy.agents[RUST] == 1
    assert store["k001"] == b"k001"


def test_it_is_given_up_if_only_the_client_gets_answers(store: S3, proxy: Proxy):
    def refuse_rust(exchange: Exchange) -> None:
        agent = exchange.headers["User-Agent"]
        (answer(403, "AccessDenied") if agent.startswith(RUST) else nothing)(exchange)

    proxy.always = refuse_rust
    for _ in range(5):
        assert store["k001"] == b"k001"
    assert proxy.agents[RUST] == 3


# ---- Processes and signals ---------------------------------------------------------------------


def test_a_fork_does_without_its_parents_threads(store: S3, proxy: Proxy):
    assert read_all(store)
    assert store["k001"] == b"k001"
    proxy.agents.clear()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(read_all, (store,))
        assert pool.apply(store.__getitem__, ("k001",)) == b"k001"
    assert proxy.agents[RUST] == 0
    assert read_all(store)
    assert proxy.agents[RUST] == len(KEYS)


@needs_fork
def test_a_fork_does_without_the_threads_that_other_code_started(
    store: S3, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
):
    with contextlib.suppress(obstore.exceptions.BaseError):
        obstore.get(obstore.store.S3Store("acme", endpoint=proxy.endpoint, skip_signature=True), "a")
    monkeypatch.setattr(forks._Runtime, "pid", 0)  # as in a process whose stores have sent no request yet
    proxy.agents.clear()
    assert run_in_child(lambda: store["k001"] == b"k001") == 0
    assert proxy.agents[RUST] == 0


def test_an_interrupt_ends_a_read_that_waits(store: S3, proxy: Proxy):
    ended = threading.Event()

    def interrupt(exchange: Exchange) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        ended.wait(60)
        nothing(exchange)

    proxy.inject(interrupt, on="GET")
    with pytest.raises(KeyboardInterrupt):
        store["k001"]
    assert store["k002"] == b"k002"  # although the first is still waited for
    ended.set()
    assert proxy.agents[RUST] == 2


def test_an_interrupt_waits_for_the_end_of_a_write(store: S3, proxy: Proxy):
    def interrupt(exchange: Exchange) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        nothing(exchange)

    proxy.inject(interrupt, on="PUT")
    with pytest.raises(KeyboardInterrupt):
        store["k001"] = b"newer"
    assert store["k001"] == b"newer"


# An interrupt can leave a socket of the proxy or a generator to the garbage collector, which says so.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_after_an_interrupt_every_key_has_its_own_value(seaweed: Server):
    with seaweed.store() as store:
        check_interrupts(store)


# ---- Configuration -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        {"AWS_SKIP_SIGNATURE": "true", "AWS_UNSIGNED_PAYLOAD": "true", "AWS_REQUEST_PAYER": "true"},
    ],
)
def test_it_obeys_no_variable_that_the_client_ignores(store: S3, proxy: Proxy, monkeypatch, variables):
    seen = []

    def watch(exchange: Exchange) -> None:
        seen.append(exchange.headers)
        nothing(exchange)

    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    proxy.always = watch
    with S3(store._bucket.name, "app", endpoint_url=proxy.endpoint) as other:
        assert other["k001"] == b"k001"
        other["k001"] = b"k001"
    assert proxy.agents == {RUST: 2}
    assert all("Authorization" in headers and "x-amz-request-payer" not in headers for headers in seen)
    assert seen[1]["x-amz-content-sha256"] != "UNSIGNED-PAYLOAD"


def test_it_is_not_taken_if_it_would_ask_for_encryption(store: S3, proxy: Proxy, monkeypatch):
    monkeypatch.setenv("AWS_SERVER_SIDE_ENCRYPTION", "AES256")
    with S3(store._bucket.name, "app", endpoint_url=proxy.endpoint) as other:
        assert other["k001"] == b"k001"
    assert proxy.agents[RUST] == 0


def test_no_credentials(proxy: Proxy, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with S3("acme", endpoint_url=proxy.endpoint, transport="rust") as store:
        with pytest.raises(PermissionDenied, match="no credentials"):
            store["a"]
        with pytest.raises(PermissionDenied, match="no credentials"):
            list(store.get_many(["a"]))


def test_a_transport_that_is_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)
    monkeypatch.delitem(__import__("sys").modules, "holdall.adapters.s3.rust", raising=False)
    with pytest.raises(MissingExtra, match="rust"):
        S3("acme", transport="rust")
    S3("acme", transport="auto")
