"""The mode of a new store's files is what the umask leaves, so that a group may share a store, or nobody."""

import os
from stat import S_IMODE

import pytest

import holdall


@pytest.fixture(params=[0o002, 0o077], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize(
    "address", ["file:books", "sqlite:///books.db", "lmdb:books", "dbm:books?flavor=dumb"]
)
def test_the_files_of_a_new_store_follow_the_umask(umask, address, tmp_path, monkeypatch):
    tmp_path.chmod(0o777 & ~umask)
    monkeypatch.chdir(tmp_path)
    with holdall.open(address) as store:
        store["a/b"] = b"1"
        found = [(path.name, path.is_dir(), S_IMODE(path.stat().st_mode)) for path in tmp_path.rglob("*")]
    assert {name for name, is_folder, _ in found if not is_folder}
    for name, is_folder, mode in found:
        whole = 0o777 if is_folder else 0o660 if name.endswith(".lock") else 0o666  # see flock
        assert oct(mode) == oct(whole & ~umask), name
