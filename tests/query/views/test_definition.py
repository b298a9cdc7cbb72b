"""What the definition of a view sees: the loaded code, helpers in every wrapping, constants, fields and the store."""

import itertools
import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from holdall import Json, Memory, Prefix, SQLite, Store
from holdall.query import MapReduce
from holdall.query.views.definition import definition, has_same_source

HEAD = """
import functools, re, typing, enum, operator, decimal, dataclasses
from collections.abc import Callable
import msgspec
"""

# Each has one word, "OLD", that a change replaces by "NEW".
CHANGED = {
    "a cached helper": """
@functools.lru_cache
def helper(key): return "OLD"
def map(key, value): yield helper(key), 1
""",
    "a helper of a cached helper": """
def rate(): return "OLD"
@functools.cache
def helper(key): return rate()
def map(key, value): yield helper(key), 1
""",
    "a cached map": """
@functools.lru_cache
def map(key, value): return [("OLD", 1)]
""",
    "the body of a decorator": """
def decorated(function):
    @functools.wraps(function)
    def wrapper(key, value):
        for group, number in function(key, value):
            yield group + "OLD", number
    return wrapper
@decorated
def map(key, value): yield key, 1
""",
    "the function below a decorator": """
def decorated(function):
    @functools.wraps(function)
    def wrapper(key, value): return function(key, value)
    return wrapper
@decorated
def map(key, value): yield "OLD", 1
""",
    "a regular expression": """
PATTERN = re.compile("OLD")
def map(key, value): yield bool(PATTERN.search(key)), 1
""",
    "a long regular expression": """
PATTERN = re.compile("x" * 500 + "OLD")
def map(key, value): yield bool(PATTERN.search(key)), 1
""",
    "an object of another module": """
get = operator.itemgetter("OLD")
def map(key, value): yield get(value), 1
""",
    "a decoder": """
decode = msgspec.json.Decoder(typing.Literal["OLD"]).decode
def map(key, value): yield msgspec.json.Decoder(typing.Literal["OLD"]).decode(value), 1
""",
    "an object with slots": """
class Rates:
    __slots__ = ("name",)
    def __init__(self, name): self.name = name
RATES = Rates("OLD")
def map(key, value): yield RATES.name, 1
""",
    "a table of functions": """
def helper(key): return "OLD"
TABLE = {"a": [helper]}
def map(key, value): yield TABLE["a"][0](key), 1
""",
    "a set in a set": """
NAMES = {frozenset({"OLD", "other", "third"}), frozenset()}
def map(key, value): yield key in NAMES, 1
""",
    "singledispatch": """
@functools.singledispatch
def helper(value): return "other"
@helper.register
def _(value: int): return "OLD"
def map(key, value): yield helper(value), 1
""",
    "a nested lambda": """
def map(key, value): yield (lambda: [each for each in ["OLD"]])(), 1
""",
    "an exception handler": """
def map(key, value):
    try:
        yield key, 1
    except (KeyError if "OLD" == "NEW" else ValueError):
        pass
""",
    "a module": """
import json as OLD_module
import pprint as NEW_module
tools = OLD_module
def map(key, value): yield tools.dumps(value), 1
""",
    "the method of a store": """
class Service:
    def __init__(self, name): self.name = name
    def map(self, key, value): yield self.name, 1
map = Service("OLD").map
""",
}
for kind in ("property", "staticmethod", "classmethod", "functools.cached_property"):
    CHANGED[f"a helper of a {kind}"] = f"""
def helper(): return "OLD"
class Group:
    @{kind}
    def name(*self): return helper()
def map(key, value): yield Group().name, 1
"""
TYPES = {
    "a default": 'class Type(msgspec.Struct):\n    name: str = "OLD"',
    "a default of a factory": 'class Type(msgspec.Struct):\n    x: str = msgspec.field(default_factory=lambda: "OLD")',
    "a new name": 'class Type(msgspec.Struct, rename={"name": "OLD"}):\n    name: str',
    "a tag": 'class Type(msgspec.Struct, tag="OLD"):\n    name: str',
    "a constraint": 'class Type(msgspec.Struct):\n    name: typing.Annotated[str, msgspec.Meta(pattern="OLD")]',
    "an inner type": 'class Inner(msgspec.Struct):\n    OLD: str\nclass Type(msgspec.Struct):\n    all: list["Inner"]',
    "a generic type": 'T = typing.TypeVar("T")\nclass P(msgspec.Struct, typing.Generic[T]):\n    OLD: T\nType = P[int]',
    "a made struct": 'Type = msgspec.defstruct("Type", [("name", str, "OLD")])',
    "a made field": 'Type = msgspec.defstruct("Type", [("OLD", str)])',
    "a dataclass": '@dataclasses.dataclass\nclass Type:\n    name: str = "OLD"',
    "a required key": 'Type = typing.TypedDict("Type", {"name": str}, total="OLD" == "NEW")',
    "a NewType": 'class Inner(msgspec.Struct):\n    OLD: str\nType = typing.NewType("Type", Inner)',
    "a property of a type": 'class Type(msgspec.Struct):\n    @property\n    def name(self): return "OLD"',
}


def load(source: str, path: Path | None = None) -> ModuleType:
    """Return a module of this source. Without a path, nothing but its code is known of it."""
    module = ModuleType("viewed")
    sys.modules["viewed"] = module
    exec(compile(source, str(path or "<none>"), "exec"), vars(module))
    return module


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    sys.modules.pop("viewed", None)


def of(source: str) -> str:
    module = load(HEAD + source)
    query: Any = MapReduce(getattr(module, "map", by_key), "sum", type=getattr(module, "Type", None))
    return definition(query, Memory(), "", inside=True)


def by_key(key: str, value: Any) -> Any:
    yield key, 1


@pytest.mark.parametrize("source", [*CHANGED.values(), *TYPES.values()], ids=[*CHANGED, *TYPES])
def test_a_change_of_what_the_query_uses_is_another_definition(source: str) -> None:
    before = of(source)
    assert before == of("\n\n# moved\n" + source)
    assert before != of(source.replace("OLD", "NEW"))


def test_the_definition_is_that_of_the_loaded_code_and_not_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "viewed.py"
    path.write_text("def map(key, value): yield key, 1\n")
    old = load(path.read_text(), path)
    before = definition(MapReduce(old.map), Memory(), "", inside=True)
    path.write_text("def map(key, value): yield key, 2\n")
    linecache.checkcache()
    assert definition(MapReduce(old.map), Memory(), "", inside=True) == before
    new = load(path.read_text(), path)
    assert definition(MapReduce(new.map), Memory(), "", inside=True) != before


def test_two_lambdas_on_one_line_differ() -> None:
    maps = [lambda key, value: [(key, 1)], lambda key, value: [(key, 2)]]
    one, other = (definition(MapReduce(each), Memory(), "", inside=True) for each in maps)
    assert one != other


def test_a_definition_does_not_depend_on_what_ran_before() -> None:
    source = CHANGED["singledispatch"] + "@functools.cached_property\ndef unused(self): pass\n"
    module = load(HEAD + source)
    before = definition(MapReduce(module.map), Memory(), "", inside=True)
    for _ in range(30):  # until the code is specialized
        list(module.map("a", 1))
    assert definition(MapReduce(module.map), Memory(), "", inside=True) == before


def test_a_constant_that_contains_itself() -> None:
    assert of("A = []\nA.append({'a': (A,)})\ndef map(key, value): yield key, A") == of(
        "A = []\nA.append({'a': (A,)})\ndef map(key, value): yield key, A"
    )


def test_the_source_is_the_store_with_its_layers_and_the_prefix(tmp_path: Path) -> None:
    query: Any = MapReduce(by_key)

    def of_store(store: Store[Any], prefix: str = "") -> str:
        return definition(query, store, prefix)

    path, memory = tmp_path / "a.db", Memory()
    with SQLite(path) as store, SQLite(path, timeout=5) as again, SQLite(path, table="other") as table:
        different = [
            of_store(store),
            of_store(table),
            of_store(memory),
            of_store(Memory()),
            of_store(store, "a"),
            of_store(Prefix(store, "a")),
        ]
        assert not any(has_same_source(*pair) for pair in itertools.combinations(different, 2))
        assert of_store(again) == of_store(store)
    assert of_store(memory) == of_store(memory)
    assert has_same_source(of_store(Json(memory, type=int)), of_store(Json(memory, type=str)))
