"""A skip is a failure where everything is required, unless its reason is excused."""

from pathlib import Path

import pytest

from tests.conftest import NO_INVOICES
from tests.plugins import WITHOUT_OTHERS

pytest_plugins = ["pytester"]

FUNCTIONS = """
import pytest

def test_skips(): pytest.skip("no server here")

def test_is_excused(): pytest.skip({excuse!r})

@pytest.mark.xfail
def test_fails_as_expected(): assert False
"""
MODULE = "import pytest; pytest.importorskip('no_such_library')"
CONFTEST = Path(__file__).with_name("conftest.py")


@pytest.mark.parametrize(
    ("required", "outcomes"),
    [
        ("1", {"errors": 1, "failed": 1, "skipped": 1, "xfailed": 1}),
        ("0", {"skipped": 3, "xfailed": 1}),
    ],
)
def test_a_skip_fails_where_everything_is_required(
    required: str,
    outcomes: dict[str, int],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("HOLDALL_REQUIRE_ALL", required)
    monkeypatch.setenv("PYTHONPATH", str(CONFTEST.parents[1]))
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(test_functions=FUNCTIONS.format(excuse=NO_INVOICES), test_module=MODULE)
    run = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", *WITHOUT_OTHERS, "--continue-on-collection-errors"
    )
    assert run.parseoutcomes() == outcomes
