"""Each example app passes its own tests, on SQLite and in a bucket, in a folder of its own."""

import shutil
from pathlib import Path

import pytest

from tests.plugins import WITHOUT_OTHERS

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.servers

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "passed"),
    [("django_notes", 7), ("fastapi_notes", 6), ("flask_notes", 7)],
)
def test_an_example_passes_its_tests(
    name: str, passed: int, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "HOLDALL_REQUIRE_ALL", "HOLDALL_URI"):
        monkeypatch.delenv(variable, raising=False)
    shutil.copytree(EXAMPLES / name, pytester.path, dirs_exist_ok=True)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", *WITHOUT_OTHERS)
    result.assert_outcomes(passed=passed)
