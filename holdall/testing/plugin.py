"""A pytest plugin: stores for the tests of an app. It is loaded by itself where holdall is installed.

    memory_store    a dict
    s3_store        a bucket of its own: moto in this process, or with --holdall-server its server, or what
                    AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL points at, such as LocalStack
    gcs_store       a bucket of its own: what STORAGE_EMULATOR_HOST points at, or fake-gcs-server
    holdall_store   a part of the store at each --holdall-uri (default memory://), emptied after the test

Each is a Store of bytes, empty when the test begins. What a fixture needs and does not find is a skip
that says how to install it. The plugin imports nothing until a fixture is asked for.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from holdall.store import Store


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose stores."""
    group = parser.getgroup("holdall")
    group.addoption(
        "--holdall-uri",
        action="append",
        default=[],
        metavar="URI",
        help="Run each test that uses `holdall_store` on the store at this address; repeat it for several.",
    )
    group.addoption(
        "--holdall-server",
        action="store_true",
        help="Give `s3_store` a server on loopback, which other processes see, in place of a mock.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses `holdall_store` once for each address."""
    if "holdall_store" in metafunc.fixturenames:
        addresses = metafunc.config.getoption("--holdall-uri") or ["memory://"]
        metafunc.parametrize("holdall_store", addresses, indirect=True)


@pytest.fixture
def memory_store() -> "Iterator[Store[bytes]]":
    """A new store in memory."""
    from holdall import Memory

    with Memory(f"test-{uuid4().hex}") as store:
        yield store


@pytest.fixture
def holdall_store(request: pytest.FixtureRequest) -> "Iterator[Store[bytes]]":
    """A part, for this test alone, of the store at each address of ``--holdall-uri``."""
    from holdall import Prefix
    from holdall import open as open_store

    with open_store(request.param) as whole:
        part = Prefix(whole, f"test-{uuid4().hex}")
        try:
            yield part
        finally:
            part.clear()


@pytest.fixture(scope="session")
def holdall_s3(pytestconfig: pytest.Config) -> Iterator[str | None]:
    """Where `s3_store` finds S3: the address of an endpoint, or None for Amazon's, mocked."""
    from holdall.testing import emulators

    if endpoint := os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
        yield endpoint
    elif pytestconfig.getoption("--holdall-server"):
        with emulators.s3_server() as endpoint:
            yield endpoint
    else:
        with emulators.s3_in_process():
            yield None


@pytest.fixture
def s3_store(holdall_s3: str | None) -> "Iterator[Store[bytes]]":
    """A bucket of S3 for this test alone."""
    from holdall.testing import emulators

    with emulators.s3_bucket(holdall_s3) as bucket:
        yield bucket


@pytest.fixture(scope="session")
def holdall_gcs() -> Iterator[str]:
    """Where `gcs_store` finds Google Cloud Storage: the address of an emulator."""
    from holdall.testing import emulators

    if host := os.environ.get("STORAGE_EMULATOR_HOST"):
        yield host
    else:
        with emulators.gcs_server() as host:
            yield host


@pytest.fixture
def gcs_store(holdall_gcs: str) -> "Iterator[Store[bytes]]":
    """A bucket of Google Cloud Storage for this test alone."""
    from holdall.testing import emulators

    with emulators.gcs_bucket(holdall_gcs) as bucket:
        yield bucket
