"""The change feed of LMDB: environments of the old format, the horizons, batches, and a list that is interrupted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lmdb
import pytest

from holdall import LMDB
from holdall.adapters.lmdb import log
from holdall.adapters.lmdb.ticks import TICK, WITHOUT_FEED
from holdall.errors import Corrupt, Expired, InvalidPosition
from holdall.store import ABSENT, Delete, Put
from holdall.testing.follower import Follower


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def write_as_before(folder: Path, **values: bytes) -> None:
    """Write as the release before the feed did, which took new ticks from any mark that is not its own."""
    with lmdb.open(str(folder)) as environment, environment.begin(write=True) as txn:
        last = int.from_bytes(txn.get(b"\0", b"")[len(WITHOUT_FEED) :], "big")
        tick = (last + 1 or 1000).to_bytes(TICK, "big")
        txn.put(b"\0", WITHOUT_FEED + tick)
        for key, value in values.items():
            txn.put(key.encode(), tick + value)


@pytest.fixture
def old(folder: Path) -> Path:
    """An environment as the release before the feed made it, with the keys a and b."""
    folder.mkdir()
    write_as_before(folder, a=b"1", b=b"2")
    return folder


def opened(folder: Path) -> LMDB:
    return LMDB(folder, durability="os")


def keys(store: LMDB, since: str | None = None) -> list[str]:
    return sorted(change.key for change in store.changes(since))


def test_an_old_environment_is_read_as_it_is_and_its_feed_begins_with_the_first_write(old: Path) -> None:
    before = (old / "data.mdb").read_bytes()
    with opened(old) as store:
        feed = store.changes()
        assert [(change.key, change.tag) for change in feed] == list(store.scan_tags())
        with pytest.raises(Expired, match="begins with the next write"):
            store.changes(feed.position)
    assert (old / "data.mdb").read_bytes() == before
    with opened(old) as store:
        store["c"] = b"3"
        with pytest.raises(Expired):
            store.changes(feed.position)
        position = [*store.changes()][-1].position
        del store["a"]
        assert [change.key for change in store.changes(position)] == ["a"]
        assert store._environment().read(lambda txn: bytes(txn.get(b"\0", b""))).startswith(b"holdall 2 ")


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.__delitem__("a"),
        lambda store: store.discard("missing"),
        lambda store: store.clear(),
        lambda store: store.update(a=b"3"),
        lambda store: store.swap("a", b"3", store.tag("a")),
    ],
)
def test_every_first_write_to_an_old_environment_begins_the_feed(write: object, old: Path) -> None:
    with opened(old) as store:
        write(store)  # type: ignore[operator]
        follower = Follower()
        follower.follow(store)
        assert follower.held == dict(store.scan_tags())
        store["b"] = b"4"
        assert follower.follow(store) == 1
        assert follower.held == dict(store.scan_tags())


def test_a_write_of_an_earlier_release_ends_the_feed_until_the_next_write(folder: Path) -> None:
    with opened(folder) as store:
        store.update(a=b"1", b=b"1")
        position = [*store.changes()][-1].position
    write_as_before(folder, a=b"2")
    with opened(folder) as store:
        with pytest.raises(Expired, match="begins with the next write"):
            store.changes(position)
        store["b"] = b"2"
        with pytest.raises(Expired, match="another store, or too old"):
            store.changes(position)
        follower = Follower()
        follower.follow(store)
        assert follower.held == dict(store.scan_tags())
        del store["a"]
        assert follower.follow(store) == 1


def test_an_earlier_release_that_writes_between_two_writes_of_a_process_ends_the_feed(folder: Path) -> None:
    """Even if this process still has ticks, and has begun an epoch."""
    with opened(folder) as store:
        store["a"] = b"1"
        position = [*store.changes()][-1].position

        def as_before(txn: log.Txn, tick: bytes) -> tuple[None, list[bytes]]:
            txn.put(b"\0", WITHOUT_FEED + tick)
            txn.put(b"a", tick + b"2")
            return None, []

        store._environment().write(as_before, 10)
        with pytest.raises(Expired):
            store.changes(position)
        store["b"] = b"1"
        with pytest.raises(Expired):
            store.changes(position)


# ---- Horizons --------------------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log goes back three changes, and is trimmed at every second transaction."""
    monkeypatch.setattr(log, "RECORDED", 3)
    monkeypatch.setattr(log, "TRIMMED", 2)


@pytest.mark.usefixtures("short")
def test_a_position_expires_with_the_log(folder: Path) -> None:
    with opened(folder) as store:
        store["a"] = b"0"
        positions = [[*store.changes()][-1].position]
        for number in range(12):
            store["a"] = b"%d" % number
            positions += (change.position for change in store.changes(positions[-1]))
        assert keys(store, positions[-3]) == ["a"]
        for old in positions[:4]:
            with pytest.raises(Expired, match="no longer goes back"):
                store.changes(old)


@pytest.mark.usefixtures("short")
def test_the_log_goes_back_as_many_changes_as_there_are_keys(folder: Path) -> None:
    with opened(folder) as store:
        store["k0"] = b""
        position = [*store.changes()][-1].position
        for number in range(1, 50):
            store[f"k{number}"] = b""
        assert len(keys(store, position)) == 49
        for number in range(49):
            store[f"k{number}"] = b""
        with pytest.raises(Expired):
            store.changes(position)


def test_the_log_does_not_fill_a_map_that_may_not_grow(folder: Path) -> None:
    with LMDB(folder, durability="os", map_size=200_000) as store:
        position = store.changes().position
        for number in range(5000):
            store["a"] = b"%d" % number
            if number == 10:
                position = [*store.changes()][-1].position
        assert keys(store) == ["a"]
        with pytest.raises(Expired, match="no longer goes back"):
            store.changes(position)


@pytest.mark.usefixtures("short")
def test_a_feed_whose_log_is_trimmed_while_it_is_read_expires(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdall.adapters.lmdb.feed._PAGE", 1)
    with opened(folder) as store:
        store["a"] = b"0"
        position = [*store.changes()][-1].position
        store["b"] = b"1"
        store["c"] = b"1"
        feed = store.changes(position)
        assert next(feed).key == "b"
        for number in range(20):
            store["d"] = b"%d" % number
        with pytest.raises(Expired):
            list(feed)


def test_an_environment_that_replaces_a_deleted_one_refuses_its_positions(folder: Path) -> None:
    with opened(folder) as store:
        store["a"] = b"1"
        position = [*store.changes()][-1].position
    for file in folder.iterdir():
        file.unlink()
    with opened(folder) as store:
        with pytest.raises(Expired, match="does not exist"):
            store.changes(position)
        store["a"] = b"2"
        with pytest.raises(Expired):
            store.changes(position)


# ---- Positions in the middle -----------------------------------------------------------------------


def test_a_consumer_that_takes_a_few_changes_at_a_time_gets_to_the_end(folder: Path) -> None:
    """In the list of all keys, and in the batches of one transaction."""
    names = [f"{number}/é{'x' * number}" for number in range(20)]
    with opened(folder) as store:
        store.update(dict.fromkeys(names, b"1"))
        follower = Follower()
        steps = 0
        while follower.follow(store, 3):
            steps += 1
        assert (steps, sorted(follower.held)) == (7, sorted(names))
        store.transact([*(Delete(name) for name in names[:10]), *(Put(name, b"2") for name in names[10:])])
        steps = 0
        while follower.follow(store, 3):
            steps += 1
        assert (steps, follower.held) == (7, dict(store.scan_tags()))


def test_a_list_that_is_interrupted_goes_on_at_its_key(folder: Path) -> None:
    with opened(folder) as store:
        store.update(dict.fromkeys("abcde", b"1"))
        _, _, third = islice(store.changes(), 3)
        store.update(a=b"2", d=b"2", f=b"2")
        del store["b"]
        found = [(change.key, change.tag) for change in store.changes(third.position)]
        assert found == [(key, store.tag(key)) for key in "eadfb"]
        assert found[-1] == ("b", ABSENT)


@pytest.mark.parametrize("numbers", [(2**64 - 1, 1), (1, 2**64 - 1)])
def test_a_log_whose_numbers_are_too_high_is_corrupt(folder: Path, numbers: tuple[int, int]) -> None:
    with opened(folder) as store:
        store["a"] = b"1"
    changes, entries = (number.to_bytes(8, "big") for number in numbers)
    with lmdb.open(str(folder)) as environment, environment.begin(write=True) as txn:
        txn.put(b"\0c" + changes, bytes(8) + entries + b"a")
    with opened(folder) as store:
        with pytest.raises(Corrupt, match="restore a backup"):
            store["a"] = b"2"
        assert store["a"] == b"1"


def test_a_position_whose_key_is_not_text_is_refused(folder: Path) -> None:
    with opened(folder) as store:
        store["a"] = b"1"
        position = store.changes().position
        assert position == "new.0"
        position = [*store.changes()][-1].position
        with pytest.raises(InvalidPosition):
            store.changes(f"{position}.{0x1FF}")
        for wrong in ("9" * 20, str(1 << 63), "7"):
            with pytest.raises(Expired):
                store.changes(".".join([position.split(".")[0], "1", wrong, wrong]))


def test_a_position_in_a_list_expires_with_a_backup_from_before_it(folder: Path, tmp_path: Path) -> None:
    """Its reader has not seen a key that was overwritten later, and the backup takes that write back."""
    with opened(folder) as store:
        store.update(a=b"1", b=b"1")
        (tmp_path / "copy").mkdir()
        store._environment().handle.copy(str(tmp_path / "copy"))
        store["b"] = b"2"
        first = next(store.changes())
        assert first.key == "a"
    (tmp_path / "copy" / "data.mdb").replace(folder / "data.mdb")
    with opened(folder) as store:
        with pytest.raises(Expired, match="backup"):
            store.changes(first.position)
        store["c"] = b"3"
        with pytest.raises(Expired, match="backup"):
            store.changes(first.position)


class Interrupted(BaseException):
    """Stands for KeyboardInterrupt."""


@contextmanager
def interrupted_after_its_commit(handle: "lmdb.Environment", **options: Any) -> Iterator[Any]:
    with handle.begin(**options) as txn:
        yield txn
    raise Interrupted


@contextmanager
def interrupted_before_its_commit(handle: "lmdb.Environment", **options: Any) -> Iterator[Any]:
    with handle.begin(**options) as txn:
        yield txn
        raise Interrupted


@pytest.mark.parametrize("begin", [interrupted_after_its_commit, interrupted_before_its_commit])
@pytest.mark.parametrize("before", [1, 16])  # the next transaction has ticks, or takes new ones
def test_an_interrupted_commit_loses_no_change(
    before: int, begin: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number of the log is neither used twice nor left out, though the writer does not know what happened."""
    follower = Follower()
    with opened(folder) as store:
        for _ in range(before):
            store["a"] = b"1"
        environment = store._environment()
        replaced = SimpleNamespace(begin=partial(begin, environment.handle))
        writes: list[Callable[[], None]] = [lambda: store.update(a=b"2", c=b"2"), lambda: store.discard("a")]
        for write in writes:
            with monkeypatch.context() as patch:
                patch.setattr(environment, "handle", replaced)
                with pytest.raises(Interrupted):
                    write()
            store["b"] = b"3"
            follower.follow(store)
            assert follower.held == dict(store.scan_tags())


# ---- Other processes -------------------------------------------------------------------------------
