"""The parameters of a class are those of its constructor, for inspect, help(), editors and Sphinx."""

import inspect
import pickle
from typing import Any

import holdall
from holdall import Memory, Prefix, SQLite, Store


def parameters(function: Any) -> list[str]:
    return [str(each) for each in inspect.signature(function).parameters.values()]


def public() -> list[type]:
    """The public classes, but for the interface and the errors."""
    found = [getattr(holdall, name) for name in holdall.__all__]
    kinds = [each for each in found if inspect.isclass(each)]
    return [kind for kind in kinds if kind is not Store and not issubclass(kind, Exception)]


def test_every_public_class_shows_its_parameters() -> None:
    shown = {kind.__name__: parameters(kind) for kind in public()}
    assert {"S3", "SQLite", "Json", "Versions"} < shown.keys()
    assert [name for name, each in shown.items() if {"*args", "*args: Any"} & set(each)] == []
    assert shown["Prefix"] == ["store: holdall.store.Store[~V]", "prefix: str"]


def test_a_store_shows_the_parameters_of_its_constructor() -> None:
    stores = [kind for kind in public() if issubclass(kind, Store)]
    assert len(stores) > 30
    for kind in stores:
        known = parameters(kind.__init__)[1:]
        assert parameters(kind) == known
        assert parameters(kind.__new__) == ["self", *known]  # Sphinx asks this first


def test_a_constructor_that_is_inherited_is_shown_and_remembered() -> None:
    class Named(Prefix[bytes]):
        pass

    class Own(Prefix[bytes]):
        def __init__(self, store: Store[bytes], number: int = 1) -> None:
            super().__init__(store, f"n{number}")

    assert parameters(Named) == parameters(Prefix)
    assert parameters(Own)[1] == "number: int = 1"
    assert repr(Named(Memory(), "a")) == "Named(Memory(), 'a')"
    assert repr(Own(Memory(), number=2)) == "Own(Memory(), number=2)"


def test_a_store_is_pickled_as_it_was_made() -> None:
    for store in (SQLite("/tmp/a.db", table="t"), SQLite(path="/tmp/a.db", table="t")):
        assert repr(pickle.loads(pickle.dumps(store))) == "SQLite('/tmp/a.db', table='t')"
