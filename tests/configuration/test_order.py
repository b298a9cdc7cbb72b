"""Layers in an address: one order, whatever the order of parameters, and data that comes back through all."""

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import holdall
from holdall import Expires, Memory, Mismatch
from holdall.address import LAYERED, parameters
from holdall.configuration.replicas import REPLICATED
from holdall.configuration.stack import Stack
from holdall.configuration.table import LAYERS, LISTED, converters
from holdall.layer import layers
from holdall.middleware.keyring import new_key
from holdall.store import Store

KEYS = new_key("2026")
PARAMETERS: dict[str, list[str]] = {
    "serializer": ["json", "msgpack", "yaml", "xml", "pickle&trust=1"],
    "expires": ["1h", "never"],
    "compress": ["zstd", "zstd&level=19", "gzip", "lzma&level=0"],
    "encrypt": ["env:HOLDALL_TEST_KEYS"],
    "checksum": ["crc32c", "xxh3"],
    "readonly": ["0"],
    "cache": ["60s", "0", "never", "60s&near=memory:%2F%2Fnear&items=10&size=1MiB&misses=1"],
    "metrics": ["on"],
    "budget": ["1000"],
    "history": ["on"],
}
DOCUMENTED = [
    *("ReadOnly", "Versions", "Validate"),
    *("Json", "MessagePack", "Yaml", "Xml", "Pickle", "Text"),
    *("Guard", "Expires"),
    *("Zstd", "Gzip", "Lzma", "Encrypt", "Checksum"),
    *("Cache", "Metrics", "Budget"),
    "Memory",
]
UNNAMED = ("Guard", "VersionedStore", "Memory")
chosen = st.dictionaries(st.sampled_from(list(PARAMETERS)), st.randoms(use_true_random=False), min_size=1)


@pytest.fixture(autouse=True, scope="module")
def keys() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOLDALL_TEST_KEYS", KEYS)
        yield


def names(store: Store[Any]) -> list[str]:
    return [type(layer).__name__ for layer in layers(store)]


@given(st.data(), chosen)
def test_any_choice_stands_in_the_documented_order_and_keeps_documents(data: Any, picked: Any) -> None:
    given = [f"{name}={random.choice(PARAMETERS[name])}" for name, random in picked.items()]
    shuffled = data.draw(st.permutations(given))
    store = holdall.open(f"memory://?{'&'.join(given)}")
    assert names(holdall.open(f"memory://?{'&'.join(shuffled)}")) == names(store)
    places = [
        DOCUMENTED.index(name) for name in names(store) if name != "VersionedStore"
    ]  # that of `Versions`
    assert places == sorted(places)
    assert sum(name not in UNNAMED for name in names(store)) == len(picked.keys() - {"readonly"})
    value = {"n": 1} if "serializer" in picked else b"\0value"
    store["a"] = value
    assert dict(store.items()) == {"a": value}


@pytest.mark.parametrize(
    "texts", list(permutations(["compress=gzip", "encrypt=env:HOLDALL_TEST_KEYS", "checksum=xxh3"]))
)
def test_a_list_is_in_the_order_that_it_is_written_in(texts: tuple[str, ...]) -> None:
    address = holdall.address.Address.parse("name")
    store = Stack.from_entries(address, map(parameters, texts)).on(Memory())
    classes = {"compress": "Gzip", "encrypt": "Encrypt", "checksum": "Checksum"}
    assert names(store) == ["Guard", *(classes[text.partition("=")[0]] for text in texts), "Memory"]
    store["a"] = b"1"
    assert store["a"] == b"1"


def test_the_closed_set_is_what_the_table_takes() -> None:
    assert set(LAYERED) == {*converters(LAYERS), "manifest", *REPLICATED}
    assert set(converters(LISTED)) - set(LAYERED) == {"escape", "prefix"}
    every = list(dict.fromkeys(row.load().__name__ for row in LAYERS))
    assert every == [name for name in DOCUMENTED if name not in UNNAMED]


def test_options_in_python_take_objects_and_leave_layers_out() -> None:
    class Anything:
        def to_python(self, value: Any, state: Any = None) -> Any:
            return value

    store = holdall.open(
        "memory://?compress=gzip&checksum=xxh3",
        validate=Anything(),
        encrypt=lambda: KEYS,
        expires=60.0,
        checksum=None,
        type=dict[str, int],
    )
    assert names(store) == ["Validate", "Json", "Guard", "Expires", "Gzip", "Encrypt", "Memory"]
    store["a"] = {"n": 1}
    assert store["a"] == {"n": 1}


def test_without_layers_it_is_the_adapter_itself() -> None:
    assert names(holdall.open("memory://?manifest=require")) == ["Memory"]
    assert names(holdall.open("memory://?readonly=0")) == ["Memory"]
    assert names(holdall.open("memory://?readonly=1")) == ["ReadOnly", "Memory"]


def test_history_is_kept_below_and_asked_for_on_top(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/a.db?serializer=json&compress=zstd&encrypt=env:HOLDALL_TEST_KEYS&history=on"
    with holdall.open(uri) as books:
        books["7"] = {"total": 1}
        with books.note("Ann", "the discount was missing"):
            books["7"] = {"total": 2}
    with holdall.open(uri) as books:
        assert [(one.number, one.author) for one in books.history("7")] == [(2, "Ann"), (1, "")]
        assert books.at("7", 1) == {"total": 1}
        books.revert("7", 1)
        assert books["7"] == {"total": 1}
    with pytest.raises(Mismatch), holdall.open(uri, history=None) as books:
        books["7"]


def test_what_has_expired_stays_in_the_history_until_it_is_pruned() -> None:
    books = holdall.open("memory://?serializer=json&history=on&expires=1h")
    books["7"] = {"total": 1}
    *_, expires = (layer for layer in layers(books) if isinstance(layer, Expires))
    Expires(expires.inner, 60, clock=lambda: 1e9)["7"] = b'{"total": 2}'
    assert "7" not in books
    assert expires.sweep() == 1
    assert [(one.number, one.deleted) for one in books.history("7")] == [(3, True), (2, False), (1, False)]
    assert books.at("7", 2) == {"total": 2}
    assert books.prune(keep=1) == 2
    with pytest.raises(holdall.NoRevision):
        books.at("7", 2)


def test_a_manifest_names_the_layers_that_change_what_is_stored() -> None:
    others = [row.layer.partition(":")[2] for row in LISTED if not row.stored]
    assert others == ["ReadOnly", "Versions", "Validate", "Cache", "Cache", "Metrics", "Budget", "Prefix"]
    stored = [row.word for row in LISTED if row.stored]
    assert [word for word in stored if "serializer" not in word and "compress" not in word] == [
        *("history", "expires", "encrypt", "checksum", "escape")
    ]
