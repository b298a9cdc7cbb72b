"""Where a store is: addresses, endpoints, credentials, prefixes, and what is said of those that cannot be."""

import pickle
import socket
from urllib.parse import urlsplit

import pytest

import holdall
from holdall import Conflict, InvalidAddress, PermissionDenied, StoreNotFound, TooLarge, Unsupported
from holdall.adapters.s3 import S3
from holdall.adapters.s3.multipart import THRESHOLD
from holdall.store import ABSENT, Feature, Tag
from tests.faults.proxy import Answer, Exchange, Proxy, answer, nothing
from tests.servers.s3 import KEY, SECRET, Server


def test_an_address_is_the_constructor_in_other_words():
    store = holdall.open(
        "s3://acme/books/2026?region=eu-west-1&timeout=5&retries=1&addressing=path&create=yes",
        transport="boto3",
    )
    assert repr(store) == (
        "S3('acme', 'books/2026', region='eu-west-1', timeout=5.0, retries=1, addressing='path', "
        "create=True, transport='boto3')"
    )


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://AKIA:secret@acme/books", "profile"),
        ("s3:///books", "s3://bucket/prefix"),
        ("s3://acme:9000/books", "s3://bucket/prefix"),
        ("s3:acme", "s3://bucket/prefix"),
        ("s3://acme?regoin=x", "did you mean 'region'"),
        ("s3://acme?transport=carrier-pigeon", "rust"),
        ("s3://acme/a//b", "segment"),
        ("s3://acme//a", "segment"),
        ("s3://acme/.holdall", "reserved"),
        ("s3://acme?endpoint_url=localhost:9000", "http://"),
        ("s3://acme?endpoint_url=http://AKIA:secret@localhost", "credentials"),
        ("s3://acme?timeout=0", "timeout"),
        ("s3://acme?timeout=inf", "timeout"),
        ("s3://acme?retries=-1", "retries"),
        ("s3://acme--use1-az4--x-s3", "directory bucket"),
        ("s3://acme?anon=perhaps", "anon"),
        ("s3://acme?content_type=text/plain%0aX-Evil:1", "content_type"),
        ("s3://acme?cache_control=", "cache_control"),
    ],
)
def test_an_address_that_cannot_be_is_refused_with_a_remedy(address: str, said: str):
    with pytest.raises(InvalidAddress, match=said) as refused:
        holdall.open(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "options", "endpoint"),
    [
        ({}, {}, "https://s3.amazonaws.com"),
        ({}, {"region": "eu-west-1"}, "https://s3.eu-west-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://all"}, {}, "http://all"),
        ({"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": "http://s3"}, {}, "http://s3"),
        ({"AWS_ENDPOINT_URL_S3": "http://s3"}, {"endpoint_url": "http://mine"}, "http://mine"),
    ],
)
def test_where_the_endpoint_comes_from(credentials, monkeypatch, environment, options, endpoint):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with S3("acme", **options) as store:
        assert store.client.meta.endpoint_url == endpoint


def test_checksums_are_those_that_others_bear(credentials):
    with S3("acme") as amazon, S3("acme", endpoint_url="http://127.0.0.1:9") as other:
        assert amazon.client.meta.config.request_checksum_calculation == "when_supported"
        assert other.client.meta.config.request_checksum_calculation == "when_required"
        assert other.client.meta.config.response_checksum_validation == "when_required"


def test_a_prefix_is_a_boundary(moto: Server):
    with moto.store() as bucket:
        bucket.update({"invoices/1": b"", "invoices2/1": b"", "invoices": b"", "invoices-1": b""})
        with S3(bucket._bucket.name, "invoices") as invoices:
            assert list(invoices) == ["1"]
            invoices.clear()
        assert list(bucket) == ["invoices", "invoices-1", "invoices2/1"]


@pytest.mark.parametrize("start", ["", "a/", "a0"])
def test_a_server_that_lists_by_folder_is_told_by_its_first_page(seaweed: Server, start: str):
    with seaweed.store() as bucket:
        bucket.update(dict.fromkeys(["a/b", "a-/b", "a", "b"], b""))
        with S3(bucket._bucket.name, endpoint_url=seaweed.endpoint) as fresh:
            assert list(fresh.scan(start=start)) == [key for key in ["a", "a-/b", "a/b", "b"] if key >= start]


def test_objects_that_are_no_keys_are_passed_over(moto: Server):
    with moto.store(prefix="app") as store:
        names = ["app", "app/", "app//a", "app/a/", "app/a//b", "app/../x", "app/a\\b", f"app/{'x' * 500}"]
        for name in names:
            store.client.put_object(Bucket=store._bucket.name, Key=name, Body=b"foreign")
        assert not store
        store["a"] = b"1"
        assert dict(store.items()) == {"a": b"1"}
        store.clear()
        listed = store.client.list_objects_v2(Bucket=store._bucket.name)["Contents"]
        assert [each["Key"] for each in listed] == sorted(names)


def test_a_bucket_is_created_only_where_that_is_asked(moto: Server):
    with S3("not-there") as missing:
        for use in (
            lambda: missing["a"],
            lambda: "a" in missing,
            lambda: missing.__setitem__("a", b""),
            lambda: missing.discard("a"),
            lambda: list(missing),
            lambda: missing.delete_many(["a"]),
            lambda: missing.swap("a", b"", ABSENT),
        ):
            with pytest.raises(StoreNotFound, match="create=true"):
                use()
    for _ in range(2):
        with S3("not-there", region="eu-west-1", create=True) as made:
            made["a"] = b"1"
    where = made.client.get_bucket_location(Bucket="not-there")
    assert where["LocationConstraint"] == "eu-west-1"


def test_wrong_credentials_are_refused_and_shown_nowhere(seaweed: Server, monkeypatch):
    bucket = seaweed.store()
    bucket["a"] = b"1"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    with S3(bucket._bucket.name, endpoint_url=seaweed.endpoint) as store:
        with pytest.raises(PermissionDenied, match="secret key is wrong") as refused:
            store["a"]
        with pytest.raises(PermissionDenied):
            list(store)
        shown = f"{refused.value} {store!r} {pickle.dumps(store)!r} {vars(refused.value)}"
    assert not any(secret in shown for secret in ("not-the-secret", SECRET, KEY))


def test_no_credentials_at_all(credentials, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with S3("acme") as store:
        for read in (lambda: store["a"], lambda: list(store.get_many(["a"]))):
            with pytest.raises(PermissionDenied, match="profile"):
                read()


def test_a_profile_that_is_not_there(credentials):
    with S3("acme", profile="nobody") as store, pytest.raises(InvalidAddress, match="nobody"):
        store["a"]


@pytest.mark.parametrize(
    ("status", "code", "error", "said"),
    [
        (400, "ExpiredToken", PermissionDenied, "log in again"),
        (403, "RequestTimeTooSkewed", PermissionDenied, "clock"),
        (403, "AccessDenied", PermissionDenied, "s3:ListBucket"),
        (403, "InvalidObjectState", PermissionDenied, "restore"),
        (400, "AuthorizationHeaderMalformed", InvalidAddress, "region"),
        (400, "KeyTooLongError", TooLarge, "KeyTooLong"),
        (507, "InsufficientStorage", holdall.StoreFull, "InsufficientStorage"),
        (501, "NotImplemented", Unsupported, "NotImplemented"),
        (418, "IAmATeapot", holdall.HoldallError, "IAmATeapot"),
    ],
)
def test_what_the_server_says_comes_with_a_remedy(
    moto_server: Server, status: int, code: str, error: type[Exception], said: str
):
    with (
        Proxy(moto_server.endpoint) as proxy,
        S3("acme", endpoint_url=proxy.endpoint, retries=0) as store,
    ):
        proxy.always = answer(status, code)
        with pytest.raises(error, match=said) as raised:
            store["a"]
        assert raised.type is error


def test_a_bucket_of_another_region(moto_server: Server):
    elsewhere = Answer(301, [("x-amz-bucket-region", "eu-west-1")], b"")
    with (
        Proxy(moto_server.endpoint) as proxy,
        S3("acme", endpoint_url=proxy.endpoint, retries=0) as store,
    ):
        proxy.always = lambda exchange: exchange.reply(elsewhere)
        with pytest.raises(InvalidAddress, match=r"\?region=eu-west-1"):
            store["a"]


def test_a_server_that_ignores_conditions_offers_no_swap(rclone: Server):
    with rclone.store() as store:
        assert not store.features & (Feature.SWAP | Feature.REMOVE)
        with pytest.raises(Unsupported, match="every writer would win"):
            store.swap("a", b"1", ABSENT)
        assert list(store) == []


def bare_etags_alone(exchange: Exchange) -> None:
    """As Ceph 16.2: If-Match on a PUT is compared with the ETag without its quotes, and not seen on a DELETE."""
    given = exchange.headers.get("If-Match")
    del exchange.headers["If-Match"]
    if given and exchange.command == "PUT":
        if given.startswith('"'):
            answer(412, "PreconditionFailed")(exchange)
            return
        exchange.headers["If-Match"] = f'"{given}"'
    nothing(exchange)


def test_a_server_that_compares_bare_etags_is_sent_bare_ones(moto_server: Server):
    with Proxy(moto_server.endpoint) as proxy:
        proxy.always = bare_etags_alone
        for store in Server(proxy.endpoint).store(bucket="ceph"), Server(proxy.endpoint).store(bucket="ceph"):
            with store:
                assert store.features & (Feature.SWAP | Feature.REMOVE) == Feature.SWAP
                tag = store.swap("a", b"1", ABSENT)
                newer = store.swap("a", b"2", tag)
                with pytest.raises(Conflict):
                    store.swap("a", b"3", tag)
                assert store.get_tagged("a") == (b"2", newer)
                with pytest.raises(Unsupported, match="ignores conditions on deletes"):
                    store.remove("a", newer)
                del store["a"]


def test_a_server_that_never_knows_its_tags_again_is_sent_quoted_ones(moto_server: Server):
    def refuse(exchange: Exchange) -> None:
        (answer(412, "PreconditionFailed") if "If-Match" in exchange.headers else nothing)(exchange)

    with Proxy(moto_server.endpoint) as proxy:
        proxy.always = refuse
        with Server(proxy.endpoint).store() as store:
            with pytest.raises(Unsupported, match="refuses a write that expects the current tag"):
                store.swap("a", b"1", ABSENT)
            assert store._bucket.condition("a", Tag("t")) == {"IfMatch": '"t"'}


@pytest.mark.parametrize("transport", ["boto3", "rust"])
def test_a_public_bucket_is_read_without_credentials(moto_server: Server, monkeypatch, transport):
    seen = []

    def watch(exchange: Exchange) -> None:
        seen.append(exchange.headers.get("Authorization"))
        nothing(exchange)

    with moto_server.store() as owner, Proxy(moto_server.endpoint) as proxy:
        owner["a"] = b"1"
        bucket = owner._bucket.name
        owner.client.put_bucket_acl(Bucket=bucket, ACL="public-read")
        owner.client.put_object_acl(Bucket=bucket, Key="a", ACL="public-read")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        proxy.always = watch
        address = f"s3://{bucket}?anon=1&endpoint_url={proxy.endpoint}&transport={transport}"
        with holdall.open(address) as store:
            assert (store["a"], dict(store.scan_items()), "b" in store) == (b"1", {"a": b"1"}, False)
    assert seen
    assert set(seen) == {None}


@pytest.mark.parametrize("value", [b"small", bytes(THRESHOLD + 1)], ids=["small", "large"])
def test_what_is_written_is_served_with_the_headers_of_the_address(moto: Server, value):
    with moto.store(content_type="application/json; charset=utf-8", cache_control="max-age=60") as store:
        store["a"] = value
        answered = store.client.head_object(Bucket=store._bucket.name, Key="a")
        store.swap("b", b"1", ABSENT)
        swapped = store.client.head_object(Bucket=store._bucket.name, Key="b")
    for found in answered, swapped:
        assert found["ContentType"] == "application/json; charset=utf-8"
        assert found["CacheControl"] == "max-age=60"


@pytest.mark.parametrize("prefix", ["a//", "/", "../", "a\\b", "a\n", ".holdall/", "x" * 1025])
def test_a_prefix_that_no_key_can_begin_with_is_not_sent(credentials, prefix):
    with S3("acme", endpoint_url="http://127.0.0.1:9", retries=0) as store:
        for scan in store.scan, store.scan_items, store.scan_tags:
            assert list(scan(prefix)) == []


def test_a_write_that_breaks_off_before_its_body_changes_nothing(seaweed: Server):
    """SeaweedFS takes a body that never comes for an empty one, unless its digest was announced."""
    seen = {}
    with seaweed.store() as store:
        store["a"] = b"old"
        store.client.meta.events.register_last(
            "before-send.s3.PutObject", lambda request, **event: seen.update(request=request)
        )
        store["a"] = b"old"
        request, url = seen["request"], urlsplit(seen["request"].url)
        with socket.create_connection((url.hostname, url.port)) as connection:
            head = "".join(
                f"{name}: {_text(value)}\r\n" for name, value in request.headers.items() if name != "Expect"
            )
            connection.sendall(f"PUT {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n{head}\r\n".encode())
            connection.shutdown(socket.SHUT_WR)
            assert b" 200 " not in connection.recv(100)
        assert store["a"] == b"old"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def test_a_reader_cannot_try_out_conditions(moto_server: Server):
    with (
        moto_server.store() as owner,
        Proxy(moto_server.endpoint) as proxy,
        S3(owner._bucket.name, endpoint_url=proxy.endpoint) as store,
    ):
        proxy.inject(answer(403, "AccessDenied"), on="PUT")
        assert not store.features & Feature.SWAP
        with pytest.raises(Unsupported, match="could not be tested"):
            store.swap("a", b"1", ABSENT)
