"""The whole suite over versions that a bucket keeps; on S3 in `make soak`."""

from collections.abc import Callable
from typing import Any

import pytest

from holdall import Json, Validate, Versions
from holdall.store import Store
from tests.conformance.test_conformance import AnyValue
from tests.middleware.versions.test_native import keep_versions
from tests.middleware.versions.test_versions_conformance import OnServers
from tests.soak import SOAK

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("server", [*(["moto_server"] if SOAK else []), "fake_gcs"], scope="class")
class TestNativeOnServers(OnServers):
    @pytest.fixture
    def open_store(self, server: str, request: pytest.FixtureRequest) -> Callable[[], Store[Any]]:
        running = request.getfixturevalue(server)

        def opened() -> Store[Any]:
            below = running.view()
            keep_versions(below)
            return Versions(Validate(Json(below), AnyValue()), history="native")

        return opened
