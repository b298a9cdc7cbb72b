"""The whole suite over stores that keep versions, on whatever lies below."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from holdall import File, Json, Memory, SQLite, Validate, Versions
from holdall.store import Store
from holdall.testing import DOCUMENTS, StoreTests
from tests.middleware.versions.weaker import KINDS, Weaker


class AnyValue:
    """A schema that accepts everything."""

    def to_python(self, value: Any, state: Any = None) -> Any:
        return value

    def __repr__(self) -> str:
        return "AnyValue()"


class TestVersions(StoreTests[bytes]):
    names = {"Versions": Versions, "Weaker": Weaker}

    @pytest.fixture(params=KINDS)
    def open_store(self, request: pytest.FixtureRequest) -> Callable[[], Store[bytes]]:
        return lambda: Versions(Weaker(uuid4().hex, request.param))


class TestVersionsOfDocuments(StoreTests[Any]):
    values = DOCUMENTS
    names = {
        "AnyValue": AnyValue,
        "File": File,
        "Json": Json,
        "SQLite": SQLite,
        "Validate": Validate,
        "Versions": Versions,
    }

    @pytest.fixture(params=["memory", "sqlite", "file"])
    def open_store(
        self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Callable[[], Store[Any]]:
        def lowest() -> Store[bytes]:
            if request.param == "memory":
                return Memory(uuid4().hex)
            path = tmp_path_factory.mktemp("store") / "store"
            kind = {"sqlite": SQLite, "file": File}[request.param]
            return kind(str(path), durability="os")

        return lambda: Versions(Validate(Json(lowest()), AnyValue()))
