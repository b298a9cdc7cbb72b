"""Which tests of bridges are collected: requests-cache, zarr and xarray take seconds to import."""

from pathlib import Path

import pytest

from tests.servers.s3 import credentials, seaweed

__all__ = ["credentials", "seaweed"]

SLOW = {"test_requests_cache.py", "test_zarr.py", "test_xarray.py"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the slow ones where all of their tests would be left out: see `make test-clusters`."""
    return True if collection_path.name in SLOW and config.option.markexpr == "not servers" else None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "gpu: zarr.testing marks with it what needs a GPU")
