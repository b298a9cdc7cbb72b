"""Folders that zict.File wrote, read by holdall."""

import os
import pickle
from pathlib import Path

import pytest
import zict

import holdall
from holdall.adapters._sources import folder
from holdall.errors import Corrupt, InvalidAddress, Mismatch, StoreNotFound, Unsupported
from tests.adapters.sources.sources import files, read


def test_it_reads_what_zict_wrote(tmp_path):
    old = zict.File(tmp_path / "old")
    written = {"a": b"1", "a/b c#d.é": b"", ".hidden": b"2", "x": b"old"}
    old.update(written)
    old["x"] = b"new"
    old["parts"] = [b"1", b"2"]
    before = files(tmp_path)
    assert read(f"zict:{tmp_path}/old") == {**written, "x": b"new", "parts": b"12"}
    with holdall.open(f"zict:{tmp_path}/old") as store:
        assert store["a"] == b"1"  # without a scan before
        assert "absent" not in store
        assert repr(pickle.loads(pickle.dumps(store))) == repr(store)
    assert files(tmp_path) == before


def test_keys_that_are_not_keys_of_holdall_are_foreign_names(tmp_path):
    zict.File(tmp_path).update({"a//b": b"1", "a\nb": b"2", "..": b"3"})
    (tmp_path / "%ff").write_bytes(b"4")
    with holdall.open(f"zict:{tmp_path}") as store:
        found = {str(name): store.get_foreign(name) for name in store.foreign_names()}
        assert found == {"a//b": b"1", "a\nb": b"2", "..": b"3", "\udcff": b"4"}
        assert not list(store)


def test_links_and_folders_are_named_and_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    old = tmp_path / "old"
    zict.File(old)["a"] = b"1"
    (old / "link#1").symlink_to(tmp_path / "secret")
    (old / "folder").mkdir()
    os.mkfifo(old / "pipe")
    with holdall.open(f"zict:{old}") as store:
        assert dict(store) == {"a": b"1"}
        names = list(store.foreign_names())
        assert sorted(names) == ["folder", "link#1", "pipe"]
        for name in names:
            with pytest.raises(Unsupported, match="is not a file; move it away"):
                store.get_foreign(name)
        (old / "a#0").unlink()
        (old / "a#0").symlink_to(tmp_path / "secret")
        with pytest.raises(Corrupt, match="links are not followed"):
            store["a"]


def test_two_files_of_one_key_are_both_named(tmp_path):
    (tmp_path / "a#1").write_bytes(b"1")
    (tmp_path / "a#2").write_bytes(b"2")
    with holdall.open(f"zict:{tmp_path}") as store:
        assert not list(store)
        assert sorted(map(store.get_foreign, store.foreign_names())) == [b"1", b"2"]


def test_a_file_that_is_too_large_is_refused_by_its_key(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "MOST", 3)
    zict.File(tmp_path).update({"a": b"123", "b": b"1234"})
    assert read(f"zict:{tmp_path}") == {"a": b"123", "b": "TooLarge"}


def test_other_places_are_refused_by_name(tmp_path):
    with pytest.raises(StoreNotFound, match="does not exist; name a folder that exists"):
        read(f"zict:{tmp_path}/old")
    Path(tmp_path, "zip").write_bytes(b"PK")
    with pytest.raises(StoreNotFound, match="is a file, not a folder"):
        read(f"zict:{tmp_path}/zip")
    Path(tmp_path, "data.mdb").write_bytes(b"")
    with pytest.raises(Mismatch, match=r"a folder of zict\.LMDB, which holdall does not read"):
        read(f"zict:{tmp_path}")
    with pytest.raises(InvalidAddress, match="no parameter 'values'"):
        holdall.open(f"zict:{tmp_path}?values=json")
