"""The server and the mark that the tests of zarr use."""

import pytest

from tests.servers.s3 import credentials, seaweed

__all__ = ["credentials", "seaweed"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "gpu: zarr.testing marks with it what needs a GPU")
