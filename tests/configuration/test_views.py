"""Views in a configuration file: what a file may say, and that it needs trust."""

from pathlib import Path

import pytest

from holdall import InvalidAddress, PermissionDenied
from holdall.configuration import files, reading
from holdall.configuration.trust import trust

FILE = """
[store.invoices]
uri = "sqlite:///{here}/books.db?serializer=json"

[view.billed]
store = "invoices?readonly=1"
query = "books.queries:billed"
index = "sqlite:///{here}/views.db"
prefix = "invoices/"

[view.all]
store = "memory://books"
query = "books.queries:paid"
"""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a project in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOLDALL_CONFIG", raising=False)
    for name in ("CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    return declare(tmp_path / "holdall.toml", FILE)


def declare(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o644)
    return file


def test_a_view_names_its_store_its_query_and_its_index(file: Path) -> None:
    trust(reading.read(file))
    billed, whole = files.find_view("billed"), files.find_view("all")
    assert (str(billed.store), billed.query, billed.prefix) == (
        "invoices?readonly=1",
        "books.queries:billed",
        "invoices/",
    )
    assert str(billed.index) == f"sqlite:///{file.parent}/views.db"
    assert (whole.index, whole.prefix) == (None, "")
    assert [each.name for each in files.views()] == ["all", "billed"]


def test_a_view_of_a_stranger_needs_trust_because_its_query_is_code(file: Path) -> None:
    with pytest.raises(PermissionDenied, match=r"view\.billed in .* needs your trust: query may run code"):
        files.find_view("billed")


def test_the_file_of_the_user_needs_no_trust(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDALL_CONFIG", str(file))
    assert files.find_view("all").query == "books.queries:paid"


def test_the_nearest_file_that_declares_a_name_wins(file: Path) -> None:
    declare(file.parent / "CONFIG" / "holdall" / "holdall.toml", FILE.replace("view.all", "view.own"))
    assert files.find_view("own").file.parent.name == "holdall"
    assert [(each.name, each.file.parent.name) for each in files.views()] == [
        ("all", file.parent.name),
        ("billed", file.parent.name),
        ("own", "holdall"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("view = 1", "view is not a table"),
        ("[view]\nbilled = 1", "view.billed is not a table"),
        ("[view.billed]\nquery = 'm:q'", "view.billed has no store as text; write store = "),
        ("[view.billed]\nstore = 's'", "view.billed has no query as text; write query = "),
        ("[view.billed]\nstore = 's'\nquery = 'm:q'\nindex = 7", "has no index as text"),
        ("[view.billed]\nstore = 's'\nquery = 'm:q'\nfrom = 's'", "view.billed.from is not known"),
        ("[view.'a b']\nstore = 's'\nquery = 'm:q'", "'a b' is not a valid name"),
        ("[views.billed]", "views is not known; did you mean 'view'"),
    ],
)
def test_a_file_that_is_not_valid_is_refused(file: Path, text: str, message: str) -> None:
    declare(file, text)
    with pytest.raises(InvalidAddress, match=message):
        files.find_view("billed")


def test_a_name_that_nothing_declares_is_refused_with_what_may_be_meant(file: Path) -> None:
    with pytest.raises(InvalidAddress, match=r"no view is named 'bill': .*did you mean 'billed'"):
        files.find_view("bill")
    file.unlink()
    with pytest.raises(InvalidAddress, match=r"there is no holdall\.toml; declare it as \[view\.bill\]"):
        files.find_view("bill")
