"""The whole suite over every S3 server, and most of it over moto in this process.

If a server cannot do something, it is listed here with the reason.
"""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from holdall.adapters.s3 import S3
from holdall.store import Store
from holdall.testing import StoreTests
from holdall.testing.suite.bulk import BulkTests
from holdall.testing.suite.case import StoreCase
from holdall.testing.suite.contents import ContentTests
from holdall.testing.suite.foreign import ForeignTests
from holdall.testing.suite.keys import KeyTests
from holdall.testing.suite.lifetime import LifetimeTests
from holdall.testing.suite.mapping import MappingTests
from holdall.testing.suite.parts import PartTests
from holdall.testing.suite.processes import ProcessTests
from holdall.testing.suite.reserved import ReservedTests
from holdall.testing.suite.scans import ScanTests
from holdall.testing.suite.streams import StreamTests
from holdall.testing.suite.swaps import SwapTests
from holdall.testing.suite.tags import TagTests
from holdall.testing.suite.transactions import TransactionTests
from tests.conformance.layered import FewFeedTests
from tests.conformance.planting import told
from tests.examples import few
from tests.servers.s3 import SECRET, Mocked, Server

SERVERS = ["moto_server", "seaweed", "rclone", "localstack"]
FOREIGN = {
    "it refuses names that are not paths, such as a//b": (
        "test_a_deleted_foreign_name_raises_key_error",
        "test_clear_leaves_foreign_names",
        "test_foreign_names_are_listed_and_read",
        "test_foreign_names_are_not_keys",
        "test_foreign_names_have_no_tags",
    )
}
CANNOT = {
    "rclone": FOREIGN
    | {
        # It serves a file system. What matters here is that it offers no SWAP, and is refused it.
        "a name cannot be an object and a folder": (
            "test_a_key_outside_the_grammar_raises_invalid_key",
            "test_a_prefix_may_end_within_a_segment",
            "test_a_scan_yields_plain_str",
            "test_a_store_and_a_dict_stay_equal",
            "test_any_bounds",
            "test_any_valid_key",
            "test_bounds_are_whole_keys_and_combine",
            "test_clear",
            "test_clear_leaves_reserved_keys",
            "test_delete",
            "test_delete_many_deletes_the_existing_keys",
            "test_delete_prefix_deletes_many_keys",
            "test_delete_prefix_deletes_what_a_scan_yields",
            "test_delete_prefix_leaves_reserved_keys",
            "test_deleting_a_key_deletes_no_other",
            "test_valid_keys_do_not_collide",
            "test_order_is_by_code_point",
            "test_raw_shows_all_in_order",
            "test_reserved_keys_are_not_shown",
            "test_scan_tags_equals_get_tagged",
            "test_start_is_inclusive_and_stop_exclusive",
            "test_views_show_the_store_as_it_is",
        ),
        "it cuts off who reads what is overwritten": ("test_a_reader_sees_whole_values",),
        "it refuses deletes, as an internal error, while others write": ("test_scans_run_beside_writes",),
    },
    "localstack": {
        "it was seen not to answer for 20 s while many write": ("test_scans_run_beside_writes",),
    },
    "seaweed": FOREIGN
    | {
        "a folder's name may have 255 bytes": (
            "test_a_reserved_key_may_be_longer",
            "test_deleting_a_key_deletes_no_other",
            "test_valid_keys_do_not_collide",
        ),
        "an object is not created where a folder of its name is": ("test_a_store_and_a_dict_stay_equal",),
    },
}


@pytest.fixture(scope="module", autouse=True)
def few_examples() -> Iterator[None]:
    """Few examples, and none made smaller where it fails: each is many requests."""
    with few(6, shrinks=False):
        yield


@pytest.fixture(autouse=True)
def declared(server: str, request: pytest.FixtureRequest) -> None:
    for reason, names in CANNOT.get(server, {}).items():
        if request.node.originalname in names:
            request.applymarker(pytest.mark.xfail(reason=reason, run=False))


class S3Case(StoreCase[bytes]):
    """How the tests open a store on ``server``."""

    names = {"Mocked": Mocked, "S3": S3}
    secrets = (SECRET,)
    many, points = 40, 8
    streamed = 9 << 20  # a part has 8 MiB

    transport = "boto3"

    @pytest.fixture
    def open_store(self, server: str, request: pytest.FixtureRequest) -> Callable[[], S3]:
        running: Server = request.getfixturevalue(server)
        return partial(running.view, transport=self.transport)

    def plant(self, store: Store[bytes]) -> dict[str, bytes]:
        assert isinstance(store, S3)
        planted = told([b"a//b", b"b/", b"C:\\path", b"a/../b", b"x" * 490])
        for name, value in planted.items():
            store.client.put_object(Bucket=store._bucket.name, Key=store._bucket.root + name, Body=value)
        return planted


@pytest.mark.parametrize("server", SERVERS, scope="class")
class TestS3(S3Case, FewFeedTests[bytes], StoreTests[bytes]):
    pass


@pytest.mark.parametrize("server", ["seaweed"], scope="class")
@pytest.mark.usefixtures("unmocked")
class TestS3ByRust(S3Case, StoreTests[bytes]):
    transport = "rust"


@pytest.mark.parametrize("server", ["moto_server"], scope="class")
@pytest.mark.usefixtures("unmocked")
class TestS3ByRustWithForeignNames(
    S3Case, ForeignTests[bytes], PartTests[bytes], TagTests[bytes], SwapTests[bytes]
):
    """The tests that SeaweedFS cannot pass, and those of conditions again."""

    transport = "rust"


@pytest.mark.parametrize("server", ["moto"], scope="class")
class TestS3InProcess(
    S3Case,
    MappingTests[bytes],
    KeyTests[bytes],
    ContentTests[bytes],
    PartTests[bytes],
    StreamTests[bytes],
    ScanTests[bytes],
    BulkTests[bytes],
    ReservedTests[bytes],
    ForeignTests[bytes],
    TagTests[bytes],
    SwapTests[bytes],
    TransactionTests[bytes],
    FewFeedTests[bytes],
    ProcessTests[bytes],
    LifetimeTests[bytes],
):
    """What `make test` runs: all but the tests of races, threads and random operations, which moto makes slow."""

    stride = 11

    @pytest.fixture(autouse=True)
    def fewer_examples(self) -> Iterator[None]:
        with few(3, shrinks=False):
            yield
