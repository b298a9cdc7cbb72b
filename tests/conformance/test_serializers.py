"""The suite over every serializer: on memory, SQLite and files, alone and in stacks of three.

`make test` takes each serializer on one store, once. `make soak` takes every store and every stack: the layers of these
stacks stand above Json in test_conformance.py, and they do not depend on the serializer.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from holdall import File, Json, MessagePack, Pickle, Prefix, SQLite, Text, Validate, Xml, Yaml
from holdall.store import Store
from holdall.testing import DOCUMENTS, LayerTests, Values
from tests.conformance.layered import LayeredTests
from tests.conformance.test_conformance import NOTES, AnyValue, Note, Row, crowded, folder, named
from tests.soak import SOAK

Wrap = Callable[[Store[bytes]], Store[Any]]

BELOW: dict[str, Row] = {
    "memory": lambda request: named(),
    "sqlite": lambda request: SQLite(folder(request) / "store.db", durability="os"),
    "file": lambda request: File(folder(request), durability="os"),
}
WRAPS: dict[str, Wrap] = {
    "json": Json,
    "msgpack": MessagePack,
    "yaml": Yaml,
    "xml": Xml,
    "validate-yaml-prefix": lambda store: Validate(Yaml(Prefix(store, "app")), AnyValue()),
    "prefix-validate-msgpack": lambda store: Prefix(Validate(MessagePack(store), AnyValue()), "app"),
    "validate-xml-prefix": lambda store: Validate(Xml(Prefix(store, "app")), AnyValue()),
}
ALL = [(wrap, below) for wrap in WRAPS for below in BELOW]
SOME = [
    ("yaml", "memory"),
    ("xml", "memory"),
]
NAMES: dict[str, Any] = {
    "AnyValue": AnyValue,
    "File": File,
    "MessagePack": MessagePack,
    "Json": Json,
    "Note": Note,
    "Pickle": Pickle,
    "Prefix": Prefix,
    "SQLite": SQLite,
    "Text": Text,
    "Validate": Validate,
    "Xml": Xml,
    "Yaml": Yaml,
}


def trusted(store: Store[bytes]) -> Pickle:
    return Pickle(store, trust=True)


class TestDocuments(LayeredTests[Any]):
    values = DOCUMENTS
    names = NAMES

    @pytest.fixture(params=ALL if SOAK else SOME, ids="-".join)
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        wrap, below = request.param
        return lambda: WRAPS[wrap](BELOW[below](request))


class TestTyped(LayeredTests[Note]):
    values = NOTES
    names = NAMES

    @pytest.fixture(params=[MessagePack, Yaml, Xml] if SOAK else [MessagePack])
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Note]]:
        return lambda: request.param(named(), type=Note)


OBJECTS: Values[Any] = Values(
    of=DOCUMENTS.of,
    number=DOCUMENTS.number,
    special=((1, {2}), b"", 1j, None, {}, [[]]),
    refused=(lambda: 0,),
    large=DOCUMENTS.large,
    any=DOCUMENTS.any,
)


class TestObjects(LayeredTests[Any]):
    values = OBJECTS
    names = NAMES

    @pytest.fixture(params=["memory", "sqlite", "file", "stack"] if SOAK else ["memory"])
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        if request.param == "stack":
            return lambda: Prefix(Validate(trusted(crowded()), AnyValue()), "app")
        return lambda: trusted(BELOW[request.param](request))


TEXTS: Values[str] = Values(
    of=str,
    number=int,
    special=("", "\0", "\r\n", " ", "é\u2028\U00010000", "\ufeff"),
    refused=(b"bytes", 7, None, ["a"], "\ud800"),
    large="holdall " * 131_072,
    any=st.text(st.characters(codec="utf-8")),
)


class TestTexts(LayeredTests[str]):
    values = TEXTS
    names = NAMES

    @pytest.fixture(params=["memory", "sqlite", "file", "stack"] if SOAK else ["memory"])
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[str]]:
        if request.param == "stack":
            return lambda: Prefix(Validate(Text(crowded()), AnyValue()), "app")
        return lambda: Text(BELOW[request.param](request))


class TestDocumentLayers(LayerTests[Any]):
    values = DOCUMENTS

    @pytest.fixture(params=[Json, MessagePack, Yaml, Xml, trusted])
    def wrap(self, request: pytest.FixtureRequest) -> Wrap:
        return request.param


class TestTextLayer(LayerTests[str]):
    values = TEXTS

    @pytest.fixture
    def wrap(self) -> Wrap:
        return Text
