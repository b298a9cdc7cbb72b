"""The pytest plugin for users, run as a user runs it: by pytest, in a project of its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.proxy import Proxy, answer
from tests.plugins import WITHOUT_OTHERS

EXAMPLE = Path(__file__).parents[2] / "examples" / "petty_cash"

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No endpoint of this machine's, and no rule of ours about skips."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "STORAGE_EMULATOR_HOST", "HOLDALL_REQUIRE_ALL"):
        monkeypatch.delenv(name, raising=False)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *WITHOUT_OTHERS, *arguments)


@pytest.mark.servers  # slow, so not in `make test`
def test_the_example_passes_its_own_tests(pytester: pytest.Pytester) -> None:
    for file in EXAMPLE.glob("*.py"):
        shutil.copy(file, pytester.path)
    run(pytester).assert_outcomes(passed=3)


def test_the_example_prints_what_its_readme_shows(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "petty_cash.py", tmp_path)
    (session,) = re.findall(
        r"^```console\n(.*?)^```$", (EXAMPLE / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    commands = "\n".join(line[2:] for line in session.splitlines() if line.startswith("$ "))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    shown = subprocess.check_output(
        ["sh", "-ec", commands], cwd=tmp_path, env=os.environ | {"PATH": path}, text=True
    )
    assert shown.splitlines() == [line for line in session.splitlines() if not line.startswith("$ ")]


def test_holdall_store_is_each_address_in_turn_and_is_left_empty(pytester: pytest.Pytester) -> None:
    """And an app may wrap it under its name."""
    pytester.makepyfile(
        test_plain="""
        def test_it_is_empty(holdall_store):
            assert list(holdall_store.scan()) == []
            holdall_store["a"] = b"1"

        def test_it_is_empty_again(holdall_store):
            assert list(holdall_store.scan()) == []
        """,
        test_wrapped="""
        import holdall, pytest

        @pytest.fixture
        def holdall_store(holdall_store):
            return holdall.Json(holdall_store)

        def test_it(holdall_store):
            holdall_store["a"] = 1
            assert dict(holdall_store) == {"a": 1}
        """,
    )
    result = run(pytester, "-v", "--holdall-uri=sqlite:///a.db", "--holdall-uri=file:b")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["*test_it_is_empty?sqlite:///a.db?*", "*test_it_is_empty?file:b?*"])
    from holdall import open as open_store

    with open_store(f"sqlite:///{pytester.path}/a.db") as left:
        assert list(left.scan()) == []


def test_every_fixture_is_named_after_a_store_of_holdalls(pytester: pytest.Pytester) -> None:
    """Those of other plugins and of an app keep the short names, such as `store`."""
    result = run(pytester, "--fixtures", "-v")
    ours = {line.split()[0] for line in result.outlines if "holdall/testing/plugin.py" in line}
    assert {name for name in ours if not name.startswith("holdall_")} == {
        "gcs_store",
        "memory_store",
        "s3_store",
    }


@pytest.mark.servers
@pytest.mark.parametrize("option", [[], ["--holdall-server"]])
def test_every_test_gets_a_store_of_its_own(pytester: pytest.Pytester, option: list[str]) -> None:
    pytester.makepyfile(
        """
        import pickle, pytest
        from holdall import ABSENT, Feature

        @pytest.mark.parametrize("turn", range(2))
        def test_memory(memory_store, turn):
            assert not memory_store
            memory_store["a"] = b"1"
            assert pickle.loads(pickle.dumps(memory_store))["a"] == b"1"

        @pytest.mark.parametrize("turn", range(2))
        def test_s3(s3_store, turn):
            assert not s3_store
            assert Feature.SWAP in s3_store.features
            s3_store.swap("a", b"1", ABSENT)
            assert dict(s3_store) == {"a": b"1"}
        """
    )
    run(pytester, *option).assert_outcomes(passed=4)


@pytest.mark.servers
def test_s3_store_goes_where_the_environment_points(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("def test_it(s3_store): s3_store['a'] = b'1'")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with Proxy("http://127.0.0.1:9") as proxy:  # discard: nothing listens, and nothing is asked of it
        proxy.always = answer(403, "AccessDenied")
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        result = run(pytester)
    result.stdout.fnmatch_lines(["*PermissionDenied*"])
    assert proxy.counts["PUT"]


def test_the_plugin_imports_nothing_until_it_is_asked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert not {"hypothesis", "boto3", "moto", "msgspec"} & set(sys.modules)
        """
    )
    run(pytester, "-p", "no:hypothesispytest").assert_outcomes(passed=1)
