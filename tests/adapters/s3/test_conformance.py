"""The whole suite over every S3 server. What one of them cannot do is said here, with the reason."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from holdall.adapters.s3 import S3
from holdall.testing import StoreTests
from tests.servers.s3 import SECRET, Mocked, Server

SERVERS = ["moto", "moto_server", "seaweed", "rclone", "localstack"]
CANNOT = {
    "seaweed": {
        "a folder's name may have 255 bytes": (
            "test_a_reserved_key_may_be_longer",
            "test_every_good_key_is_kept_apart_from_every_other",
            "test_deleting_a_key_deletes_no_other",
        ),
    },
}


@pytest.fixture(scope="module", autouse=True)
def few_examples() -> Iterator[None]:
    """A tenth of the examples: each is many requests, and nothing here depends on what is in a key."""
    profile = settings.get_current_profile_name()
    settings.register_profile("remote", max_examples=max(1, settings().max_examples // 10))
    settings.load_profile("remote")
    yield
    settings.load_profile(profile)


@pytest.fixture(autouse=True)
def declared(server: str, request: pytest.FixtureRequest) -> None:
    for reason, names in CANNOT.get(server, {}).items():
        if request.node.originalname in names:
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.mark.parametrize("server", SERVERS, scope="class")
class TestS3(StoreTests[bytes]):
    names = {"Mocked": Mocked, "S3": S3}
    secrets = (SECRET,)
    points = 8

    @pytest.fixture
    def open_store(self, server: str, request: pytest.FixtureRequest) -> Callable[[], S3]:
        running: Server = request.getfixturevalue(server)
        return running.view
