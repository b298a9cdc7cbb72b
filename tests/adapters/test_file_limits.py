"""The file store where the disk or someone else is against it: links, full disks, refusals."""

import contextlib
import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from holdall import ABSENT, File, HoldallError, PermissionDenied, StoreFull, TooLarge, Unavailable

NOBODY = 65534


@pytest.fixture
def store(tmp_path):
    return File(tmp_path / "store", durability="os")


@pytest.fixture
def outside(tmp_path):
    """A folder beside the root, with a file that nothing may read or change."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(b"secret")
    yield folder
    assert [path.name for path in folder.iterdir()] == ["secret"]
    assert (folder / "secret").read_bytes() == b"secret"


# ---- Links -----------------------------------------------------------------------------------------


def refuses(store, key):
    for read in (store.__getitem__, store.get, store.__contains__, store.get_tagged):
        with pytest.raises(PermissionDenied, match="link"):
            read(key)
    with pytest.raises(PermissionDenied):
        store.swap(key, b"x", ABSENT)
    assert list(store) == ["a"]
    assert [found for found, _ in store.scan_tags()] == ["a"]


def test_a_link_in_place_of_a_value_is_not_followed(store, outside):
    store["a"] = b"1"
    Path(store.root, "b").symlink_to(outside / "secret")
    refuses(store, "b")
    store["b"] = b"2"  # takes the place of the link itself
    assert dict(store) == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize("below", ["", "c+/"])
def test_a_link_in_place_of_a_folder_is_not_followed(store, outside, below):
    store["a"] = b"1"
    Path(store.root, below).mkdir(exist_ok=True)
    Path(store.root, below, "b+").symlink_to(outside)
    key = below.replace("+", "") + "b/secret"
    refuses(store, key)
    for write in (
        lambda: store.__setitem__(key, b"x"),
        lambda: store.discard(key),
        lambda: store.update({key: b""}),
    ):
        with pytest.raises(PermissionDenied, match="link"):
            write()


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_link_in_place_of_the_new_value_is_not_written_to(store, outside, make):
    store["a"] = b"1"
    make(outside / "secret", f"{store.root}/.new")
    store["a"] = b"2"
    assert store["a"] == b"2"


def test_a_link_in_place_of_the_lock_is_refused(store, outside):
    Path(store.root).mkdir()
    Path(store.root, ".lock").symlink_to(outside / "lock")
    with pytest.raises(PermissionDenied, match="link"):
        store["a"] = b"1"


def test_the_root_itself_may_be_a_link(tmp_path, store):
    store["a/b"] = b"1"
    (tmp_path / "link").symlink_to(store.root)
    linked = File(tmp_path / "link")
    linked["c"] = b"2"
    assert dict(linked) == dict(store) == {"a/b": b"1", "c": b"2"}


# ---- Refusals --------------------------------------------------------------------------------------


@contextlib.contextmanager
def mounted(folder, options):
    """A tmpfs of its own at ``folder``, while the test runs."""
    folder.mkdir(exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "holdall", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"needs to mount a small file system: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0,
    reason="needs root on Linux, to mount a small disk",
)
class TestMounts:
    @pytest.mark.parametrize("durability", ["full", "os"])
    def test_a_full_disk_keeps_the_old_value(self, tmp_path, durability):
        with mounted(tmp_path / "disk", "size=256k") as disk:
            store = File(disk, durability=durability)
            store["a"] = b"old"
            tag = store.get_tagged("a").tag
            before = sorted(disk.rglob("*"))
            for write in (
                lambda: store.__setitem__("a", bytes(10**6)),
                lambda: store.swap("a", bytes(10**6), tag),
                lambda: store.update({"b/c": bytes(10**6)}),
            ):
                with pytest.raises(StoreFull, match="free some space"):
                    write()
            assert store.get_tagged("a") == (b"old", tag)
            assert sorted(disk.rglob("*")) == before
            store["a"] = bytes(10**5)

    def test_no_room_for_another_file(self, tmp_path):
        with mounted(tmp_path / "disk", "nr_inodes=4") as disk:
            store = File(disk, durability="os")
            store["a"] = b"1"  # after the root's and the lock's, this is the third inode
            with pytest.raises(StoreFull, match="'b/c'"):
                store["b/c"] = b"2"
            assert dict(store) == {"a": b"1"}
            store["b"] = b"2"

    def test_no_room_for_another_folder(self, tmp_path):
        with mounted(tmp_path / "disk", "nr_inodes=4") as disk:
            store = File(disk, durability="os")
            with pytest.raises(StoreFull, match="'a/b/c'"):
                store["a/b/c"] = (
                    b""  # after the root, the lock and the new value there is room for one folder
                )
            assert [path.name for path in disk.iterdir()] == [".lock"]

    def test_a_read_only_mount_is_read_and_not_written(self, tmp_path):
        with mounted(tmp_path / "disk", "size=256k") as disk:
            store = File(disk, durability="os")
            store["a"] = b"1"
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            assert dict(store) == {"a": b"1"}
            for write in (
                lambda: store.__setitem__("b", b""),
                lambda: store.discard("a"),
                store.clear,
            ):
                with pytest.raises(PermissionDenied, match="mounted"):
                    write()


def as_nobody(function):
    """What ``function`` returns or raises in a child that is not root."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        said = "something else"
        try:
            said = repr(function())
        except HoldallError as error:
            said = f"{type(error).__name__}: {error}"
        finally:
            os.write(writing, said.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


@pytest.fixture
def guarded(tmp_path):
    """A store that others may enter, and the way to it."""
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001 and folder.owner() != "root":
            pytest.skip(f"another user cannot reach {folder}")
    opened = [folder for folder in (tmp_path, *tmp_path.parents) if not folder.stat().st_mode & 0o001]
    modes = {folder: folder.stat().st_mode for folder in opened}
    for folder in opened:
        folder.chmod(0o755)
    store = File(tmp_path / "store", durability="os")
    store["a"] = store["b/c"] = b"1"
    yield store
    for folder, mode in modes.items():
        folder.chmod(mode)


def test_a_folder_that_may_only_be_read_is_read_and_not_written(guarded):
    for path in (Path(guarded.root), Path(guarded.root, "b+")):
        path.chmod(0o555)
    assert as_nobody(lambda: dict(guarded)) == repr({"a": b"1", "b/c": b"1"})
    for write in (lambda: guarded.__setitem__("a", b"2"), lambda: guarded.__delitem__("a")):
        said = as_nobody(write)
        assert said.startswith("PermissionDenied")
        assert "mode" in said
    assert guarded["a"] == b"1"
    Path(guarded.root).chmod(0o755)


def test_what_may_not_be_read_is_denied_and_never_missing(guarded):
    Path(guarded.root, "a").chmod(0)
    Path(guarded.root, "b+").chmod(0)
    for read in (
        lambda: guarded["a"],
        lambda: guarded.get("b/c"),
        lambda: "b/c" in guarded,
        lambda: list(guarded),
    ):
        assert as_nobody(read).startswith("PermissionDenied")
    Path(guarded.root, "b+").chmod(0o755)


def test_a_folder_stands_where_a_value_would_go(store):
    Path(store.root, "a").mkdir(parents=True)
    with pytest.raises(PermissionDenied, match="'a'"):
        store["a"] = b"1"
    assert not Path(store.root, ".new").exists()


def test_a_value_over_the_limit_of_the_process_finds_no_room(store):
    store["a"] = b"old"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StoreFull, match=r"'a'.*ulimit -f"):
            store["a"] = bytes(2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert store["a"] == b"old"
    assert not Path(store.root, ".new").exists()


def test_a_path_that_is_too_long_for_the_system(tmp_path):
    with pytest.raises(TooLarge, match="shorter path"):
        File(tmp_path.joinpath(*["r" * 250] * 17))


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.EMFILE])
def test_a_disk_that_fails_is_unavailable_and_never_missing(store, monkeypatch, code):
    store["a"] = b"1"

    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "read", fail)
    with pytest.raises(Unavailable, match="'a'"):
        store.get("a")


# ---- Modes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o604])
def test_a_value_keeps_its_mode_when_it_is_written_again(store, mode):
    store["a/b"] = b"1"
    path = Path(store.root, "a+/b")
    path.chmod(mode)
    seen = []
    write = os.write

    def look(fd, data):
        seen.append(os.fstat(fd).st_mode & 0o777)
        return write(fd, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", look)
        store["a/b"] = b"2"
        store.update({"a/b": b"3", "c": b""})
        store.swap("a/b", b"4", store.tag("a/b"))
    assert set(seen) == {mode}  # from the first byte on
    assert path.stat().st_mode & 0o777 == mode
    assert Path(store.root, "c").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_disk_that_does_not_confirm_a_write_is_unavailable_and_says_that_it_happened(tmp_path, monkeypatch):
    store = File(tmp_path / "books")
    store["a"] = b"old"

    def fail(root, folders):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr("holdall.adapters.file.writer.sync", fail)
        with pytest.raises(Unavailable, match=r"'a' in .* is changed, but a loss of power may undo that"):
            store["a"] = b"new"
    assert store["a"] == b"new"
