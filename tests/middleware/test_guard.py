"""The manifest: recorded on the first write, compared on first use, one request, and never in the way."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import holdall
from holdall import Corrupt, Json, Memory, Mismatch, PermissionDenied, Prefix, ReadOnly
from holdall.middleware.guard import Guard
from holdall.middleware.manifest import KEY, Manifest, read_manifest, record
from holdall.store import ABSENT, Delete, Put, Store
from holdall.testing import recorder
from tests.conformance.minimal import Minimal

OURS = Manifest(("compress=gzip",), "app:Schema", "2026")
OTHER = Manifest(("compress=zstd",))


@pytest.fixture
def below() -> recorder.Recorder[bytes]:
    return recorder.Recorder(Memory())


def filled(below: Store[bytes], manifest: Manifest | None) -> Store[bytes]:
    below.update(a=b"1", b=b"2")
    if manifest:
        record(below, manifest)
    return below


READS: dict[str, Callable[[Store[bytes]], Any]] = {
    "[]": lambda store: store["a"],
    "get": lambda store: store.get("a"),
    "in": lambda store: "a" in store,
    "len": len,
    "bool": bool,
    "iteration": list,
    "scan": lambda store: list(store.scan()),
    "scan_items": lambda store: list(store.scan_items()),
    "scan_tags": lambda store: list(store.scan_tags()),
    "get_many": lambda store: list(store.get_many(["a"])),
    "get_tagged": lambda store: store.get_tagged("a"),
    "values": lambda store: list(store.values()),
}
DELETES: dict[str, Callable[[Store[bytes]], Any]] = {
    "del": lambda store: store.__delitem__("a"),
    "discard": lambda store: store.discard("a"),
    "delete_many": lambda store: store.delete_many(["a"]),
    "delete_prefix": lambda store: store.delete_prefix("a"),
    "clear": lambda store: store.clear(),
    "pop": lambda store: store.pop("a"),
    "popitem": lambda store: store.popitem(),
    "remove": lambda store: store.remove("a", store.raw().get_tagged("a").tag),
    "transact": lambda store: store.transact([Delete("a")]),
}


def _write_file(store: Store[bytes]) -> None:
    with store.open("c", "wb") as file:
        file.write(b"3")


WRITES: dict[str, Callable[[Store[bytes]], Any]] = {
    "open": lambda store: _write_file(store),
    "[]=": lambda store: store.__setitem__("c", b"3"),
    "update": lambda store: store.update(c=b"3"),
    "swap": lambda store: store.swap("c", b"3", ABSENT),
    "setdefault": lambda store: store.setdefault("c", b"3"),
    "modify": lambda store: store.modify("c", lambda value: b"3", default=b""),
    "transact put": lambda store: store.transact([Put("c", b"3")]),
}


@pytest.mark.parametrize("name", READS | DELETES | WRITES)
def test_every_operation_on_what_is_written_otherwise_is_mismatch(
    name: str, below: recorder.Recorder[bytes]
) -> None:
    filled(below, OTHER)
    guarded = Guard(below, OURS)
    before = dict(below.raw().items())
    for _ in range(2):
        with pytest.raises(Mismatch) as refusal:
            (READS | DELETES | WRITES)[name](guarded)
        for word in ("compress=zstd", "compress=gzip", "holdall convert", "holdall manifest"):
            assert word in str(refusal.value)
    assert dict(below.raw().items()) == before


@pytest.mark.parametrize("name", WRITES)
def test_every_first_write_to_an_empty_store_records_it(name: str, below: recorder.Recorder[bytes]) -> None:
    WRITES[name](Guard(below, OURS))
    assert read_manifest(below) == OURS
    assert dict(below.items()) == {"c": b"3"}


@pytest.mark.parametrize("name", READS)
def test_no_read_records_anything(name: str, below: recorder.Recorder[bytes]) -> None:
    below["a"] = b"1"
    del below["a"]
    guarded = Guard(below, OURS)
    if name not in ("[]", "get_tagged"):
        READS[name](guarded)
    with pytest.raises(KeyError):
        guarded["a"]
    assert list(below.raw()) == []


def test_it_is_read_once(below: recorder.Recorder[bytes]) -> None:
    filled(below, OURS)
    guarded = Guard(below, OURS)
    below.calls.clear()
    for use in (*READS.values(), *WRITES.values()):
        use(guarded)
        guarded.discard("c")
    assert below.calls.count("raw") == 1
    assert below.calls[0] == "raw"


def test_threads_compare_it_before_any_of_them_goes_on(below: recorder.Recorder[bytes]) -> None:
    filled(below, OTHER)
    guarded, start = Guard(below, OURS), threading.Barrier(8)

    def use(number: int) -> type[BaseException] | None:
        start.wait()
        try:
            guarded[f"k{number}"] = b"1"
        except Mismatch as error:
            return type(error)
        return None

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(8))) == [Mismatch] * 8
    assert dict(below.items()) == {"a": b"1", "b": b"2"}


def test_of_two_that_find_it_empty_one_is_refused() -> None:
    below = Memory()
    ours, other = Guard(below, OURS), Guard(below, OTHER)
    assert list(ours) == list(other) == []
    ours["a"] = b"1"
    with pytest.raises(Mismatch):
        other["b"] = b"2"
    assert (dict(below), read_manifest(below)) == ({"a": b"1"}, OURS)


def test_of_two_that_record_at_once_the_quicker_one_is_followed() -> None:
    class Late(Memory):
        """Has somebody else record between the look whether it is empty and the swap."""

        def __bool__(self) -> bool:
            record(self, OTHER)
            return False

    below = Late()
    with pytest.raises(Mismatch):
        Guard(below, OURS)["a"] = b"1"
    assert (dict(below), read_manifest(below)) == ({}, OTHER)


def test_data_of_others_is_used_and_not_claimed() -> None:
    below = filled(Memory(), None)
    guarded = Guard(below, OURS)
    assert guarded["a"] == b"1"
    guarded["c"] = b"3"
    assert read_manifest(below) is None


def test_data_of_others_is_refused_where_a_manifest_is_required() -> None:
    below = filled(Memory(), None)
    for use in (*READS.values(), *WRITES.values()):
        with pytest.raises(Mismatch, match="no manifest"):
            use(Guard(below, OURS, required=True))
    empty = Memory()
    guarded = Guard(empty, OURS, required=True)
    assert list(guarded) == []
    guarded["a"] = b"1"
    assert read_manifest(empty) == OURS


def test_another_schema_may_read_and_not_write() -> None:
    below = filled(Memory(), OURS)
    other = Guard(below, Manifest(OURS.layers, "app:Other"))
    assert other["a"] == b"1"
    del other["b"]
    with pytest.raises(Mismatch, match="app:Schema"):
        other["c"] = b"3"
    assert dict(below) == {"a": b"1"}


def test_another_key_id_is_no_mismatch() -> None:
    guarded = Guard(filled(Memory(), OURS), Manifest(OURS.layers, OURS.schema, "2027"))
    guarded["c"] = b"3"
    assert guarded["c"] == b"3"


def test_without_swap_it_is_recorded_all_the_same() -> None:
    below = Minimal()
    Guard(below, OURS)["a"] = b"1"
    assert read_manifest(below) == OURS


def test_what_cannot_be_kept_records_nothing() -> None:
    below = Memory()
    with pytest.raises(holdall.Invalid):
        Json(Guard(below, OURS))["a"] = {1}
    assert list(below.raw()) == []


def test_a_read_only_store_is_not_written_to() -> None:
    below = Memory()
    with pytest.raises(PermissionDenied):
        ReadOnly(Guard(below, OURS))["a"] = b"1"
    assert list(below.raw()) == []


def test_once_it_is_set_right_the_same_store_goes_on() -> None:
    below = filled(Memory(), OTHER)
    guarded = Guard(below, OURS)
    with pytest.raises(Mismatch):
        guarded["a"]
    record(below, OURS)
    assert guarded["a"] == b"1"


def test_closing_and_asking_for_features_read_nothing(below: recorder.Recorder[bytes]) -> None:
    with Guard(below, OURS) as guarded:
        assert guarded.features == below.features
        guarded.raw()
        guarded.info()
    assert below.calls == ["raw", "info", "close"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"1" * 5000,
        b"[" * 100_000,
        b'{"format": 1, "layers": 7, "schema": "", "key": ""}',
        b'{"format": 1, "layers": [7], "schema": "", "key": ""}',
        b'{"format": 1, "layers": [], "schema": null, "key": ""}',
        json.dumps({"format": 1, "layers": ["x" * 70_000], "schema": "", "key": ""}).encode(),
    ],
)
def test_what_is_no_manifest_is_corrupt(data: bytes) -> None:
    below = Memory()
    below.raw()[KEY] = data
    with pytest.raises(Corrupt, match="manifest") as refusal:
        list(Guard(below, OURS))
    assert ".holdall" not in str(refusal.value)


def test_one_of_a_later_format_says_so() -> None:
    below = Memory()
    below.raw()[KEY] = b'{"format": 2, "layers": [], "schema": "", "key": ""}'
    with pytest.raises(Mismatch, match="upgrade"):
        list(Guard(below, OURS))


@pytest.mark.parametrize("required", [False, True])
def test_each_part_of_a_store_has_a_manifest_of_its_own(required: bool) -> None:
    below = Memory()
    parts = {"a": Manifest(("serializer=json",)), "b": Manifest(("serializer=text",)), "a/b": OURS}
    for prefix, manifest in parts.items():
        part = Guard(Prefix(below, prefix), manifest, required=required)
        part["1"] = b"..."
        assert read_manifest(Prefix(below, prefix)) == manifest
    with pytest.raises(Mismatch):
        Guard(Prefix(below, "b"), OURS)["1"]
