"""An empty folder and a plain environment for each test, and stores to run the commands on."""

import shutil

import pytest

from tests.cli.console import call


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The empty folder that the test runs in."""
    for name in ("HOLDALL_URI", "HOLDALL_CONFIG", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name in ("CACHE", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / f".{name}"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["file", "sqlite", "memory"])
def uri(request, tmp_path):
    """The address of an empty store, of each kind."""
    name = tmp_path.name  # in memory the name is this process's, not the folder's
    return {"file": "file:store", "sqlite": "sqlite:///store.db", "memory": f"memory://{name}"}[request.param]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """A database with the demo's invoices and payments."""
    path = tmp_path_factory.mktemp("books") / "books.db"
    assert call("demo", "--into", f"sqlite:///{path}").code == 0
    return path


@pytest.fixture
def books(recorded, folder):
    """The address of books of the test's own that hold what the demo records."""
    shutil.copy(recorded, folder / "books.db")
    return "sqlite:///books.db"
