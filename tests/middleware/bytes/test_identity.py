"""Values that are sealed or signed are bound to their store: moved to another one they are refused."""

import pickle
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import holdall
from holdall import Corrupt, Encrypt, Json, Memory, Pickle, Prefix, SQLite, Versions, Zstd
from holdall.errors import Invalid, Mismatch, PermissionDenied, Unsupported
from holdall.middleware.identity import require_free
from holdall.middleware.readonly import ReadOnly
from holdall.middleware.rotate import rekey
from holdall.store import ABSENT, Delete, Put, Store, Tag
from holdall.transfer import copy, transfer
from tests.middleware.versions.weaker import Weaker

OLD = "2026:" + "B" * 42 + "A="
NEW = "2027:" + "A" * 43 + "="
SECRET = b"sixteen bytes or more"

# Written by holdall when it bound values to their key alone.
SEALED = {
    "a/é": "f80432303236e1008845c47d71846d3fd969513301ea0ed2a0dcf1a809dfd947c97f7ab4b57cfa14d04d9f7669",
    "empty": "f80432303236e10088456e6241fc81a2e0be2fef7284dceff6e3210ce26a3aad8e23e9ff8a8d",
}
SIGNED = {
    "a": "d4ab10e1c320311991b3ef214c72a596163b7d7f96f19d9d671e195be3a1c5b5"
    "8005950d000000000000005d94284b018c0374776f94652e",
    "b": "b8db7722c1dd16da95b406281186edb7c766d050d460e74b824c56e9bbd76067"
    "80059515000000000000007d948c05746872656594474008000000000000732e",
}
UNSIGNED = (
    "18b8d07e15d222c6386aa46e0f998ba7f679098733b37bce9b6171bdd025cd9e"
    "8005950d000000000000005d94284b018c0374776f94652e"
)

Layer = Callable[..., Store[Any]]


def encrypted(store: Store[bytes], **options: Any) -> Encrypt:
    return Encrypt(store, lambda: OLD, **options)


def signed(store: Store[bytes], **options: Any) -> Pickle:
    return Pickle(store, trust=True, sign=lambda: SECRET, **options)


layers = pytest.mark.parametrize("layer", [encrypted, signed])


def written(old: dict[str, str]) -> Memory:
    below = Memory()
    below.update({key: bytes.fromhex(data) for key, data in old.items()})
    return below


# ---- Values that were moved ---------------------------------------------------------------------------------


@layers
def test_a_value_of_another_store_of_the_same_keys_is_corrupt(layer: Layer) -> None:
    drafts, approved = Memory(), Memory()
    layer(drafts)["a"] = b"draft"
    layer(approved)["a"] = b"approved"
    approved["a"] = drafts["a"]
    for read in (
        lambda: layer(approved)["a"],
        lambda: layer(approved).get("a"),
        lambda: dict(layer(approved)),
    ):
        with pytest.raises(Corrupt, match="'a'"):
            read()


@layers
def test_a_value_of_another_prefix_is_corrupt(layer: Layer) -> None:
    below = Memory()
    one, two = layer(Prefix(below, "tenant1")), layer(Prefix(below, "tenant2"))
    one["a"], two["a"] = b"1", b"2"
    below["tenant1/a"] = below["tenant2/a"]
    with pytest.raises(Corrupt):
        layer(Prefix(below, "tenant1"))["a"]
    assert layer(Prefix(below, "tenant2"))["a"] == b"2"


@layers
def test_a_value_of_another_context_is_corrupt(layer: Layer) -> None:
    below = Memory()
    layer(below, context="drafts")["a"] = b"1"
    assert layer(below, context="drafts")["a"] == b"1"
    for context in ("approved", "draft", None):
        with pytest.raises(Corrupt):
            layer(below, context=context)["a"]
    layer(below)["a"] = b"2"
    with pytest.raises(Corrupt):
        layer(below, context="drafts")["a"]


@layers
def test_a_value_with_the_mark_of_the_binding_taken_off_is_corrupt(layer: Layer) -> None:
    below = Memory()
    layer(below)["a"] = b"1"
    data = below["a"]
    for stripped in (b"\xf8" + data[1:], data[3:], data[1:]):
        below["a"] = stripped
        with pytest.raises(Corrupt):
            layer(below)["a"]


@layers
def test_the_context_and_the_key_are_kept_apart(layer: Layer) -> None:
    below = Memory()
    layer(below, context="a")["bc"] = b"1"
    below["c"] = below["bc"]
    with pytest.raises(Corrupt):
        layer(below, context="ab")["c"]


@layers
def test_without_the_identity_of_the_store_nothing_opens(layer: Layer) -> None:
    below = Memory()
    layer(below)["a"] = b"1"
    copy = Memory()
    copy["a"] = below["a"]
    with pytest.raises(Corrupt, match="identity"):
        layer(copy)["a"]
    copy.raw()[".holdall/identity"] = b"?"
    with pytest.raises(Corrupt, match="identity") as refusal:
        layer(copy)["a"]
    assert ".holdall" not in str(refusal.value)


@pytest.mark.parametrize("context", ["", 7, b"books"])
@layers
def test_a_context_that_is_not_a_text_is_refused(layer: Layer, context: Any) -> None:
    with pytest.raises(Invalid, match="context"):
        layer(Memory(), context=context)


# ---- Copies -------------------------------------------------------------------------------------------------


@layers
def test_a_copy_of_the_whole_store_opens_and_a_copy_through_the_layer_is_bound_to_its_own(
    layer: Layer,
) -> None:
    here, whole, through = Memory(), Memory(), Memory()
    layer(here).update(a=b"1", b=b"2")
    whole.raw().update(here.raw())
    assert dict(layer(whole)) == {"a": b"1", "b": b"2"}
    transfer(layer(here), layer(through), move=copy)
    assert dict(layer(through)) == {"a": b"1", "b": b"2"}
    through["a"] = here["a"]
    with pytest.raises(Corrupt):
        layer(through)["a"]


@layers
def test_a_copy_of_all_bytes_does_not_replace_another_identity(layer: Layer) -> None:
    here, there, free = Memory(), Memory(), Memory()
    layer(here)["a"], layer(there)["b"] = b"1", b"2"
    require_free(here.raw(), free.raw())
    require_free(here.raw(), here.raw())
    require_free(free.raw(), Memory().raw())
    require_free(free.raw(), there.raw())
    with pytest.raises(Mismatch, match="identity"):
        require_free(here.raw(), there.raw())


@layers
def test_a_store_that_is_open_for_reading_opens_what_is_there(layer: Layer) -> None:
    below = Memory()
    layer(below)["a"] = b"1"
    assert layer(ReadOnly(below))["a"] == b"1"
    assert ReadOnly(layer(below))["a"] == b"1"
    with pytest.raises((PermissionDenied, Unsupported)):
        layer(ReadOnly(Memory()))["a"] = b"1"


@layers
def test_what_a_store_held_before_opens_as_what_it_holds(layer: Layer) -> None:
    for store in (
        Versions(layer(Memory())),
        layer(Versions(Memory())),
        layer(Prefix(Versions(Memory()), "p")),
    ):
        store["a"] = b"1"
        then = datetime.now(UTC)
        store["a"] = b"2"
        del store["a"]
        assert store.at("a", 1) == b"1"
        assert store.as_of(then)["a"] == b"1"
        assert dict(store.as_of(then).items()) == {"a": b"1"}


# ---- The identity of a store --------------------------------------------------------------------------------


@layers
def test_writers_who_are_first_at_once_agree(layer: Layer) -> None:
    for _ in range(20):
        below = Memory()
        ready = threading.Barrier(4)

        def write(number: int, below: Memory = below, ready: threading.Barrier = ready) -> None:
            store = layer(below)
            ready.wait()
            store[f"k{number}"] = b"1"

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert dict(layer(below)) == {f"k{number}": b"1" for number in range(4)}


@layers
def test_one_that_another_writer_makes_in_between_is_taken(layer: Layer) -> None:
    class Late(Memory):
        def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
            layer(others)["b"] = b"2"
            return super().swap(key, value, expected)

    below = Late("late-identity")
    others = Memory("late-identity")
    layer(below)["a"] = b"1"
    assert dict(layer(others)) == {"a": b"1", "b": b"2"}
    others.raw().clear()


@layers
def test_a_store_without_compare_and_swap_needs_a_context_to_be_written(layer: Layer) -> None:
    below = Weaker("", "SWAP")
    with pytest.raises(Unsupported, match="context"):
        layer(below)["a"] = b"1"
    assert not below.raw()
    layer(below, context="books")["a"] = b"1"
    assert layer(below, context="books")["a"] == b"1"


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.update(a=b"1"),
        lambda store: store.transact([Put("a", b"1"), Delete("b")]),
        lambda store: store.modify("a", lambda value: b"1", default=b""),
        lambda store: store.setdefault("a", b"1"),
        lambda store: store.swap("a", b"1", ABSENT),
    ],
)
@layers
def test_every_first_write_makes_it_before_the_store_below_is_at_work(
    layer: Layer, write: Callable[[Store[Any]], object], tmp_path: Any
) -> None:
    with SQLite(tmp_path / "books.db") as below:
        write(layer(below))
        assert dict(layer(below)) == {"a": b"1"}


def test_unsigned_pickles_keep_no_identity_and_are_as_they_were() -> None:
    below = written({"a": UNSIGNED})
    store = Pickle(below, trust=True)
    assert store["a"] == [1, "two"]
    store["a"] = [1, "two"]
    assert below.raw() == {"a": bytes.fromhex(UNSIGNED)}
    bound = Pickle(below, trust=True, context="books")
    bound["a"] = 1
    assert bound["a"] == 1
    with pytest.raises(Corrupt):
        store["a"]


# ---- What holdall wrote before ------------------------------------------------------------------------------


def test_sealed_values_of_old_are_read_and_written_on_and_rekeyed() -> None:
    below = written(SEALED)
    store = encrypted(below)
    assert dict(store) == {"a/é": b"holdall", "empty": b""}
    assert below.raw() == {key: bytes.fromhex(data) for key, data in SEALED.items()}
    store["new"] = b"new"
    assert list(store.scan_seals()) == [
        ("a/é", "2026", False),
        ("empty", "2026", False),
        ("new", "2026", True),
    ]
    assert rekey(store) == 2
    assert rekey(store) == 0
    strict = encrypted(below, bound=True)
    assert dict(strict) == {"a/é": b"holdall", "empty": b"", "new": b"new"}
    below["a/é"] = bytes.fromhex(SEALED["a/é"])
    for read in (
        lambda: strict["a/é"],
        lambda: dict(strict),
        lambda: strict.modify("a/é", lambda value: value),
    ):
        with pytest.raises(Corrupt, match="rekey"):
            read()


@pytest.mark.parametrize("options", [{"bound": True}, {"context": "books"}])
def test_rekey_brings_old_values_to_a_store_that_reads_only_bound_ones(options: dict[str, Any]) -> None:
    below = written(SEALED)
    store = encrypted(below, **options)
    with pytest.raises(Corrupt):
        dict(store)
    assert rekey(store) == 2
    assert dict(store) == {"a/é": b"holdall", "empty": b""}


def test_an_old_key_that_is_taken_away_takes_the_old_rule_away() -> None:
    below = written(SEALED)
    rekey(Encrypt(below, lambda: f"{NEW} {OLD}"))
    store = Encrypt(below, lambda: NEW)
    assert dict(store) == {"a/é": b"holdall", "empty": b""}
    below["a/é"] = bytes.fromhex(SEALED["a/é"])
    with pytest.raises(PermissionDenied, match="2026"):
        store["a/é"]


def test_signed_pickles_of_old_are_read_and_written_again() -> None:
    below = written(SIGNED)
    store = signed(below)
    assert dict(store) == {"a": [1, "two"], "b": {"three": 3.0}}
    with pytest.raises(Corrupt):
        signed(below, bound=True)["a"]
    for key in store:
        store.modify(key, lambda value: value)
    assert dict(signed(below, bound=True)) == {"a": [1, "two"], "b": {"three": 3.0}}
    below["a"] = bytes.fromhex(SIGNED["a"])
    assert store["a"] == [1, "two"]
    with pytest.raises(Corrupt):
        signed(below, bound=True)["a"]


def test_an_old_signature_that_begins_as_a_new_one_is_read() -> None:
    class Unlucky(Pickle):
        def _digest(self, identity: bytes, key: str, data: bytes) -> bytes:
            return b"\xfep2" + super()._digest(identity, key, data)[3:]

    below = Memory()
    store = Unlucky(below, trust=True, sign=lambda: SECRET)
    below["a"] = store._digest(b"", "a", bytes.fromhex(SIGNED["a"])[32:]) + bytes.fromhex(SIGNED["a"])[32:]
    below.raw()[".holdall/identity"] = b"0" * 32 + b"\n"
    assert store["a"] == [1, "two"]


def test_an_address_names_the_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKS_KEY", NEW)
    address = "memory://context?serializer=json&compress=zstd&encrypt=env:BOOKS_KEY"
    with holdall.open(f"{address}&context=drafts") as store:
        store["a"] = 1
    with holdall.open(f"{address}&context=drafts&bound=1") as store:
        assert store["a"] == 1
    with holdall.open(f"{address}&context=approved") as store, pytest.raises(Corrupt):
        store["a"]
    below = Memory("context")
    assert Json(Zstd(Encrypt(below, "env:BOOKS_KEY", "drafts")))["a"] == 1
    below.raw().clear()


def test_a_repr_and_a_pickle_keep_the_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKS_KEY", NEW)
    store = Encrypt(Memory("of-a-repr"), "env:BOOKS_KEY", context="books", bound=True)
    assert repr(store) == "Encrypt(Memory('of-a-repr'), 'env:BOOKS_KEY', context='books', bound=True)"
    again = pickle.loads(pickle.dumps(store))
    assert repr(again) == repr(store)
