"""The change feed of the file store: old folders, damaged journals, horizons, and kills between any two steps."""

import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import holdall
from holdall import File
from holdall.adapters._files.flock import Flock
from holdall.adapters.file import journal, writer
from holdall.errors import Corrupt, Expired, InvalidAddress, PermissionDenied, Unsupported
from holdall.store import ABSENT
from holdall.testing.follower import Follower
from tests.forks import run_in_child
from tests.soak import SOAK


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def old(root: Path) -> Path:
    """A folder without a feed, with the keys a and b."""
    File(root, durability="os").update(a=b"1", b=b"2")
    return root


def opened(root: Path) -> File:
    return File(root, durability="os", feed=True)


def keys(store: File, since: str | None = None) -> list[str]:
    return sorted(change.key for change in store.changes(since))


def last(store: File) -> str:
    feed = store.changes()
    list(feed)
    return feed.position


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


# ---- With and without a feed -----------------------------------------------------------------------


def test_a_store_without_a_feed_says_how_to_get_one(root: Path) -> None:
    with pytest.raises(Unsupported, match="feed=on"):
        File(root).changes()
    with pytest.raises(InvalidAddress, match="write on or off"):
        holdall.open(f"file:{root}?feed=maybe")
    assert holdall.Feature.CHANGES in holdall.open(f"file:{root}?feed=on").features
    assert holdall.Feature.CHANGES not in holdall.open(f"file:{root}").features


def test_an_old_folder_is_read_as_it_is_and_its_feed_begins_with_the_first_write(old: Path) -> None:
    before = contents(old)
    with opened(old) as store:
        feed = store.changes()
        assert [(change.key, change.tag) for change in feed] == list(store.scan_tags())
        with pytest.raises(Expired, match="begins with the next write"):
            store.changes(feed.position)
        assert list(store) == ["a", "b"]
    assert contents(old) == before
    with opened(old) as store:
        store["c"] = b"3"
        with pytest.raises(Expired):
            store.changes(feed.position)
        position = last(store)
        del store["a"]
        assert [(change.key, change.tag) for change in store.changes(position)] == [("a", ABSENT)]


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.__delitem__("a"),
        lambda store: store.discard("missing"),
        lambda store: store.clear(),
        lambda store: store.update(a=b"3"),
        lambda store: store.swap("a", b"3", store.tag("a")),
        lambda store: store.remove("a", store.tag("a")),
    ],
)
def test_every_first_write_begins_the_feed_of_an_old_folder(
    write: Callable[[File], object], old: Path
) -> None:
    with opened(old) as store:
        tags = [int(tag) for _, tag in store.scan_tags()]
        write(store)
        follower = Follower()
        follower.follow(store)
        assert follower.held == dict(store.scan_tags())
        store["b"] = b"4"
        assert int(store.tag("b")) > max(tags)
        assert follower.follow(store) == 1
        assert follower.held == dict(store.scan_tags())


def test_a_store_that_is_opened_without_the_feed_keeps_it(root: Path) -> None:
    with opened(root) as store:
        store["a"] = b"1"
        position = last(store)
        File(root, durability="os").update(b=b"1", c=b"1")
        File(root).discard("a")
        assert keys(store, position) == ["a", "b", "c"]


def test_a_release_without_the_feed_cannot_lock_the_store(old: Path) -> None:
    with opened(old) as store:
        store["a"] = b"1"
        with pytest.raises(OSError, match="symbolic links"):
            Flock(f"{old}/.lock").hold(lambda: None)
        assert File(old)["a"] == b"1"


def test_a_file_that_another_program_wrote_is_listed_and_not_told(root: Path) -> None:
    with opened(root) as store:
        store["a"] = b"1"
        position = last(store)
        (root / "b").write_bytes(b"2")
        assert keys(store, position) == []
        assert keys(store) == ["a", "b"]


# ---- Horizons, and positions in the middle ---------------------------------------------------------


def test_a_position_expires_with_its_segment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SEGMENT", 50)
    with opened(root) as store:
        store["first"] = b""
        positions = [last(store)]
        follower = Follower()
        for number in range(40):
            store[f"k{number}"] = b""
            positions += (change.position for change in store.changes(positions[-1]))
            follower.follow(store)
            assert len(list((root / ".feed").glob("0*"))) <= 2
        assert len(positions) == 41
        assert follower.held == dict(store.scan_tags())
        assert keys(store, positions[-3]) == ["k38", "k39"]
        assert len(keys(store, positions[-12])) == 11
        with pytest.raises(Expired, match="no longer goes back"):
            store.changes(positions[3])
        feed = store.changes(positions[-12])
        next(feed)
        store.update((f"new{number}", b"") for number in range(40))
        monkeypatch.setattr(journal, "SEGMENT", 1)
        store["a"] = b""
        store["b"] = b""
        assert len(keys(store)) == 83


def test_a_feed_whose_journal_is_shortened_while_it_is_read_expires(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_PAGE", 8)
    with opened(root) as store:
        store["a"] = b""
        position = last(store)
        store.update(b1=b"", b2=b"", b3=b"")
        feed = store.changes(position)
        assert next(feed).key == "b1"
        monkeypatch.setattr(journal, "SEGMENT", 1)
        store["c"] = b""
        store["d"] = b""
        with pytest.raises(Expired, match="no longer goes back"):
            list(feed)


def test_the_list_of_epochs_does_not_grow_for_ever(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "EPOCHS", 3)
    for number in range(12):
        with opened(root) as store:
            store[f"k{number}"] = b""
    assert (root / ".feed" / "epochs").read_bytes().count(b"\n") <= 6


def test_a_folder_that_replaces_a_deleted_one_refuses_its_positions(root: Path) -> None:
    with opened(root) as store:
        store["a"] = b"1"
        position = last(store)
        shutil.rmtree(root)
        with pytest.raises(Expired):
            store.changes(position)
        store["a"] = b"2"
        with pytest.raises(Expired):
            store.changes(position)
        follower = Follower()
        follower.follow(store)
        store["b"] = b"3"
        follower.follow(store)
        assert follower.held == dict(store.scan_tags())


def test_a_consumer_that_takes_a_few_changes_at_a_time_gets_to_the_end(root: Path) -> None:
    names = sorted(f"{number}/é{'x' * number}\u2028" for number in range(20))
    with opened(root) as store:
        store.update(dict.fromkeys(names, b"1"))
        follower = Follower()
        steps = 0
        while follower.follow(store, 3):
            steps += 1
        assert (steps, sorted(follower.held)) == (7, names)
        store.delete_many(names[:10])
        store.update(dict.fromkeys(names[10:], b"2"))
        steps = 0
        while follower.follow(store, 3):
            steps += 1
        assert (steps, follower.held) == (7, dict(store.scan_tags()))


def test_a_list_that_is_interrupted_goes_on_at_its_key(root: Path) -> None:
    with opened(root) as store:
        store.update(dict.fromkeys("abcde", b"1"))
        _, _, third = islice(store.changes(), 3)
        store.update(a=b"2", d=b"2", f=b"2")
        del store["b"]
        found = {change.key: change.tag for change in store.changes(third.position)}
        assert found == {key: store.tag(key) for key in "abdef"}


# ---- Damaged and hostile journals ------------------------------------------------------------------


def segment(root: Path) -> Path:
    return max((root / ".feed").glob("0*"))


@pytest.mark.parametrize(
    "left",
    [
        b"\n",
        b"\nunfinish",
        b"\n" + b"\0" * 5000,
        b"\xff\xfe\n../x\n.holdall/x\n/\n\r\n",
        b"\n" + b"x" * 200_000,
        b"\n" * 70_000,
    ],
)
def test_what_a_crash_or_another_program_left_in_the_journal_does_no_harm(left: bytes, root: Path) -> None:
    with opened(root) as store:
        store["a"] = b"1"
        follower = Follower()
        follower.follow(store)
        with segment(root).open("ab") as file:
            file.write(left)
        follower.follow(store)
        store["b"] = b"2"
        told = [change.key for change in store.changes(follower.position)]
        assert told[-1] == "b"
        assert set(told) <= {"b", "unfinish"}
        follower.follow(store)
        assert follower.held == dict(store.scan_tags())


def test_a_journal_that_a_power_failure_made_shorter_expires(root: Path) -> None:
    with opened(root) as store:
        store["a"] = b"1"
        store.update(b=b"2", c=b"2")
        late = last(store)
    os.truncate(segment(root), segment(root).stat().st_size - 1)
    with opened(root) as store:
        with pytest.raises(Expired, match="backup"):
            store.changes(late)
        store.update(dict.fromkeys("defgh", b""))
        with pytest.raises(Expired, match="backup"):
            store.changes(late)
        assert set(keys(store)) == set("abcdefgh")


@pytest.mark.parametrize("name", ["lock", "epochs", "segment", "all"])
def test_a_journal_that_lacks_a_part_is_corrupt_and_says_what_to_do(name: str, root: Path) -> None:
    with opened(root) as store:
        store["a"] = b"1"
    lost = {"segment": segment(root), "all": root / ".feed"}.get(name, root / ".feed" / name)
    shutil.rmtree(lost) if name == "all" else lost.unlink()
    with opened(root) as store:
        for use in (lambda: store.update(a=b"2"), lambda: store.discard("a"), lambda: store.changes()):
            with pytest.raises(Corrupt, match=r"delete .*\.lock"):
                use()
        assert store["a"] == b"1"
        (root / ".lock").unlink()
        store["b"] = b"2"
        assert keys(store) == ["a", "b"]
        assert keys(store, last(store)) == []


@pytest.mark.parametrize("target", ["lock", ".feed/other", "../.feed/lock"])
def test_another_link_in_place_of_the_lock_is_refused(target: str, root: Path) -> None:
    with opened(root) as store:
        store["a"] = b"1"
        (root / ".lock").unlink()
        (root / ".lock").symlink_to(target)
        with pytest.raises(PermissionDenied, match="links are not followed"):
            store["a"] = b"2"


def test_a_link_in_place_of_the_folder_of_the_journal_is_refused(root: Path, tmp_path: Path) -> None:
    with opened(root) as store:
        store["a"] = b"1"
        (root / ".feed").rename(tmp_path / "elsewhere")
        (root / ".feed").symlink_to(tmp_path / "elsewhere")
        for use in (lambda: store.update(a=b"2"), lambda: store.changes()):
            with pytest.raises(PermissionDenied, match="links are not followed"):
                use()


def test_a_user_who_may_not_lock_the_store_may_not_read_its_feed(root: Path) -> None:
    if os.geteuid():
        pytest.skip("needs root, to become another user")
    with opened(root) as store:
        store["a"] = b"1"
        list(store.changes())
    modes = {folder: folder.stat().st_mode for folder in (root, *root.parents)}
    for folder, mode in modes.items():
        folder.chmod(mode | 0o055)

    def read() -> bool:
        os.setuid(65534)
        with pytest.raises(PermissionDenied):
            opened(root).changes()
        return opened(root)["a"] == b"1"

    try:
        assert run_in_child(read) == 0
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)


# ---- The order of the steps ------------------------------------------------------------------------


def test_an_entry_is_on_the_disk_before_its_change(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    def record(module: Any, name: str) -> None:
        done = getattr(module, name)

        def step(*args: Any, **options: Any) -> Any:
            steps.append(name)
            return done(*args, **options)

        monkeypatch.setattr(module, name, step)

    with File(root, feed=True) as store:
        store["a"] = b"1"
        record(os, "rename")
        record(os, "unlink")
        record(journal, "_sync")
        record(writer, "sync")
        record(fcntl, "flock")
        store["a"] = b"2"
        assert steps[-4:] == ["_sync", "rename", "sync", "flock"]
        steps.clear()
        store.update(a=b"3", b=b"3", c=b"3")
        assert steps[-6:] == ["_sync", "rename", "rename", "rename", "sync", "flock"]
        steps.clear()
        store.delete_many(["a", "missing", "b"])
        assert steps[-5:] == ["_sync", "unlink", "unlink", "sync", "flock"]
        steps.clear()
        store.delete_many(["missing"])
        assert {*steps} == {"flock"}


_STEPS = (
    "open",
    "write",
    "pwrite",
    "rename",
    "unlink",
    "mkdir",
    "rmdir",
    "symlink",
    "utime",
    "close",
    "flock",
)


def kill_before_step(number: int, work: Callable[[], object]) -> bool:
    """Do ``work`` in a child that is killed before its step ``number``. Return whether it had so many steps."""
    pid = os.fork()
    if not pid:
        left = number

        def count(frame: FrameType, event: str, called: Any) -> None:
            nonlocal left
            if event == "c_call" and called.__name__ in _STEPS:
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


WORKS: dict[str, Callable[[File, int], object]] = {
    "put": lambda store, number: store.__setitem__("a", b"%d" % number),
    "put in a new folder": lambda store, number: store.__setitem__(f"f{number}/a", b""),
    "put many": lambda store, number: store.update({"b": b"%d" % number, f"c/{number}": b""}),
    "delete": lambda store, number: store.discard(f"d{number}/x"),
}


@pytest.mark.parametrize("size", [1, journal.SEGMENT] if SOAK else [1])  # 1: each write begins a segment
@pytest.mark.parametrize("work", WORKS if SOAK else ["put many", "delete"])
def test_a_kill_before_any_step_of_a_write_loses_no_change(
    work: str, size: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SEGMENT", size)
    follower = Follower()
    store = opened(root)
    store.update({f"d{number}/x": b"" for number in range(80)})
    number = 0
    follower.follow(store)
    while kill_before_step(number := number + 1, lambda: WORKS[work](opened(root), number)):
        follower.follow(store)
        assert follower.held == dict(store.scan_tags())
    follower.follow(store)
    store["after"] = b""
    assert follower.follow(store) == 1
    assert follower.held == dict(store.scan_tags())
    assert number > 9


def test_a_kill_before_any_step_of_the_first_write_leaves_a_store_that_works(old: Path) -> None:
    number = 0
    while kill_before_step(number := number + 1, lambda: opened(old).__setitem__("a", b"%d" % number)):
        follower = Follower()
        with opened(old) as store:
            tag = store.tag("b")
            follower.follow(store)
            assert follower.held == dict(store.scan_tags())
            store["b"] = b"%d" % number
            assert int(store.tag("b")) > int(tag)
            follower = Follower()
            follower.follow(store)
            store["c"] = b""
            assert follower.follow(store) == 1
            assert follower.held == dict(store.scan_tags())
        shutil.rmtree(old)
        File(old, durability="os").update(a=b"1", b=b"2")
    assert number > 20
