"""The whole suite over stores that keep versions, on whatever lies below."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from holdall import Json, Memory, Validate, Versions
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
    names = {"AnyValue": AnyValue, "Json": Json, "Validate": Validate, "Versions": Versions}

    @pytest.fixture
    def open_store(self) -> Callable[[], Store[Any]]:
        return lambda: Versions(Validate(Json(Memory(uuid4().hex)), AnyValue()))
