"""Where a store is: addresses, endpoints, credentials, prefixes, and what is said of those that cannot be."""

import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials

import holdall
from holdall import (
    Conflict,
    HoldallError,
    InvalidAddress,
    PermissionDenied,
    StoreNotFound,
    TooLarge,
    Unsupported,
)
from holdall.adapters.gcs import GCS
from holdall.adapters.gcs.bucket import THRESHOLD
from holdall.adapters.gcs.client import Connection
from holdall.adapters.gcs.download import download
from holdall.store import ABSENT, Feature
from holdall.testing.keyspace import GOOD
from tests.faults.proxy import Exchange, Proxy, answer, nothing
from tests.servers.gcs import Server

NAMES = ("STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CONFIG")


@pytest.fixture(autouse=True)
def no_ambient_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


def test_an_address_is_the_constructor_in_other_words():
    store = holdall.open("gs://acme/books/2026?project=p&timeout=5&retries=1&create=yes")
    assert repr(store) == "GCS('acme', 'books/2026', project='p', timeout=5.0, retries=1, create=True)"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("gs://user:secret@acme/books", "gcloud auth"),
        ("gs:///books", "gs://bucket/prefix"),
        ("gs://acme:9000/books", "gs://bucket/prefix"),
        ("gs:acme", "gs://bucket/prefix"),
        ("gs://acme?projekt=x", "did you mean 'project'"),
        ("gs://acme/a//b", "segment"),
        ("gs://acme/.holdall", "reserved"),
        ("gs://acme?endpoint_url=localhost:9000", "http://"),
        ("gs://acme?endpoint_url=http://user:secret@localhost", "credentials"),
        ("gs://acme?timeout=0", "timeout"),
        ("gs://acme?timeout=inf", "timeout"),
        ("gs://acme?retries=-1", "retries"),
        ("gs://acme?anon=perhaps", "anon"),
        ("gs://acme?content_type=text/plain%0aX-Evil:1", "content_type"),
        ("gs://acme?cache_control=", "cache_control"),
    ],
)
def test_an_address_that_cannot_be_is_refused_with_a_remedy(address: str, said: str):
    with pytest.raises(InvalidAddress, match=said) as refused:
        holdall.open(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("emulator", "given", "endpoint"),
    [
        ("http://one:1", None, "http://one:1"),
        ("one:1", None, "http://one:1"),
        ("http://one:1", "http://two:2", "http://two:2"),
        (None, "http://two:2", "http://two:2"),
    ],
)
def test_an_emulator_is_sent_no_credentials(
    monkeypatch: pytest.MonkeyPatch, login: str, emulator: str | None, given: str | None, endpoint: str
):
    if emulator:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator)
    with GCS("acme", endpoint_url=given) as store:
        assert store.client.api_endpoint == endpoint
        assert isinstance(store.client._credentials, AnonymousCredentials)


@pytest.mark.parametrize("given", ["https://storage.googleapis.com", "https://two:2"])
def test_another_server_than_the_emulator_is_sent_the_ambient_credentials(
    monkeypatch: pytest.MonkeyPatch, login: str, given: str
):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://one:1")
    with GCS("acme", endpoint_url=given) as store:
        assert store.client.api_endpoint == given
        assert store.client._credentials.refresh_token == login


def test_a_public_bucket_is_read_without_credentials(login: str):
    with holdall.open("gs://acme?anon=1") as store:
        assert store._bucket.connection.is_google
        assert isinstance(store.client._credentials, AnonymousCredentials)


@pytest.mark.parametrize("value", [b"small", bytes(THRESHOLD + 1)], ids=["small", "large"])
def test_what_is_written_is_served_with_the_headers_of_the_address(fake_gcs: Server, value: bytes):
    with fake_gcs.store(content_type="application/json", cache_control="max-age=60") as store:
        store["a"] = value
        blob = store.client.bucket(store._bucket.name).get_blob("a")
    assert (blob.content_type, blob.cache_control) == ("application/json", "max-age=60")


def test_a_write_without_metadata_names_none(fake_gcs: Server):
    """Google's storage-testbench answers 500 to metadata that is null."""
    sent = []

    def watch(exchange: Exchange) -> None:
        sent.append(exchange.body)
        nothing(exchange)

    with Proxy(fake_gcs.endpoint) as proxy, Server(proxy.endpoint).store() as store:
        store["first"] = b"1"
        proxy.always = watch
        store["a"] = b"1"
        assert b'"metadata"' not in sent[0]
        store.swap("b", b"1", ABSENT)
        assert any(b'"metadata"' in body for body in sent)


@pytest.mark.parametrize("prefix", ["a//", "/", "../", "a\\b", "a\n", ".holdall/", "x" * 1025])
def test_a_prefix_that_no_key_can_begin_with_is_not_sent(prefix: str):
    with GCS("acme", endpoint_url="http://127.0.0.1:9", retries=0) as store:
        for scan in store.scan, store.scan_items, store.scan_tags:
            assert list(scan(prefix)) == []


def test_google_is_sent_the_ambient_credentials(login: str):
    with GCS("acme") as store:
        assert store.client.api_endpoint == "https://storage.googleapis.com"
        assert store._bucket.connection.is_google
        assert store.client._credentials.refresh_token == login
        assert login not in f"{store!r} {pickle.dumps(store)!r}"


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Application default credentials of a user; its secret."""
    secret = "not-for-show"
    user = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": secret}
    path = tmp_path / "adc.json"
    path.write_text(json.dumps(user | {"quota_project_id": "p"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", os.fspath(path))
    return secret


def test_no_credentials_at_all():
    with GCS("acme", timeout=1, retries=0) as store:
        for read in (lambda: store["a"], lambda: list(store.get_many(["a"])), lambda: list(store)):
            with pytest.raises(PermissionDenied, match="gcloud auth application-default login"):
                read()


def test_a_prefix_is_a_boundary(fake_gcs: Server):
    with fake_gcs.store() as bucket:
        bucket.update({"invoices/1": b"", "invoices2/1": b"", "invoices": b"", "invoices-1": b""})
        with GCS(bucket._bucket.name, "invoices", endpoint_url=fake_gcs.endpoint) as invoices:
            assert list(invoices) == ["1"]
            invoices.clear()
        assert list(bucket) == ["invoices", "invoices-1", "invoices2/1"]


def test_objects_that_are_no_keys_are_passed_over(fake_gcs: Server):
    with fake_gcs.store(prefix="app") as store:
        names = ["app", "app/", "app//a", "app/a/", "app/a//b", "app/a\\b", f"app/{'x' * 500}"]
        bucket = store.client.bucket(store._bucket.name)
        for name in names:
            bucket.blob(name).upload_from_string(b"foreign")
        assert not store
        store["a"] = b"1"
        assert dict(store.items()) == {"a": b"1"}
        store.clear()
        assert [blob.name for blob in store.client.list_blobs(bucket)] == sorted(names)


def test_a_bucket_is_created_only_where_that_is_asked(fake_gcs: Server):
    for use in (
        lambda store: store["a"],
        lambda store: "a" in store,
        lambda store: store.__setitem__("a", b""),
        lambda store: store.discard("a"),
        lambda store: store.__delitem__("a"),
        list,
        lambda store: store.delete_many(["a"]),
        lambda store: list(store.get_many(["a"])),
        lambda store: store.swap("a", b"", ABSENT),
    ):
        with (
            GCS("not-there", endpoint_url=fake_gcs.endpoint) as missing,
            pytest.raises(StoreNotFound, match="create=true"),
        ):
            use(missing)
    for _ in range(2):
        with GCS("not-there", endpoint_url=fake_gcs.endpoint, create=True) as made:
            made["a"] = b"1"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, PermissionDenied),
        (403, PermissionDenied),
        (413, TooLarge),
        (501, Unsupported),
        (418, HoldallError),
    ],
)
def test_what_the_server_says_is_named(fake_gcs: Server, status: int, error: type[Exception]):
    with Proxy(fake_gcs.endpoint) as proxy, GCS("acme", endpoint_url=proxy.endpoint, retries=0) as store:
        proxy.always = answer(status)
        with pytest.raises(error) as raised:
            store["a"]
        assert raised.type is error


def test_both_ways_of_downloading_say_the_same(fake_gcs: Server, monkeypatch: pytest.MonkeyPatch):
    """Google's and the emulators': the server of these tests knows both."""
    with fake_gcs.store(prefix="é") as store:
        store.swap("there", b"1", ABSENT)
        connection, bucket = store._bucket.connection, store._bucket.name
        store.set_many((key, key.encode()) for key in GOOD)
        found = [download(connection, bucket, f"é/{key}", "", 10) for key in (*GOOD, "there")]
        assert [value for _, value in found[:-1]] == [key.encode() for key in GOOD]
        assert found[-1][0].write_ids
        monkeypatch.setattr(Connection, "is_google", True)
        assert found == [download(connection, bucket, f"é/{key}", "", 10) for key in (*GOOD, "there")]


# ---- What the server honours -------------------------------------------------------------------


def test_a_server_that_ignores_conditions_on_deletes_offers_no_remove(fake_gcs: Server):
    with fake_gcs.store() as store:
        tag = store.swap("a", b"1", ABSENT)
        assert store.features & (Feature.SWAP | Feature.REMOVE) == Feature.SWAP
        with pytest.raises(Unsupported, match="ignores conditions on deletes"):
            store.remove("a", tag)
        assert dict(store) == {"a": b"1"}


def test_a_server_that_ignores_conditions_on_long_uploads_offers_no_swap_of_large_values(fake_gcs: Server):
    with fake_gcs.store() as store:
        with pytest.raises(Unsupported, match="conditions on larger uploads"):
            store.swap("a", bytes(9 * 2**20), ABSENT)
        assert list(store.raw()) == []


def test_where_deletes_are_conditional_they_are_sent_so(fake_gcs: Server, monkeypatch: pytest.MonkeyPatch):
    """Google's answers, as documented, to what the server of these tests does not do."""
    with Proxy(fake_gcs.endpoint) as proxy, Server(proxy.endpoint).store() as store:
        tag = store.swap("a", b"1", ABSENT)
        monkeypatch.setattr(Connection, "is_google", True)
        asked = []

        def refuse(exchange):
            asked.append(exchange.path)
            answer(412)(exchange)

        proxy.inject(refuse, on="DELETE")
        with pytest.raises(Conflict):
            store.remove("a", tag)
        assert f"ifGenerationMatch={tag}" in asked[0]
        proxy.inject(answer(404), on="DELETE")
        with pytest.raises(Conflict):
            store.remove("a", tag)


def test_a_reader_cannot_try_out_conditions(fake_gcs: Server):
    with (
        fake_gcs.store() as owner,
        Proxy(fake_gcs.endpoint) as proxy,
        GCS(owner._bucket.name, endpoint_url=proxy.endpoint) as store,
    ):
        owner["a"] = b"1"
        proxy.inject(answer(403), on="POST /upload/")
        assert not store.features & Feature.SWAP
        with pytest.raises(Unsupported, match="could not be tested"):
            store.swap("a", b"1", ABSENT)


def test_a_tag_never_comes_again(fake_gcs: Server):
    with fake_gcs.store() as store:
        tags = []
        for _ in range(20):
            store["a"] = b"the same"
            tags.append(store.get_tagged("a").tag)
            store.discard("a")
        assert len(set(tags)) == 20
