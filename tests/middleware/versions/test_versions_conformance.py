"""The whole suite over stores that keep versions, on whatever lies below.

`make test` runs what differs most, `make soak` all of it, and `make test-servers` what needs a server.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from holdall import File, Json, Memory, SQLite, Validate, Versions
from holdall.adapters.gcs import GCS
from holdall.adapters.s3 import S3
from holdall.store import Store
from holdall.testing import DOCUMENTS, StoreTests
from tests.conformance.layered import LayeredTests
from tests.conformance.test_conformance import AnyValue, folder
from tests.examples import few, share
from tests.middleware.versions.weaker import KINDS, Weaker
from tests.servers.s3 import SECRET, Mocked
from tests.soak import SOAK

LOWEST: dict[str, Callable[[pytest.FixtureRequest], Store[bytes]]] = {
    "memory": lambda request: Memory(uuid4().hex),
    "sqlite": lambda request: SQLite(folder(request) / "store.db", durability="os"),
    "file": lambda request: File(folder(request), durability="os"),
}
NAMES = {
    kind.__name__: kind
    for kind in (AnyValue, File, GCS, Json, Mocked, S3, SQLite, Validate, Versions, Weaker)
}


def kept(store: Store[bytes]) -> Store[Any]:
    return Versions(Validate(Json(store), AnyValue()))


class TestVersions(StoreTests[bytes]):
    many = 250
    names = NAMES

    @pytest.fixture(params=KINDS if SOAK else ["ATOMIC-UNIQUE_TAGS-REMOVE"])
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        return lambda: Versions(Weaker(uuid4().hex, request.param))


class TestVersionsOfDocuments(LayeredTests[Any]):
    values = DOCUMENTS
    names = NAMES

    @pytest.fixture(params=LOWEST if SOAK else ["sqlite"])
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        return lambda: kept(LOWEST[request.param](request))


# On SeaweedFS whatever happens to try `a` where `a/b` is fails, for the reason below: a soak is read, not required.
SERVERS = [*(["moto", "seaweed"] if SOAK else []), "fake_gcs"]
CANNOT = {
    "seaweed": {
        "a folder's name may have 255 bytes": (
            "test_a_reserved_key_may_be_longer",
            "test_deleting_a_key_deletes_no_other",
            "test_valid_keys_do_not_collide",
        ),
        "an object is not created where a folder of its name is": (
            "test_a_store_and_a_dict_stay_equal",
            "test_clear_leaves_reserved_keys",
            "test_order_is_by_code_point",
            "test_popitem_leaves_reserved_keys",
            "test_popitem_takes_the_first",
            "test_raw_shows_all_in_order",
            "test_reserved_keys_are_not_shown",
        ),
    },
}


class OnServers(StoreTests[Any]):
    """The suite for versions on servers."""

    many = 250
    values = DOCUMENTS
    names = NAMES
    secrets = (SECRET,)
    points = 4

    @pytest.fixture(autouse=True)
    def few_examples(self) -> Iterator[None]:
        """Few examples: each is many requests, and nothing here depends on what is in a key."""
        with few(share(25)):
            yield


@pytest.mark.parametrize("server", SERVERS, scope="class")
class TestVersionsOnServers(OnServers):
    @pytest.fixture(autouse=True)
    def declared(self, server: str, request: pytest.FixtureRequest) -> None:
        for reason, names in CANNOT.get(server, {}).items():
            if request.node.originalname in names:
                request.applymarker(pytest.mark.xfail(reason=reason, run=False))

    @pytest.fixture
    def open_store(self, server: str, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        running = request.getfixturevalue(server)
        if server == "fake_gcs":  # for each listing, it looks at every object of the bucket
            self.many = 40
        return lambda: kept(running.view())
