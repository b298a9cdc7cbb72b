"""The defaults of the interface that no store under the suite shows: giving up, and what is remembered."""

import copy
import itertools
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import holdall.store
from holdall import Conflict, Memory, Unsupported
from holdall.redact import format_call
from holdall.store import ABSENT, Feature, Tag
from tests.conformance.minimal import Minimal


class Busy(Memory):
    """Another writer always comes first."""

    def __init__(self) -> None:
        super().__init__()
        self.count = itertools.count()

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        self[key] = b"%d" % next(self.count)
        return super().swap(key, value, expected)

    def remove(self, key: str, /, expected: Tag) -> None:
        self[key] = b"%d" % next(self.count)
        super().remove(key, expected)


class Fleeting(Memory):
    """A key is there when it is created, and gone when it is read."""

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        raise Conflict("it is there", key=key)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdall.store, "ATTEMPTS", 20)
    monkeypatch.setattr(holdall.store, "_LONGEST_PAUSE", 0)


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (Busy, lambda store: store.modify("a", bytes.upper)),
        (Busy, lambda store: store.pop("a")),
        (Fleeting, lambda store: store.setdefault("b", b"")),
    ],
)
def test_optimism_ends_in_a_conflict_that_names_the_key(
    kind: type[Memory], call: Callable[[Memory], object]
) -> None:
    store = kind()
    store["a"] = b"x"
    with pytest.raises(Conflict) as lost:
        call(store)
    assert lost.value.key in ("a", "b")


def test_modify_hands_each_attempt_a_default_of_its_own() -> None:
    class Listing(Memory):
        def swap(self, key: str, value: Any, /, expected: Tag) -> Tag:
            seen.append(value)
            if len(seen) < 3:
                raise Conflict("not yet", key=key)
            return Tag("1")

    seen: list[list[int]] = []
    default: Any = []
    Listing().modify("a", lambda held: (held.append(1), held)[1], default)
    assert (seen, default) == ([[1]] * 3, [])


def test_what_is_lacking_is_named() -> None:
    store = Minimal()
    assert store.features == Feature.NONE
    with pytest.raises(Unsupported, match=r"history=on in its address\): it lacks HISTORY"):
        store.history("a")
    with pytest.raises(Unsupported, match=r"Minimal\(\) cannot compare and swap: it lacks SWAP"):
        store.swap("a", b"", ABSENT)
    for type in (dict, dict | None):
        with pytest.raises(Unsupported, match="wrap it in Json to read dict"):
            store.typed(type)


def test_a_store_remembers_how_it_was_made() -> None:
    store = Memory(name="test-store")
    store["a"] = b"1"
    assert repr(store) == "Memory(name='test-store')"
    assert [copy.copy(store)["a"], pickle.loads(pickle.dumps(store))["a"]] == [b"1", b"1"]


def test_a_call_is_shown_without_its_secrets() -> None:
    options = {"password": "hunter2", "account_key": "hunter2", "sas_token": "hunter2", "region": "eu"}
    shown = format_call("Store", ("a", bytes, ["b"]), options)
    assert shown == (
        "Store('a', bytes, ['b'], password='***', account_key='***', sas_token='***', region='eu')"
    )
