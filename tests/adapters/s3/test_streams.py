"""Values as files in a bucket: in bounded memory, and by a known number of requests."""

from typing import Any

import pytest

from holdall import Conflict
from holdall.adapters.s3 import S3
from holdall.store import ABSENT
from tests.adapters.s3.test_requests import costs
from tests.adapters.streaming import ROOM, SIZE, copy
from tests.servers.s3 import Server

PART = 8 << 20


@pytest.mark.servers
@pytest.mark.timeout(1500)
def test_a_value_of_any_size_takes_little_memory(seaweed: Server) -> None:
    assert copy(f"s3://large/here?create=1&endpoint_url={seaweed.endpoint}", SIZE) < ROOM


def write(store: S3, size: int, *, discard: bool = False, **options: Any) -> None:
    file = store.open("key", "wb", **options)
    file.write(bytes(size))
    file.discard() if discard else file.close()


def test_how_many_requests_a_file_costs(moto: Server) -> None:
    with moto.store() as store:
        cost = costs(store)
        assert cost(lambda: write(store, 9)) == cost(lambda: write(store, PART)) == {"PutObject": 1}
        assert cost(lambda: write(store, 9, discard=True)) == {}
        begun = {"CreateMultipartUpload": 1, "UploadPart": 2}
        assert cost(lambda: write(store, PART + 1)) == begun | {"CompleteMultipartUpload": 1}
        assert cost(lambda: write(store, 2 * PART + 1, discard=True)) == begun | {"AbortMultipartUpload": 1}
        assert store.client.list_multipart_uploads(Bucket=store._bucket.name).get("Uploads", []) == []
        assert cost(lambda: store.open("key").close()) == {"HeadObject": 1}
        assert cost(lambda: store.open("key").read(10)) == {"HeadObject": 1, "GetObject": 1}
        assert cost(lambda: store.open("key").read()) == {"HeadObject": 1, "GetObject": 1}


@pytest.mark.servers
def test_a_value_in_parts_is_swapped_when_it_is_closed(seaweed: Server) -> None:
    with seaweed.store() as store:
        write(store, PART + 1, expected=ABSENT)
        tag = store.tag("key")
        store["key"] = b"other"
        for wrong in (ABSENT, tag):
            with pytest.raises(Conflict):
                write(store, PART + 1, expected=wrong)
            assert store["key"] == b"other"
        assert store.client.list_multipart_uploads(Bucket=store._bucket.name).get("Uploads", []) == []
        write(store, PART + 1, expected=store.tag("key"))
        assert store.size("key") == PART + 1
