"""Bulk reads by the fast transport: the same values, and never past anything that watches the client."""

import contextlib
import multiprocessing
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import botocore.handlers
import pytest
from botocore.client import BaseClient
from botocore.stub import Stubber

from holdall import HoldallError, MissingExtra, PermissionDenied
from holdall.adapters.s3 import S3
from tests.faults.proxy import Proxy, answer
from tests.servers.s3 import Server

pytest.importorskip("obstore", reason="obstore is not installed")

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


@pytest.fixture(autouse=True)
def unmocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto takes part in every client of a process that has imported it."""
    own = [each for each in botocore.handlers.BUILTIN_HANDLERS if "moto" not in repr(each)]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", own)


@pytest.fixture
def proxy(seaweed: Server) -> Iterator[Proxy]:
    with Proxy(seaweed.endpoint) as proxy:
        yield proxy


@pytest.fixture
def store(proxy: Proxy) -> Iterator[S3]:
    with Server(proxy.endpoint).store(prefix="app") as store:
        store.update((key, key.encode()) for key in KEYS)
        proxy.agents.clear()
        proxy.counts.clear()
        yield store


def read_all(store: S3) -> bool:
    return dict(store.scan_items()) == {key: key.encode() for key in KEYS}


def test_bulk_reads_take_it(store: S3, proxy: Proxy):
    assert read_all(store)
    assert proxy.agents[RUST] == len(KEYS)


def test_it_is_not_taken_where_that_is_asked(store: S3, proxy: Proxy):
    with S3(store._bucket.name, "app", endpoint_url=proxy.endpoint, transport="boto3") as plain:
        assert read_all(plain)
    assert proxy.agents[RUST] == 0


def stubbed(store: S3) -> Any:
    stubber = Stubber(store.client)
    stubber.activate()
    return stubber


def instrumented(store: S3) -> None:
    store.client.meta.events.register("before-send.s3.GetObject", lambda **event: None)


def replaced(store: S3) -> None:
    store.client.get_object = store.client.get_object


@pytest.mark.parametrize("watch", [stubbed, instrumented, replaced])
@pytest.mark.parametrize("transport", ["auto", "rust"])
def test_it_is_not_taken_past_who_watches_the_client(proxy: Proxy, store: S3, watch, transport):
    with S3(store._bucket.name, "app", endpoint_url=proxy.endpoint, transport=transport) as watched:
        watch(watched)
        with contextlib.suppress(HoldallError):  # what a stub has no answer to
            list(watched.get_many(["k001"]))
    assert proxy.agents[RUST] == 0


def test_it_is_not_taken_past_a_tracer(store: S3, proxy: Proxy):
    with patch.object(BaseClient, "_make_api_call", autospec=True, side_effect=BaseClient._make_api_call):
        list(store.get_many(["k001"]))
    assert proxy.agents[RUST] == 0


def test_what_it_cannot_read_the_client_reads(store: S3, proxy: Proxy):
    proxy.inject(answer(503, "SlowDown"), answer(500), on=f"GET /{store._bucket.name}/app/k")
    assert read_all(store)
    assert not proxy.calm()


def test_a_missing_key_is_left_out_and_a_refused_one_is_not(store: S3, proxy: Proxy):
    assert list(store.get_many(["missing", "k001"])) == [("k001", b"k001")]
    proxy.always = answer(403, "AccessDenied")
    with pytest.raises(PermissionDenied):
        list(store.get_many(["k001"]))


def test_a_fork_does_without_its_parents_threads(store: S3, proxy: Proxy):
    assert read_all(store)
    proxy.agents.clear()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(read_all, (store,))
    assert proxy.agents[RUST] == 0
    assert read_all(store)
    assert proxy.agents[RUST] == len(KEYS)


def test_a_transport_that_is_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)
    monkeypatch.delitem(__import__("sys").modules, "holdall.adapters.s3.rust", raising=False)
    with pytest.raises(MissingExtra, match="rust"):
        S3("acme", transport="rust")
    S3("acme", transport="auto")
