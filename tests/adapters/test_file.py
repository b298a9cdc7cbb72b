"""The file store: what is on the disk, where, and how durably."""

import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import holdall
from holdall import Conflict, File, InvalidAddress
from holdall.adapters._files import folders


@pytest.fixture
def store(tmp_path):
    return File(tmp_path / "store", durability="os")


def files(store):
    """Every path below the root but the lock file's."""
    root = Path(store.root)
    return {str(path.relative_to(root)) for path in root.rglob("*")} - {".lock"}


def named(fd):
    return Path(f"/proc/self/fd/{fd}").readlink().name


# ---- What is on the disk ---------------------------------------------------------------------------


def test_a_value_is_the_content_of_a_file_with_a_readable_name(store):
    store["invoices/2026/inv-17.json"] = b"{}"
    assert Path(store.root, "invoices+/2026+/inv-17.json").read_bytes() == b"{}"


def test_a_file_put_there_by_hand_is_a_key(store):
    store["a"] = b"1"
    Path(store.root, "b").write_bytes(b"2")
    assert dict(store) == {"a": b"1", "b": b"2"}


def test_reading_makes_no_root(store):
    assert list(store) == []
    assert list(store.scan_tags()) == []
    assert store.get("a") is None
    assert "a" not in store
    store.discard("a")
    store.clear()
    with pytest.raises(KeyError):
        del store["a"]
    with pytest.raises(Conflict):
        store.remove("a", holdall.Tag("1"))
    assert not Path(store.root).exists()


def test_a_delete_takes_the_folders_that_it_empties(store):
    store["a/b/c"] = store["a/d"] = b""
    del store["a/b/c"]
    assert files(store) == {"a+", "a+/d"}
    store.clear()
    assert files(store) == set()


def test_foreign_files_are_neither_shown_nor_touched(store):
    foreign = {
        "README.md",
        ".git",
        "a~",
        "notes+",
        "c%2",
        "x" * 130,
        "%0a",
        "Docs/a",
        "sub/y",
        "d+/.DS_Store",
    }
    store["a"] = b"1"
    for name in foreign:
        path = Path(store.root, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    assert list(store) == ["a"]
    store.clear()
    assert files(store) == foreign | {"Docs", "sub", "d+"}


def make_socket(path):
    os.mknod(path, stat.S_IFSOCK | 0o600)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, make_socket])
def test_what_is_no_file_is_no_key(store, make):
    store["a"] = b"1"
    make(f"{store.root}/b")
    assert "b" not in store
    assert list(store) == ["a"]
    with pytest.raises(KeyError):
        store["b"]
    with pytest.raises(KeyError):
        del store["b"]


tricky = st.text("a-/0+.=A é", min_size=1, max_size=6).filter(
    lambda key: not {"", ".", ".."} & set(key.split("/"))
)
longer = st.tuples(st.integers(117, 121), tricky).map(lambda pair: "x" * pair[0] + pair[1])


@settings(max_examples=60)
@given(st.sets(tricky | longer, max_size=12), tricky, tricky, tricky)
def test_a_scan_is_in_the_order_of_keys_whatever_their_names(tmp_path_factory, keys, prefix, start, stop):
    store = File(tmp_path_factory.mktemp("order"), durability="os")
    store.update(dict.fromkeys(keys, b""))
    assert list(store) == sorted(keys)
    assert list(store.scan(prefix)) == sorted(key for key in keys if key.startswith(prefix))
    assert list(store.scan(start=start, stop=stop)) == sorted(key for key in keys if start <= key < stop)
    assert [key for key, _ in store.scan_tags(start=start)] == sorted(key for key in keys if start <= key)
    assert [key for key, _ in store.scan_items(stop=stop)] == sorted(key for key in keys if key < stop)


def test_a_scan_lists_no_folder_outside_its_bounds(store, monkeypatch):
    store.update({f"{folder}/{n}": b"" for folder in "abcd" for n in range(3)})
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda fd: listed.append(named(fd)) or scandir(fd))
    assert len(list(store.scan("b/"))) == 3
    assert len(list(store.scan(start="b/2", stop="c/1"))) == 2
    assert set(listed) == {"store", "b+", "c+"}


# ---- Where it is -----------------------------------------------------------------------------------


def test_a_relative_root_stays_where_it_was_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = holdall.open("./books")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    store["a"] = b"1"
    assert (tmp_path / "books/a").read_bytes() == b"1"
    assert pickle.loads(pickle.dumps(store))["a"] == b"1"
    assert repr(store) == f"File({str(tmp_path / 'books')!r})"


@pytest.mark.parametrize(
    ("address", "root"),
    [
        ("file:///{here}/a%20b", "{here}/a b"),
        ("file://localhost/{here}/x", "{here}/x"),
        ("file:x/y", "{cwd}/x/y"),
        ("./x?y", "{cwd}/x?y"),
    ],
)
def test_an_address_names_its_folder(tmp_path, address, root):
    fill = {"here": str(tmp_path)[1:], "cwd": Path.cwd()}
    store = holdall.open(address.format(**fill))
    assert Path(store.root) == Path("/", root.format(**fill))


def test_the_address_names_the_durability(tmp_path):
    store = holdall.open(f"file://{tmp_path}?durability=os")
    assert repr(store) == f"File({str(tmp_path)!r}, durability='os')"
    assert repr(pickle.loads(pickle.dumps(store))) == repr(store)


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("file://books/2026", "file:books/2026"),
        ("file://books/2026", "file:///books/2026"),
        ("file://me@books/2026", "file:///books/2026"),
        ("file:", "file:///path"),
        ("file:///a%00b", "file:///path"),
        ("file:///tmp/a?durability=none", "full, os"),
        ("file:///tmp/a?durabilty=os", "durability"),
    ],
)
def test_an_address_that_cannot_be_meant_says_what_to_write(address, remedy):
    with pytest.raises(InvalidAddress) as caught:
        holdall.open(address)
    assert remedy in str(caught.value)


def test_a_file_for_a_root_is_refused(tmp_path):
    path = tmp_path / "books.db"
    path.write_bytes(b"hello")
    with pytest.raises(InvalidAddress, match=r"is a file; name a folder.* or write sqlite:///"):
        File(path)


_WITHOUT_OPENAT = """
import os, sys
for name in ("O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_PATH", "fork", "pread", "pwrite"):
    if hasattr(os, name):
        delattr(os, name)
os.supports_dir_fd.clear()
sys.modules["fcntl"] = None
import holdall
import holdall.adapters.fsspec, holdall.adapters.lmdb  # which stand on modules of the file store
try:
    holdall.open(sys.argv[1])
except holdall.Unsupported as error:
    print(error)
"""


def test_where_files_are_not_opened_by_folder_only_opening_is_refused(tmp_path):
    # As on Windows.
    for extra in ("fsspec", "lmdb"):
        pytest.importorskip(extra)
    command = [sys.executable, "-c", _WITHOUT_OPENAT, f"file:{tmp_path}"]
    said = subprocess.check_output(command, text=True)
    assert (
        said
        == "this system cannot open a file relative to an open folder; use sqlite:///path instead of file:\n"
    )


# ---- Durability ------------------------------------------------------------------------------------


@pytest.fixture
def steps(monkeypatch):
    """Names of what was synced and renamed, in order."""
    done = []
    fsync, rename = os.fsync, os.rename
    monkeypatch.setattr(os, "fsync", lambda fd: done.append(named(fd)) or fsync(fd))
    monkeypatch.setattr(os, "rename", lambda *a, **k: done.append(f"to {a[1]}") or rename(*a, **k))
    return done


def test_a_full_write_syncs_the_value_before_and_its_folder_after(tmp_path, steps):
    store = File(tmp_path / "new" / "store")
    store["a"] = b""
    assert steps == ["new", tmp_path.name, ".new", "to a", "store"]
    steps.clear()
    store["b/c"] = b""
    assert steps[:2] == [".new", "to c"]
    assert sorted(steps[2:]) == [
        "b+",
        "store",
    ]  # the value's folder, and the one where that folder is new
    steps.clear()
    del store["b/c"]
    assert steps[-1] == "store"


def test_a_batch_syncs_each_folder_once(tmp_path, steps):
    store = File(tmp_path)
    store.update({f"{folder}/{n}": b"" for folder in "ab" for n in range(10)})
    assert steps.count(".new") == 20
    assert [steps.count(name) for name in ("a+", "b+", tmp_path.name)] == [1, 1, 1]


def test_os_durability_syncs_nothing(store, steps):
    store["a/b"] = b""
    store.update(x=b"")
    del store["a/b"]
    assert steps == ["to b", "to x"]


def test_a_file_that_is_deleted_between_its_listing_and_its_look_is_left_out(tmp_path, monkeypatch):
    store = File(tmp_path, durability="os")
    store.update({"a": b"", "b": b"", "c": b""})
    text_of = folders.text_of

    def delete(name, *, folder):
        if name == "b":
            (tmp_path / "b").unlink(missing_ok=True)
        return text_of(name, folder=folder)

    monkeypatch.setattr(folders, "text_of", delete)
    assert [key for key, _ in store.scan_tags()] == ["a", "c"]
