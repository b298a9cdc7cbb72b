"""What an address of fsspec's may say, and where its names may lead."""

import pickle
import socket

import fsspec
import pytest

import holdall
from holdall.adapters.fsspec import Fsspec
from holdall.errors import HoldallError, InvalidAddress, PermissionDenied, StoreNotFound, Unavailable
from holdall.store import Feature


@pytest.mark.parametrize(
    "address",
    [
        "fsspec://host/books",
        "fsspec+smtp://host/books",
        "fsspec+sftp://host/books?passwrod=hunter2",
        "fsspec+ftp://host/books?timeout=soon",
        "fsspec+ftp://host/books?timeout=0",
        "fsspec+ftp://host/books?timeout=inf",
        "fsspec+ftp://host/a%3Fb",
        "fsspec+file://relative/books",
    ],
)
def test_a_wrong_address_is_refused_and_its_password_not_shown(address):
    with pytest.raises(InvalidAddress) as refusal:
        holdall.open(address)
    assert "hunter2" not in str(refusal.value)


def test_a_password_shows_nowhere():
    store = holdall.open("fsspec+ftp://me:hunter2@127.0.0.1:1/books?timeout=1")
    assert repr(store) == "Fsspec('ftp://***@127.0.0.1:1/books', timeout=1.0)"
    with pytest.raises(TypeError, match="password") as refused:
        pickle.dumps(store)
    with pytest.raises(Unavailable) as away:
        store["a"]
    assert "hunter2" not in f"{refused.value} {away.value} {away.value.__cause__}"


def test_options_with_secrets_are_hidden():
    store = Fsspec("az://books", connection_string="AccountKey=hunter2")
    assert repr(store) == "Fsspec('az://books', connection_string='***')"


def test_a_login_is_decoded():
    store = holdall.open("fsspec+ftp://me:p%40ss%2F@127.0.0.1:1/books")
    assert store._address.userinfo == "me:p@ss/"


@pytest.mark.parametrize("protocol", ["ftp", "sftp"])
def test_an_ipv6_address_is_reached(protocol):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        with (
            holdall.open(f"fsspec+{protocol}://[::1]:{server.getsockname()[1]}/books?timeout=0.1") as store,
            pytest.raises(Unavailable),
        ):
            store["a"]
        server.setblocking(False)
        server.accept()[0].close()


def test_a_path_is_decoded_once(tmp_path):
    with holdall.open(f"fsspec+file://{tmp_path}/100%2541 é") as store:
        store["a"] = b"1"
        assert pickle.loads(pickle.dumps(store))["a"] == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["100%41 é"]


def test_no_key_leaves_the_root_where_a_mapper_of_fsspecs_does(tmp_path):
    (tmp_path / "x").write_bytes(b"outside")
    (tmp_path / "root").mkdir()
    assert fsspec.get_mapper(f"file://{tmp_path}/root", check=False)["../x"] == b"outside"
    with Fsspec(f"file://{tmp_path}/root") as store, holdall.Escape(store) as texts:
        texts["../x"] = b"inside"
        texts["/etc/x"] = b"inside"
        assert sorted(texts) == ["../x", "/etc/x"]
    assert (tmp_path / "x").read_bytes() == b"outside"


def test_values_are_files_that_holdall_file_reads(tmp_path):
    with Fsspec(f"file://{tmp_path}/root") as store:
        store.update({"a": b"1", "a/b": b"2", "A": b"3"})
    assert dict(holdall.File(tmp_path / "root")) == {"A": b"3", "a": b"1", "a/b": b"2"}


def test_a_folder_in_the_place_of_a_file_is_no_missing_key(tmp_path):
    (tmp_path / "a").mkdir()
    with Fsspec(f"file://{tmp_path}") as store:
        with pytest.raises(PermissionDenied):
            store["a"]
        with pytest.raises(HoldallError):
            store["a"] = b"1"
        assert list(store) == []


def test_any_other_file_system_has_the_four_operations(tmp_path):
    (tmp_path / "books").mkdir()
    store = holdall.open(f"fsspec+dir:///?path={tmp_path}/books&target_protocol=file")
    assert store.features == Feature.NONE
    with store:
        store.update({"a": b"1", "a/b": b"2"})
        store["a"] = b"3"
        del store["a/b"]
        with pytest.raises(KeyError):
            del store["a/b"]
        with pytest.raises(holdall.Unsupported):
            store.setdefault("c", b"4")
        assert dict(store) == {"a": b"3"}
    assert dict(Fsspec(f"file://{tmp_path}/books")) == {"a": b"3"}


def test_secrets_among_the_options_of_a_system_below_are_hidden(tmp_path):
    below = {"target_protocol": "file", "target_options": {"more": {"password": "hunter2"}}}
    store = Fsspec("dir:///", path=str(tmp_path), **below)
    with pytest.raises(StoreNotFound) as refused:
        list(
            Fsspec("dir:///", path=str(tmp_path / "a"), **below)._ask(
                None, lambda tree: tree.fs.ls("/nowhere")
            )
        )
    with pytest.raises(TypeError, match="password") as unpickled:
        pickle.dumps(store)
    said = f"{store!r} {refused.value} {unpickled.value}"
    assert "hunter2" not in said
    assert said.count("{'password': '***'}") == 2
