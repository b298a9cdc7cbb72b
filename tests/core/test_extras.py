"""What an adapter says of a library that it cannot import."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from holdall.errors import MissingExtra
from holdall.extras import needs


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library that is installed; what it is made of is written to the file."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "some_library", raising=False)
    return tmp_path / "some_library.py"


def test_what_is_not_installed_names_the_extra() -> None:
    with (
        pytest.raises(MissingExtra, match=r"^no_such is not installed; pip install 'holdall\[s3\]'$"),
        needs("s3"),
    ):
        import_module("no_such")


def test_what_a_library_needs_and_lacks_is_named(library: Path) -> None:
    library.write_text("import no_such")
    with pytest.raises(MissingExtra, match=r"^no_such is not installed"), needs("s3"):
        import_module("some_library")


def test_a_library_that_cannot_be_read_is_no_missing_one(library: Path) -> None:
    library.write_text("from os import no_such_name")
    with pytest.raises(ImportError, match="no_such_name") as broken, needs("s3"):
        import_module("some_library")
    assert not isinstance(broken.value, MissingExtra)


def test_one_extra_within_another_names_its_own() -> None:
    with pytest.raises(MissingExtra, match="json"), needs("domain"), needs("json"):
        import_module("no_such")


@pytest.mark.parametrize(
    ("library", "address", "extra"),
    [
        ("sqlalchemy", "mysql://host/database", "mysql"),
        ("boto3", "dynamodb://table", "dynamodb"),
    ],
)
def test_a_library_that_two_stores_need_is_named_with_the_extra_of_the_one_opened(library, address, extra):
    lacking = f"import sys; sys.modules[{library!r}] = None; import holdall; holdall.open({address!r})"
    run = subprocess.run([sys.executable, "-c", lacking], capture_output=True, text=True, check=False)
    assert run.stderr.strip().endswith(f"{library} is not installed; pip install 'holdall[{extra}]'")
