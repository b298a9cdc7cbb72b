"""A damaged value is Corrupt, naming its key; it is never read as another value.

Each layer meets 500 damaged copies at random in `make test` and 10,000 in `make soak`, beside every cut and
every flip. A bit that a compressed format gives no meaning may change without changing the value.
"""

import json

import pytest

from holdall import Corrupt
from tests.middleware.bytes.damage import (
    CORRUPT,
    Wrap,
    bytewise,
    flips,
    piece,
    read,
    stored,
    truncations,
)
from tests.middleware.bytes.layers import COMPRESSING, LAYERS
from tests.middleware.mutations import mutations
from tests.soak import SOAK

COUNT = 10_000 if SOAK else 500
DOCUMENT = json.dumps([{"number": n, "text": "Grüezi", "paid": n % 3 == 0} for n in range(20)]).encode()
VALUES = [b"", b"a", b"holdall", b"holdall " * 40, bytes(range(256)), DOCUMENT]
SHORT = VALUES[:3]


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("value", VALUES)
def test_any_cut_or_flipped_byte_is_corrupt(name: str, value: bytes) -> None:
    below, layer, data = stored(LAYERS[name], value)
    for damaged in (*truncations(data), *flips(data)):
        below["a"] = damaged
        assert read(layer, "a") is CORRUPT, damaged


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("value", SHORT)
def test_any_byte_as_any_other_is_corrupt_or_changes_nothing(name: str, value: bytes) -> None:
    below, layer, data = stored(LAYERS[name], value)
    for damaged in bytewise(data):
        below["a"] = damaged
        found = read(layer, "a")
        assert found is CORRUPT or (found == value and name in COMPRESSING)


@pytest.mark.parametrize("name", LAYERS)
def test_mutated_values_are_corrupt_or_unchanged(name: str) -> None:
    below, layer, _ = stored(LAYERS[name], b"")
    seeds = []
    for value in VALUES:
        layer["a"] = value
        seeds.append(below["a"])
    refused = 0
    for number, damaged in enumerate(mutations(seeds, COUNT, piece)):
        below["a"] = damaged
        found = read(layer, "a")
        assert found in (CORRUPT, VALUES[number % len(VALUES)])
        refused += found is CORRUPT
    assert refused > COUNT * 0.8


@pytest.mark.parametrize("name", LAYERS)
def test_every_reader_finds_it_out(name: str) -> None:
    below, layer, data = stored(LAYERS[name], DOCUMENT)
    below["a"] = data[:-1]
    readers = [
        lambda: layer.get("a"),
        lambda: list(layer.scan_items()),
        lambda: list(layer.values()),
        lambda: list(layer.get_many(["a"])),
        lambda: layer.get_tagged("a"),
        lambda: layer.modify("a", lambda value: value),
        lambda: layer.setdefault("a", b""),
    ]
    for reader in readers:
        with pytest.raises(Corrupt, match="'a'"):
            reader()
    assert below["a"] == data[:-1]


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in COMPRESSING])
def test_a_value_under_another_key_is_corrupt(name: str) -> None:
    wrap: Wrap = LAYERS[name]
    below, layer, data = stored(wrap, DOCUMENT)
    for key in ("b", "A", "a/b", "aa"):
        below[key] = data
        assert read(layer, key) is CORRUPT
    # The same text, divided otherwise between key and value.
    below["a"], below["ab"] = b"", b""
    layer["ab"] = b"c"
    below["a"] = below["ab"]
    assert read(layer, "a") is CORRUPT


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("data", [b"", b"{}", b'{"a": 1}', b"text", bytes(64), b"\xff" * 64, b"\xf8\xf9\xfa"])
def test_what_the_layer_never_wrote_is_corrupt(name: str, data: bytes) -> None:
    below, layer, _ = stored(LAYERS[name], b"")
    below["a"] = data
    assert read(layer, "a") is CORRUPT
