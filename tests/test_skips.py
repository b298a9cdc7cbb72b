"""A skip is a failure where everything is required, unless its reason is excused."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SKIPPING = """
import pytest

def test_skips(): pytest.skip("no server here")

def test_is_excused(): pytest.skip({excuse!r})

@pytest.mark.xfail
def test_fails_as_expected(): assert False
"""
CONFTEST = Path(__file__).with_name("conftest.py")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    def run(source: str, required: str) -> dict[str, int]:
        monkeypatch.setenv("HOLDALL_REQUIRE_ALL", required)
        pytester.makeconftest(CONFTEST.read_text())
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider").parseoutcomes()

    return run


def test_a_skip_fails_where_everything_is_required(run):
    from tests.conftest import NO_INVOICES

    source = SKIPPING.format(excuse=NO_INVOICES)
    assert run(source, "1") == {"failed": 1, "skipped": 1, "xfailed": 1}
    assert run(source, "0") == {"skipped": 2, "xfailed": 1}


def test_a_module_that_skips_itself_fails_too(run):
    source = "import pytest; pytest.importorskip('no_such_library')"
    assert run(source, "1") == {"errors": 1}
    assert run(source, "0") == {"skipped": 1}
