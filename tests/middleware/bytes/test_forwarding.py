"""Each of these layers forwards every operation, and makes no call more below than was made to it."""

from typing import Any

import pytest

from holdall import Zstd
from holdall.middleware.dictionary import train
from holdall.store import Store
from holdall.testing import LayerTests
from tests.middleware.bytes.layers import LAYERS


class TestByteLayers(LayerTests[bytes]):
    @pytest.fixture(params=LAYERS)
    def wrap(self, request: pytest.FixtureRequest) -> Any:
        return LAYERS[request.param]


class TestZstdWithDictionary(LayerTests[bytes]):
    @pytest.fixture
    def wrap(self) -> Any:
        return with_dictionary


def with_dictionary(store: Store[bytes]) -> Store[bytes]:
    """A layer with a dictionary, which was trained and read before."""
    plain = Zstd(store)
    plain.update(
        (f"k{n}", b"number %d of a hundred and some more, each of them a value" % n) for n in range(150)
    )
    id = train(plain, size=512)
    layer = Zstd(store, dictionary=id)
    layer["k1"] = layer["k1"]
    layer["k1"] = layer["k1"]
    store.clear()
    return layer
