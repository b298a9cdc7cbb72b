"""Datasets of xarray and arrays of Dask in a store."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import dask.array
import numpy as np
import pytest
import xarray
import zarr

from holdall.bridges.zarr import HoldallStore
from tests.servers.s3 import Server

# Apart from tests that fork, because Dask and zarr leave threads behind: see `make test-clusters`.
pytestmark = pytest.mark.servers


@pytest.fixture(params=["memory", "file", "sqlite", "s3"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "s3":
        server: Server = request.getfixturevalue("seaweed")
        return f"s3://arrays/{uuid4().hex}?create=1&endpoint_url={server.endpoint}"
    places = {
        "memory": f"memory://{uuid4().hex}",
        "file": f"file://{tmp_path}/arrays",
        "sqlite": f"sqlite:///{tmp_path}/arrays.db?history=on",
    }
    return places[request.param]


def weather(days: int) -> xarray.Dataset:
    rain = np.arange(days * 6, dtype="f4").reshape(days, 2, 3)
    return xarray.Dataset(
        {"rain": (("day", "y", "x"), rain, {"unit": "mm"})}, {"day": np.arange(days), "x": [1.5, 2.5, 3.5]}
    )


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_dataset_is_written_grown_and_read(address: str, zarr_format: Any) -> None:
    options = {"consolidated": zarr_format == 2}
    with HoldallStore(address) as store:
        weather(4).to_zarr(
            store, zarr_format=zarr_format, encoding={"rain": {"chunks": (1, 2, 3)}}, **options
        )
        weather(10).isel(day=slice(4, None)).to_zarr(store, append_dim="day", **options)
        weather(10).isel(day=[3]).drop_vars("x").to_zarr(
            store, region={"day": slice(3, 4)}, mode="r+", **options
        )
    with HoldallStore(address, read_only=True) as store:
        with xarray.open_zarr(store, **options) as read:
            xarray.testing.assert_identical(read.load(), weather(10))
        with xarray.open_zarr(store, **options) as read:  # closing the first has not closed the store
            assert read.rain.chunks == ((1,) * 10, (2,), (3,))


def test_dask_writes_and_reads_arrays_in_threads(address: str) -> None:
    numbers = dask.array.arange(6400, chunks=100).reshape((80, 80)).rechunk((10, 10))
    with HoldallStore(address) as store:
        array = zarr.create_array(store, name="n", shape=(80, 80), chunks=(10, 10), dtype=numbers.dtype)
        numbers.to_zarr(array)
        read = dask.array.from_zarr(zarr.open_array(store, path="n", mode="r"))
        assert int((read + 1).sum().compute(scheduler="threads")) == 6400 * 6401 // 2
        assert len([key for key in store._store.store if key.startswith("n/c/")]) == 64
