"""SlateDB in buckets: the whole suite, and what the object store refuses."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

import holdall
from holdall.errors import Fenced, PermissionDenied, StoreNotFound, Unavailable
from holdall.store import Store
from holdall.testing import StoreTests
from tests.examples import few, share
from tests.servers.s3 import SECRET, Server

pytest.importorskip("slatedb", reason="slatedb has no wheel for this machine")

from holdall.adapters.slatedb import SlateDB

pytestmark = pytest.mark.servers
SERVERS = ["moto_server", "seaweed"]


@pytest.fixture(scope="class")
def bucket(server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a bucket that the environment leads to; fewer examples, for each opens a database."""
    running: Server = request.getfixturevalue(server)
    with few(share(25)), pytest.MonkeyPatch.context() as patch, running.store() as store:
        store["there"] = b""
        patch.setenv("AWS_ENDPOINT_URL", str(running.endpoint))
        patch.setenv("AWS_ALLOW_HTTP", "true")
        yield store._made_with[0][0]


@pytest.mark.parametrize("server", SERVERS, scope="class")
class TestSlateDBInBuckets(StoreTests[bytes]):
    many = 250
    points = 4
    secrets = (SECRET,)

    @pytest.fixture
    def open_store(self, bucket: str) -> Callable[[], Store[bytes]]:
        return lambda: SlateDB(f"s3://{bucket}/{uuid4().hex}", flush_interval=0.001)

    def test_who_was_fenced_is_told(self, bucket: str) -> None:
        address = f"slatedb+s3://{bucket}/{uuid4().hex}"
        with holdall.open(address) as one, holdall.open(address) as other:
            one["a"] = b"1"
            other["a"] = b"2"
            with pytest.raises(Fenced):
                one["a"] = b"3"
            assert other["a"] == b"2"

    def test_no_such_bucket(self, bucket: str) -> None:
        with (
            SlateDB("s3://no-such-bucket/books") as store,
            pytest.raises(StoreNotFound, match="has no bucket; create it"),
        ):
            store.get("a")


@pytest.mark.parametrize("server", ["seaweed"], scope="class")
@pytest.mark.usefixtures("bucket")
class TestRefusals:
    def test_wrong_credentials_are_denied_and_not_shown(
        self, monkeypatch: pytest.MonkeyPatch, bucket: str
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
        with SlateDB(f"s3://{bucket}/books") as store, pytest.raises(PermissionDenied) as refusal:
            store.get("a")
        assert "hunter2" not in str(refusal.value)

    def test_a_server_that_is_away_is_unavailable(self, monkeypatch: pytest.MonkeyPatch, bucket: str) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        with SlateDB(f"s3://{bucket}/books", timeout=1) as store, pytest.raises(Unavailable):
            store.get("a")
