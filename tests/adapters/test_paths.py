"""Paths in addresses: what is no path, where one leads that is relative or no UTF-8, and a folder that is gone."""

import os
import pickle

import pytest

import holdall
from holdall import InvalidAddress, StoreNotFound

SCHEMES = ("file:", "sqlite:///", "lmdb:", "dbm:", "fsspec+file:", "shove+file:")
NO_UTF8 = os.fsdecode(b"caf\xe9")


def opened(scheme, path):
    return holdall.open(scheme + path, **({"flavor": "dumb"} if scheme == "dbm:" else {}))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_no_path_is_refused(scheme):
    with pytest.raises(InvalidAddress, match="not a path"):
        opened(scheme, "a%00b")


@pytest.mark.parametrize("store", [holdall.File, holdall.SQLite, holdall.LMDB, holdall.DBM])
@pytest.mark.parametrize("path", ["", "\ud800"])
def test_what_no_file_can_be_called_is_no_path(store, path):
    with pytest.raises(InvalidAddress, match="not a path"):
        store(path)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_relative_path_where_the_current_folder_is_gone(scheme, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(StoreNotFound, match="was removed"):
        opened(scheme, "books")


@pytest.mark.parametrize("scheme", ["file:", "sqlite:///", "lmdb:", "dbm:"])
def test_a_path_may_be_no_utf8(scheme, tmp_path):
    with opened(scheme, f"{tmp_path}/{NO_UTF8}") as store:
        store["a"] = b"1"
        with pickle.loads(pickle.dumps(store)) as again:
            assert again["a"] == b"1"
    assert any(path.name.startswith(NO_UTF8) for path in tmp_path.iterdir())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_two_dots_after_a_link_lead_where_the_system_says(scheme, tmp_path):
    (tmp_path / "away" / "here").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "away" / "here")
    with opened(scheme, f"{tmp_path}/link/../books") as store:
        store["a"] = b"1"
    assert any(path.name.startswith("books") for path in (tmp_path / "away").iterdir())
