"""The SQLite store where the disk is full or read-only, or where its files are another user's."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdall import SQLite
from holdall.errors import HoldallError, PermissionDenied, StoreFull
from holdall.store import Put
from tests.adapters.sqlite_attempts import ATTEMPTS, WRITES
from tests.adapters.test_sqlite_refusals import contents

needs_users = pytest.mark.skipif(
    not hasattr(os, "seteuid"), reason="this system has no users to be another of"
)


def full_of(store: SQLite) -> None:
    """Write until the store is full; the last value of each key that was acknowledged must be there."""
    store["b"] = b"old"
    written = {"b": b"old"}

    def fill() -> None:
        for i in range(10_000):
            store[f"k{i:05}"] = bytes(20_000)
            written[f"k{i:05}"] = bytes(20_000)

    with pytest.raises(StoreFull, match="free some space") as caught:
        fill()
    assert caught.value.key == f"k{len(written) - 1:05}"
    large = bytes(200_000)
    with pytest.raises(StoreFull):
        store.transact([Put("b", b"new"), Put("a", large)])
    with pytest.raises(StoreFull):
        store.update({"b": b"new", "a": large})
    with pytest.raises(StoreFull):
        store["b"] = large
    assert dict(store) == written


def test_the_most_pages_a_database_may_have_is_full(tmp_path: Path) -> None:
    with SQLite(tmp_path / "store.db") as store:
        store["a"] = b""
        del store["a"]
        store._link.connection().execute("PRAGMA max_page_count = 100")
        full_of(store)
        store.clear()
        store["b"] = b"new"
        assert dict(store) == {"b": b"new"}


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this process may not mount a file system: {done.stderr.strip()}")

    def mount(self) -> None:
        self.run("mount", "-t", "tmpfs", "-o", "size=1m", "none", str(self.folder))

    def read_only(self) -> None:
        self.run("mount", "-o", "remount,ro", str(self.folder))

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    small = Disk(folder)
    small.mount()
    yield small
    small.unmount()


def test_a_full_disk_keeps_what_was_written_and_says_so(disk: Disk) -> None:
    with SQLite(disk.folder / "store.db") as store:
        full_of(store)
    with SQLite(disk.folder / "store.db") as store:
        assert store["b"] == b"old"


def test_a_disk_too_full_to_create_a_store_says_so(disk: Disk) -> None:
    (disk.folder / "filler").write_bytes(bytes((1 << 20) - 8192))
    with SQLite(disk.folder / "store.db") as store:
        with pytest.raises(StoreFull):
            store["a"] = b"1"
        (disk.folder / "filler").unlink()
        store["a"] = b"1"
        assert dict(store) == {"a": b"1"}


@pytest.mark.parametrize("attempt", WRITES)
def test_a_read_only_folder_denies_the_making_of_a_store(attempt: str, disk: Disk) -> None:
    disk.read_only()
    with SQLite(disk.folder / "store.db") as store:
        assert len(store) == 0
        with pytest.raises(PermissionDenied, match="check the permissions"):
            ATTEMPTS[attempt](store)


def test_a_store_on_a_read_only_disk_is_read_and_not_written(disk: Disk) -> None:
    with SQLite(disk.folder / "store.db") as store:
        store["a"] = b"1"
    before = contents(disk.folder)
    disk.read_only()
    with SQLite(disk.folder / "store.db") as store:
        check_reads_only(store)
    assert contents(disk.folder) == before


def check_reads_only(store: SQLite) -> None:
    assert dict(store) == {"a": b"1"}
    assert (len(store), store.get("b")) == (1, None)
    for attempt in WRITES:
        with pytest.raises(PermissionDenied, match="check the permissions") as caught:
            ATTEMPTS[attempt](store)
        assert isinstance(caught.value, HoldallError)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_read_only_disk_with_a_log_is_denied_as_its_last_writes_could_not_be_read(
    attempt: str, disk: Disk
) -> None:
    with SQLite(disk.folder / "store.db") as store:
        store["a"] = b"1"
        with SQLite(disk.folder / "copy.db") as copy:
            copy["a"] = b"1"
        (disk.folder / "copy.db-wal").write_bytes((disk.folder / "store.db-wal").read_bytes())
    disk.read_only()
    with SQLite(disk.folder / "copy.db") as store, pytest.raises(PermissionDenied, match="copy the file"):
        ATTEMPTS[attempt](store)


def rewrite(store: SQLite, times: int) -> None:
    for _ in range(times):
        store["k0"] = bytes(20_000)


def test_keys_can_be_deleted_from_a_full_disk_if_the_log_can_be_emptied(disk: Disk) -> None:
    with SQLite(disk.folder / "store.db", durability="os") as store:
        store.update((f"k{i}", bytes(20_000)) for i in range(8))
        rewrite(store, 3)
    with SQLite(disk.folder / "store.db", durability="os") as store:  # the log is now a part of the database
        with pytest.raises(StoreFull, match="deleting keys may need room"):
            rewrite(store, 1000)
        store.delete_many(f"k{i}" for i in range(3))
        store.discard("k3")
        assert set(store) == {f"k{i}" for i in range(4, 8)}


@pytest.fixture
def as_other() -> Iterator[Path]:
    """A folder with a store that another user made, as whom this test then no longer runs."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)  # root's own folders would stop another user on the way
    with SQLite(folder / "store.db") as store:
        store["a"] = b"1"
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)


def restrict(path: Path, mode: int) -> None:
    """As its owner, whoever the test runs as."""
    user = os.geteuid()
    os.seteuid(os.getuid())
    path.chmod(mode)
    os.seteuid(user)


@needs_users
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_folder_that_may_not_be_entered_is_denied(attempt: str, as_other: Path) -> None:
    restrict(as_other, 0o600)
    with SQLite(as_other / "store.db") as store, pytest.raises(PermissionDenied, match="owns the folder"):
        ATTEMPTS[attempt](store)


@needs_users
def test_a_store_in_a_folder_that_nobody_may_write_is_read(as_other: Path) -> None:
    restrict(as_other, 0o555)
    with SQLite(as_other / "store.db") as store:
        check_reads_only(store)


@needs_users
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_store_in_a_folder_that_its_owner_may_write_is_denied(attempt: str, as_other: Path) -> None:
    with SQLite(as_other / "store.db") as store, pytest.raises(PermissionDenied, match="copy the file"):
        ATTEMPTS[attempt](store)


@needs_users
def test_a_store_in_such_a_folder_is_read_while_another_has_it_open(as_other: Path) -> None:
    user = os.geteuid()
    os.seteuid(os.getuid())
    with SQLite(as_other / "store.db") as open_elsewhere:
        open_elsewhere["b"] = b"2"
        os.seteuid(user)
        restrict(as_other, 0o555)
        with SQLite(as_other / "store.db") as store:
            assert dict(store) == {"a": b"1", "b": b"2"}
            for attempt in WRITES:
                with pytest.raises(PermissionDenied, match="check the permissions"):
                    ATTEMPTS[attempt](store)
            assert dict(store) == {"a": b"1", "b": b"2"}


@needs_users
def test_a_file_that_may_not_be_written_is_read(as_other: Path) -> None:
    restrict(as_other / "store.db", 0o444)
    restrict(as_other, 0o777)
    with SQLite(as_other / "store.db") as store:
        assert (store["a"], list(store)) == (b"1", ["a"])
        for attempt in WRITES:
            with pytest.raises(PermissionDenied, match="check the permissions"):
                ATTEMPTS[attempt](store)
        assert dict(store) == {"a": b"1"}
