"""Values above the threshold go in parts, which become the object together or are thrown away."""

from collections.abc import Iterator

import pytest

from holdall import Conflict, Corrupt, PermissionDenied
from holdall.adapters.s3 import S3
from holdall.adapters.s3.multipart import THRESHOLD
from holdall.store import ABSENT
from tests.faults.proxy import Proxy, answer, drop, nothing
from tests.servers.s3 import Server

LARGE = bytes(range(256)) * (THRESHOLD // 256) + b"more"
OTHER = LARGE[::-1]


@pytest.fixture
def proxy(seaweed: Server) -> Iterator[Proxy]:
    with Proxy(seaweed.endpoint) as proxy:
        yield proxy


@pytest.fixture
def store(proxy: Proxy) -> Iterator[S3]:
    with Server(proxy.endpoint).store(timeout=60) as store:
        assert store.features
        store["small"] = b"1"
        yield store


def uploads(store: S3) -> list[object]:
    """Parts that wait to become an object."""
    listed = store.client.list_multipart_uploads(Bucket=store._bucket.name)
    return listed.get("Uploads", [])


def test_a_large_value_goes_in_parts(store: S3, proxy: Proxy):
    proxy.counts.clear()
    store["large"] = LARGE
    assert proxy.counts == {"POST": 2, "PUT": 3}
    assert store["large"] == LARGE
    store["large"] = b"small"
    assert store["large"] == b"small"
    assert uploads(store) == []


def test_a_large_swap_is_conditional(store: S3):
    tag = store.swap("large", LARGE, ABSENT)
    with pytest.raises(Conflict):
        store.swap("large", OTHER, ABSENT)
    newer = store.swap("large", OTHER, tag)
    with pytest.raises(Conflict):
        store.swap("large", LARGE, tag)
    assert store.get_tagged("large") == (OTHER, newer)
    assert uploads(store) == []


def test_a_large_swap_where_only_whole_writes_are_conditional(moto_server: Server):
    """moto ignores If-Match at the end of an upload in parts."""
    with moto_server.store() as store:
        tag = store.swap("large", LARGE, ABSENT)
        with pytest.raises(Conflict):
            store.swap("large", OTHER, ABSENT)
        newer = store.swap("large", OTHER, tag)
        with pytest.raises(Conflict):
            store.swap("large", LARGE, tag)
        assert store.get_tagged("large") == (OTHER, newer)
        assert list(store.raw().scan()) == ["large"]


def test_parts_that_fail_are_thrown_away(store: S3, proxy: Proxy):
    proxy.inject(answer(403, "AccessDenied"), on=f"PUT /{store._bucket.name}/large?partNumber=2")
    with pytest.raises(PermissionDenied):
        store["large"] = LARGE
    assert "large" not in store
    assert uploads(store) == []


@pytest.mark.parametrize("step", ["POST /{}/large?uploads", "PUT /{}/large?partNumber=2"])
def test_nonsense_is_no_missing_key(store: S3, proxy: Proxy, step: str):
    proxy.inject(answer(200, body=b"<html>Log in to this network</html>"), on=step.format(store._bucket.name))
    with pytest.raises(Corrupt, match="'large'"):
        store["large"] = LARGE
    assert not proxy.calm()


def test_what_fails_is_told_also_where_the_parts_cannot_be_thrown_away(store: S3, proxy: Proxy):
    proxy.inject(answer(403, "AccessDenied"), on=f"PUT /{store._bucket.name}/large?partNumber=2")
    proxy.inject(answer(404, "NoSuchKey"), on="DELETE")
    with pytest.raises(PermissionDenied):
        store["large"] = LARGE
    assert not proxy.calm()


def test_the_end_of_an_upload_knows_itself_again(store: S3, proxy: Proxy, seaweed: Server):
    end = f"POST /{store._bucket.name}/large?uploadId"
    with S3(store._bucket.name, endpoint_url=proxy.endpoint, timeout=60, retries=1) as hasty:
        assert hasty._writes._parts_are_conditional
        proxy.inject(drop, drop, on=end)
        hasty["large"] = LARGE
        tag = hasty.get_tagged("large").tag
        proxy.inject(drop, drop, on=end)
        newer = hasty.swap("large", OTHER, tag)
        assert hasty.get_tagged("large") == (OTHER, newer)
    assert not proxy.calm()


def test_an_upload_whose_end_fails_in_a_good_answer_is_ended_again(store: S3, proxy: Proxy):
    proxy.inject(answer(200, "InternalError"), on=f"POST /{store._bucket.name}/large?uploadId")
    store["large"] = LARGE
    assert store["large"] == LARGE
    assert not proxy.calm()


def test_a_lost_answer_does_not_belie_conditions_on_the_end(store: S3, proxy: Proxy):
    bucket = f"POST /{store._bucket.name}"
    with S3(store._bucket.name, endpoint_url=proxy.endpoint, timeout=60, retries=1) as hasty:
        proxy.inject(nothing, nothing, nothing, drop, on=bucket)  # two uploads, each begun and ended
        assert hasty._writes._parts_are_conditional
    assert not proxy.calm()
