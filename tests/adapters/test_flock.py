"""The lock files of file:, dbm: and lmdb: stores: who waits for them and how long, and who may open them."""

import contextlib
import fcntl
import os
import random
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import holdall
from holdall import InvalidAddress, PermissionDenied, Unavailable
from holdall.adapters._files.flock import Flock
from tests.adapters.interrupts import Interrupted, interrupt_everywhere
from tests.adapters.signals import ignore_unraisable
from tests.soak import SOAK

SIGNALS = 5000 if SOAK else 50

STORES = {
    "file": ("file:{}/s?durability=os", "s/.lock"),
    "dbm": ("dbm:{}/s?flavor=sqlite3&durability=os", "s.lock"),
    "lmdb": ("lmdb:{}/s?durability=os", "s/holdall.lock"),
}
_FLOCK = "holdall.adapters._files.flock"
CODE = {
    "file": (_FLOCK, "holdall.adapters._files.lockfile", "holdall.adapters.file.writer"),
    "dbm": (_FLOCK, "holdall.adapters.dbm.lock", "holdall.adapters.dbm.twins"),
    # In lmdb/environment.py the threads of one process take turns by `with` on a lock of C. No interrupt comes as
    # such a block ends, though a trace function could raise there.
    "lmdb": (_FLOCK,),
}


@pytest.fixture(params=STORES)
def scheme(request):
    if request.param != "dbm":
        pytest.importorskip({"file": "filelock", "lmdb": "lmdb"}[request.param])
    return request.param


@pytest.fixture
def address(scheme, tmp_path):
    return STORES[scheme][0].format(tmp_path)


@pytest.fixture
def lock(scheme, tmp_path):
    return tmp_path / STORES[scheme][1]


def held(lock):
    """Hold the lock of a file, in this process."""
    fd = os.open(lock, os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fd


# ---- Interrupts ------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_no_interrupt_at_any_bytecode_leaves_the_lock_held(scheme, address, lock):
    with holdall.open(address, timeout=0) as store:
        store["k"] = b"0"

        def write():
            store["k"] = b"1"

        interrupts = 0
        for interrupts in interrupt_everywhere(write, *CODE[scheme]):  # noqa: B007 - the last is looked at
            os.close(held(lock))
        assert interrupts > 50
        store["k"] = b"2"
        assert store["k"] == b"2"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_no_signal_at_any_moment_leaves_the_lock_held(address, lock):
    chance = random.Random(SIGNALS)

    interrupts = 0

    def interrupt(*_):
        nonlocal interrupts
        interrupts += 1
        raise Interrupted

    def write_until_interrupted(seconds):
        before = interrupts
        signal.setitimer(signal.ITIMER_REAL, seconds)
        while interrupts == before:  # Python may have passed the exception on to nobody
            store["k"] = b"x" * 100

    with holdall.open(address, timeout=0) as store, ignore_unraisable(Interrupted):
        store["k"] = b"0"
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            for _ in range(SIGNALS):
                with contextlib.suppress(Interrupted):
                    write_until_interrupted(chance.uniform(0.0001, 0.003))
                os.close(held(lock))
        finally:
            signal.signal(signal.SIGALRM, before)
        assert interrupts == SIGNALS
        assert store["k"] == b"x" * 100


def test_no_interrupt_of_a_read_leaves_a_dbm_s_lock_held(tmp_path):
    with holdall.open(f"dbm:{tmp_path}/s?flavor=sqlite3&durability=os&timeout=0") as store:
        store["k"] = b"0"
        interrupts = 0
        for interrupts in interrupt_everywhere(lambda: store["k"], *CODE["dbm"][:2]):  # noqa: B007
            os.close(held(tmp_path / "s.lock"))
        assert interrupts > 50
        assert store["k"] == b"0"


def test_an_error_while_taking_the_lock_leaves_it_free(tmp_path, monkeypatch):
    lock = Flock(str(tmp_path / "lock"))

    def fail(fd):
        raise OSError("no such luck")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fail)
        with pytest.raises(OSError, match="luck"):
            lock.hold(lambda: None)
    os.close(held(lock.path))
    lock.close()


# ---- Waiting ---------------------------------------------------------------------------------------

_HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "r+")
fcntl.flock(file, fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""


def test_a_writer_waits_as_long_as_it_was_told_and_names_the_holder(address, lock):
    with holdall.open(address, timeout=0) as store:
        store["k"] = b"0"
        command = [sys.executable, "-c", _HOLDER, str(lock)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            assert holder.stdout.readline()
            with pytest.raises(Unavailable, match=f"lock stays locked by process {holder.pid}; .*timeout="):
                store["k"] = b"1"
            with pytest.raises(Unavailable):
                store.discard("k")
            holder.communicate()
        assert store["k"] == b"0"
        store["k"] = b"1"


def test_a_writer_that_waits_goes_on_when_the_lock_is_free(address, lock):
    with holdall.open(address, timeout=60) as store:
        store["k"] = b"0"
        fd = held(lock)
        threading.Timer(0.05, os.close, (fd,)).start()
        store["k"] = b"1"
        with pytest.raises(OSError, match="descriptor"):
            os.close(fd)


def test_a_lock_whose_holder_the_system_does_not_tell(tmp_path, monkeypatch):
    def fail(path):
        raise FileNotFoundError(path)

    lock = Flock(str(tmp_path / "lock"))
    lock.hold(lambda: None)
    fd = held(lock.path)
    monkeypatch.setattr(Path, "read_text", fail)
    with pytest.raises(Unavailable, match="stays locked by another writer; retry"):
        lock.hold(lambda: None, 0)
    os.close(fd)
    lock.close()


@pytest.mark.parametrize("timeout", ["-1", "nan", "1e9"])
def test_a_time_that_nobody_can_wait_is_refused(address, timeout):
    with pytest.raises(InvalidAddress, match=r"timeout=.* is not a number of seconds"):
        holdall.open(address, timeout=float(timeout))
    assert "timeout=5.0" in repr(holdall.open(f"{address}&timeout=5"))


# ---- Rights ----------------------------------------------------------------------------------------


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("folder", "expected"), [(0o755, 0o600), (0o777, 0o660), (0o775, 0o660)])
def test_others_may_not_open_the_lock_but_the_group_of_the_folder_may(
    scheme, address, lock, folder, expected
):
    lock.parent.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        os.chown(lock.parent, -1, 12345)  # a group that is not the one of this process
    lock.parent.chmod(folder)
    with holdall.open(address) as store:
        store["k"] = b"0"
    assert mode(lock) == expected
    if expected == 0o660:
        assert lock.stat().st_gid == lock.parent.stat().st_gid


def test_a_lock_that_others_could_open_is_closed_to_them(address, lock):
    with holdall.open(address) as store:
        store["k"] = b"0"
        lock.chmod(0o644)
        store["k"] = b"1"
    assert mode(lock) == 0o600


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_lock_that_is_a_link_is_refused_and_stays_as_it_was(address, lock, make, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    lock.parent.mkdir(exist_ok=True)
    make(other, lock)
    with pytest.raises(PermissionDenied, match="link"), holdall.open(address) as store:
        store["k"] = b"0"
    assert other.read_bytes() == b"precious"


def test_a_lock_file_that_was_replaced_is_opened_again(address, lock):
    with holdall.open(address) as store:
        store["k"] = b"0"
        lock.unlink()
        store["k"] = b"1"
        assert lock.exists()
