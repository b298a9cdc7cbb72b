"""A pytest plugin with stores for the tests of an app. If holdall is installed, pytest loads the plugin.

    memory_store    a dict
    s3_store        a new bucket: of moto in this process, with --holdall-server of moto's server, or of the
                    server at AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, such as LocalStack
    gcs_store       a new bucket: of the server at STORAGE_EMULATOR_HOST, or of fake-gcs-server
    holdall_store   a part of the store at each --holdall-uri (default memory://), emptied after the test

Each is a Store of bytes and is empty at the beginning of the test. If a fixture does not find a library or
program that it needs, the test is skipped with a message that says how to install it. The plugin imports
nothing until a test uses a fixture.
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
    """Yield a new store in memory."""
    from holdall import Memory

    with Memory(f"test-{uuid4().hex}") as store:
        yield store


@pytest.fixture
def holdall_store(request: pytest.FixtureRequest) -> "Iterator[Store[bytes]]":
    """Yield a part of the store at each address of ``--holdall-uri``; only this test uses the part."""
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
    """Yield the endpoint that `s3_store` uses, or None for Amazon's endpoint, mocked."""
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
    """Yield a bucket of S3 that only this test uses."""
    from holdall.testing import emulators

    with emulators.s3_bucket(holdall_s3) as bucket:
        yield bucket


@pytest.fixture(scope="session")
def holdall_gcs() -> Iterator[str]:
    """Yield the address of the emulator of Google Cloud Storage that `gcs_store` uses."""
    from holdall.testing import emulators

    if host := os.environ.get("STORAGE_EMULATOR_HOST"):
        yield host
    else:
        with emulators.gcs_server() as host:
            yield host


@pytest.fixture
def gcs_store(holdall_gcs: str) -> "Iterator[Store[bytes]]":
    """Yield a bucket of Google Cloud Storage that only this test uses."""
    from holdall.testing import emulators

    with emulators.gcs_bucket(holdall_gcs) as bucket:
        yield bucket
