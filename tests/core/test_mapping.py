"""What users of dicts, `shelve` and caches try on a store, and what it says where it does not follow."""

import shelve
from collections.abc import Callable
from typing import Any

import pytest

from holdall import Escape, Json, Memory, PermissionDenied, Pickle, ReadOnly, Validate, Versions
from holdall.store import Store
from tests.conformance.test_conformance import AnyValue

STACKS: list[Callable[[], Store[Any]]] = [
    lambda: Json(Memory()),
    lambda: Validate(Json(Memory()), AnyValue()),
    lambda: Versions(Json(Memory())),
    lambda: Escape(Json(Memory())),
]


@pytest.mark.parametrize("stack", STACKS)
def test_setdefault_without_a_default_is_none_as_in_a_dict(stack: Callable[[], Store[Any]]) -> None:
    store = stack()
    store["there"] = 1
    assert (store.setdefault("there"), store.setdefault("new"), store.setdefault("other", default=2)) == (
        1,
        None,
        2,
    )
    assert dict(store) == {"new": None, "other": 2, "there": 1}


def test_setdefault_without_a_default_reads_bytes_and_writes_no_none() -> None:
    store = Memory()
    store["there"] = b"1"
    assert store.setdefault("there") == b"1"  # type: ignore[misc]  # the point of it
    with pytest.raises(TypeError, match="a store of bytes does not keep NoneType"):
        store.setdefault("new")  # type: ignore[misc]
    assert "new" not in store


def test_or_equal_is_update() -> None:
    store = same = Json(Memory())
    store |= {"a": 1}
    store |= [("b", 2)]
    assert store is same
    assert dict(store) == {"a": 1, "b": 2}
    refusing = ReadOnly(store)
    with pytest.raises(PermissionDenied):
        refusing |= {"a": 3}


@pytest.mark.parametrize(
    "use", [lambda store: store | {"a": 1}, lambda store: {"a": 1} | store, lambda store: store | store]
)
def test_or_says_how_to_write_it(use: Callable[[Store[Any]], object]) -> None:
    with pytest.raises(TypeError, match=r"dict\(store\) \| other, or store \|= other"):
        use(Json(Memory()))


def test_copy_says_how_to_copy() -> None:
    with pytest.raises(TypeError, match=r"dict\(store\) .*, or other\.update\(store\.items\(\)\)"):
        Json(Memory()).copy()


@pytest.mark.parametrize("store", [Memory(), Escape(Memory()), Memory().raw()])
def test_shelve_and_caches_are_told_of_pickle_and_escape(store: Store[Any]) -> None:
    for use in (lambda: shelve.Shelf(store).__setitem__("a", 1), lambda: store.__getitem__((7, 8))):
        with pytest.raises(
            TypeError, match=r"a key is a str, not .*; .*Escape\(store\).*Pickle\(store, trust=True\)"
        ):
            use()
    with pytest.raises(TypeError) as refusal:
        store[("x" * 1_000_000,)]  # type: ignore[index]
    assert len(str(refusal.value)) < 300


def test_the_remedy_works() -> None:
    store = Escape(Pickle(Memory(), trust=True))
    store[repr((7, "a\n"))] = {7}
    assert dict(store) == {"(7, 'a\\n')": {7}}
