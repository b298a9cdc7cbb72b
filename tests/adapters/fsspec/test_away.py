"""Servers that die and come back, refuse, or are another than they were."""

from collections.abc import Callable, Iterator

import pytest

from holdall.adapters.fsspec import Fsspec
from holdall.adapters.fsspec.ftp import FTP
from holdall.errors import PermissionDenied, StoreNotFound, Unavailable
from holdall.testing import BrokenStoreTests
from tests.servers.files import PASSWORD, Server, ftp_in, sftp_in


@pytest.fixture(params=["sftp_server", "ftp_server"])
def server(request, tmp_path) -> Iterator[Server]:
    """A server of the test's own, to be killed."""
    started = {"sftp_server": sftp_in, "ftp_server": ftp_in}[request.param]
    with started(tmp_path) as server:
        yield server


def test_a_server_that_comes_back_is_used_again(server):
    with server.store(timeout=30) as store:
        store["a"] = b"1"
        server.program.stop()
        for operation in (lambda: store["a"], lambda: store.update(b=b"2"), lambda: list(store)):
            with pytest.raises(Unavailable):
                operation()
        server.program.start()
        assert store["a"] == b"1"
        store["b"] = b"2"
        server.program.stop()
        server.program.start()
        assert list(store) == ["a", "b"]  # on a new connection, as the old one broke unnoticed


def test_a_key_written_while_ftp_is_asked_whether_it_is_missing_is_found(ftp_server, monkeypatch):
    listed = FTP._entries
    monkeypatch.setattr(FTP, "_entries", lambda tree, path: writing() or listed(tree, path))
    with ftp_server.store() as store:
        store["a"] = b"1"

        def writing() -> None:
            monkeypatch.undo()
            store["b"] = b"2"

        assert store["b"] == b"2"


class TestAway(BrokenStoreTests[bytes]):
    secrets = (PASSWORD,)

    @pytest.fixture
    def open_store(self, server: Server) -> Callable[[], Fsspec]:
        server.program.stop()
        yield lambda: server.store(timeout=30, password=PASSWORD)
        server.program.start()


class TestRefused(BrokenStoreTests[bytes]):
    secrets = ("hunter2",)

    @pytest.fixture
    def server(self, request, ftp_server: Server) -> Server:
        return ftp_server

    @pytest.fixture
    def open_store(self, server: Server) -> Callable[[], Fsspec]:
        return lambda: server.store(password="hunter2")


class TestNoContainer(BrokenStoreTests[bytes]):
    @pytest.fixture
    def open_store(self, azurite: Server) -> Callable[[], Fsspec]:
        return lambda: Fsspec("az://there-is-none/books")


def test_a_missing_container_is_named_as_such(azurite):
    with Fsspec("az://there-is-none") as store, pytest.raises(StoreNotFound):
        store["a"]


def test_an_ssh_server_must_be_known(sftp_server, tmp_path):
    with (
        sftp_server.store(known_hosts=str(tmp_path / "none")) as store,
        pytest.raises(PermissionDenied, match="known_hosts"),
    ):
        store["a"]


def test_what_ftp_forbids_is_not_missing(tmp_path):
    with ftp_in(tmp_path) as server, server.store() as store:
        store["folder/a"] = b"1"
        for folder in tmp_path.rglob("folder+"):
            folder.joinpath("a").unlink()
            folder.joinpath("a").mkdir()  # 550, as for a missing file
        with pytest.raises(PermissionDenied):
            store["folder/a"]
        with pytest.raises(PermissionDenied):
            del store["folder/a"]
        with pytest.raises(KeyError):
            store["folder/b"]
        with pytest.raises(KeyError):
            store["other/b"]
