"""`modify` with a function that changes its argument in place and returns nothing: an error, not a lost document."""

import math
from collections.abc import Callable
from typing import Any

import formencode
import msgspec
import pytest

from holdall import (
    Budget,
    Cache,
    Expires,
    Json,
    Memory,
    MessagePack,
    Metrics,
    PassThrough,
    Pickle,
    Prefix,
    Validate,
    Versions,
    Xml,
    Yaml,
)
from holdall.middleware.guard import Guard
from holdall.middleware.manifest import Manifest
from holdall.store import Store

LABEL = Manifest(("serializer=json",))


class Account(formencode.Schema):
    """Makes an account of None: every field has a default."""

    if_key_missing = None
    allow_extra_fields = True
    code = formencode.validators.UnicodeString(if_missing="8200")


class Optional(formencode.Schema):
    """Keeps None as it is."""

    allow_extra_fields = True

    def to_python(self, value: Any, state: Any = None) -> Any:
        return value


STACKS: dict[str, Callable[[], Store[Any]]] = {
    "json": lambda: Json(Memory()),
    "msgpack": lambda: MessagePack(Memory()),
    "yaml": lambda: Yaml(Memory()),
    "xml": lambda: Xml(Memory()),
    "pickle": lambda: Pickle(Memory(), trust=True),
    "typed": lambda: Json(Memory(), type=dict[str, int]),
    "prefix": lambda: Prefix(Json(Memory()), "app"),
    "passthrough": lambda: PassThrough(Json(Memory())),
    "metrics": lambda: Metrics(Budget(Json(Memory()), 100)),
    "guard": lambda: Json(Guard(Memory(), LABEL)),
    "cache": lambda: Json(Cache(Memory(), 60)),
    "expires": lambda: Json(Expires(Memory(), 60)),
    "versions": lambda: Versions(Json(Memory())),
    "validate": lambda: Validate(Json(Memory()), Account()),
    "validate-none": lambda: Validate(Json(Memory()), Optional()),
}


@pytest.fixture(params=STACKS)
def store(request: pytest.FixtureRequest) -> Store[Any]:
    return STACKS[request.param]()


def test_a_change_in_place_without_a_result_is_refused_and_the_document_stands(store: Store[Any]) -> None:
    store["a"] = {"paid": 0}
    before = store["a"], store.tag("a")
    with pytest.raises(TypeError, match=r"returned None.*; return the new value"):
        store.modify("a", lambda invoice: invoice.update(paid=5))
    assert (store["a"], store.tag("a")) == before


def test_a_default_changed_in_place_is_refused_and_stays(store: Store[Any]) -> None:
    default = {"paid": 0}
    with pytest.raises(TypeError, match="return the new value"):
        store.modify("a", lambda invoice: invoice.update(paid=5), default)
    assert (default, "a" in store) == ({"paid": 0}, False)


def test_a_change_that_is_returned_is_kept(store: Store[Any]) -> None:
    store["a"] = {"paid": 0}

    def pay(invoice: dict[str, int]) -> dict[str, int]:
        invoice["paid"] += 5
        return invoice

    assert store.modify("a", pay)["paid"] == store["a"]["paid"] == 5


def test_what_can_no_longer_be_encoded_was_changed_too() -> None:
    store = Json(Memory())
    store["a"] = {"lines": [1]}
    with pytest.raises(TypeError, match="return the new value"):
        store.modify("a", lambda document: document["lines"].append(object()))
    assert store["a"] == {"lines": [1]}


class Ledger(msgspec.Struct):
    """A document of a declared type, which can be changed in place."""

    lines: list[int]


def test_a_struct_changed_in_place_is_refused() -> None:
    store = Json(Memory(), type=Ledger)
    store["a"] = Ledger([1])
    with pytest.raises(TypeError, match="return the new value"):
        store.modify("a", lambda ledger: ledger.lines.append(2))  # type: ignore[arg-type,return-value]
    assert store["a"] == Ledger([1])


class Bare:
    """An object that equals itself alone."""


@pytest.mark.parametrize("value", [None, {"rate": math.nan}, [math.inf], "text", 7])
def test_none_is_a_value_where_nothing_was_changed(value: Any) -> None:
    store = MessagePack(Memory())
    store["a"] = value
    assert store.modify("a", lambda held: None) is None
    assert store["a"] is None


def test_none_replaces_an_object_that_cannot_be_compared() -> None:
    store = Pickle(Memory(), trust=True)
    store["a"] = Bare()
    assert store.modify("a", lambda held: None) is None


class Objects(PassThrough[Any]):
    """A store of objects with the default `modify` of the interface."""

    modify = Store.modify


def test_the_default_of_the_interface_looks_again_and_takes_another_writer_for_a_conflict() -> None:
    store = Objects(Pickle(Memory(), trust=True))
    store["a"] = [1]
    with pytest.raises(TypeError, match="return the new value"):
        store.modify("a", lambda held: held.append(2))
    assert store["a"] == [1]

    def nothing(held: list[int]) -> None:
        if held == [1]:
            store["a"] = [3]

    assert store.modify("a", nothing) is None
    assert store["a"] is None
    with pytest.raises(TypeError, match="return the new value"):
        store.modify("b", lambda held: held.append(2), default=[1])
    assert "b" not in store
