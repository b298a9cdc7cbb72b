"""A cache that follows the feed of its store: what others wrote is dropped, and a feed that fails lets it grow old."""

import contextlib
import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

import holdall
from holdall import (
    Cache,
    Expired,
    Invalid,
    InvalidAddress,
    Json,
    Memory,
    PassThrough,
    SQLite,
    Unavailable,
    Unsupported,
    Versions,
)
from holdall.changes import Changes
from holdall.middleware.cache.follower import Follower
from holdall.store import Store
from holdall.testing.suite.processes import child
from tests.conformance.minimal import Minimal
from tests.middleware.cache.gate import PATIENCE, Gate
from tests.middleware.cache.test_staleness import AGE, KEYS, Lagging
from tests.soak import SOAK

OLD, NEW, OURS = b"old", b"new", b"ours"
Submit = Callable[..., Future[Any]]


@pytest.fixture
def submit() -> Iterator[Submit]:
    with ThreadPoolExecutor(4) as threads:
        yield threads.submit


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread follows the feed: the test looks at it."""
    monkeypatch.setattr(Follower, "start", lambda follower: None)


def follower(cache: Cache) -> Follower:
    here = cache._here()
    assert isinstance(here, Follower)
    return here


def until(condition: Callable[[], bool]) -> None:
    """Wait until the thread of a cache had its turn."""
    for _ in range(PATIENCE * 200):
        if condition():
            return
        threading.Event().wait(0.005)
    raise AssertionError("the thread of the cache did nothing")


# ---- By hand -------------------------------------------------------------------------------------------


class Forgetful(PassThrough[bytes]):
    """A store whose feed cannot go on while it ``forgets``, until its reader begins again."""

    forgets = False

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        if self.forgets:
            raise Expired("the position is too old")
        return super().watch(since, prefix=prefix, timeout=timeout)

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        self.forgets = self.forgets and since is not None
        return super().changes(since, prefix=prefix)


class Following(Lagging):
    """A cache that lags as another one does while it does not look at the feed, and not at all after a look."""

    def __init__(self, misses: bool) -> None:
        self.forgetful = Forgetful(Memory())
        super().__init__(self.forgetful, "feed", None, misses)  # type: ignore[arg-type]
        self.max_age = AGE
        self.position = self.forgetful.changes().position

    @rule(fails=st.sampled_from(["", "", "before", "after"]), forgets=st.booleans())
    def follow(self, fails: str, forgets: bool) -> None:
        here = follower(self.cache)
        here.look(timeout=0)
        self.flaky.fails = fails
        with contextlib.suppress(Unavailable):
            self.forgetful.forgets = forgets
            here.look(timeout=0)
            here.look(timeout=0)
            self.wrote(*KEYS)
        self.flaky.fails = ""

    @rule()
    def consume(self) -> None:
        feed = self.cache.changes(self.position)
        for change in feed:
            assert self.cache.get(change.key) == self.far.get(change.key)
            self.wrote(change.key)
        self.position = feed.position


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize("misses", [False, True], ids=["", "misses"])
def test_it_lags_no_more_than_its_feed(misses: bool) -> None:
    run_state_machine_as_test(
        lambda: Following(misses),
        settings=settings(max_examples=2000 if SOAK else 20, stateful_step_count=30, deadline=None),
    )


@pytest.fixture
def far() -> Memory:
    far = Memory()
    far["a"] = OLD
    return far


@pytest.mark.usefixtures("by_hand")
def test_a_hit_asks_nothing_for_as_long_as_the_feed_is_followed(far: Memory) -> None:
    now = 0.0
    gate = Gate(far, "")
    store = Cache(gate, "feed", clock=lambda: now)
    for _ in range(5):
        follower(store).look(timeout=0)
        assert (store["a"], "a" in store, dict(store.get_many("a"))) == (OLD, True, {"a": OLD})
        now += AGE - 1
    assert set(gate.calls) == {"watch", "get_tagged"}
    assert gate.calls.count("get_tagged") == 1
    far["a"] = NEW
    now += 1
    assert store["a"] == NEW  # nobody looked at the feed for so long that it asks for the tag


@pytest.mark.usefixtures("by_hand")
def test_a_value_is_as_old_as_the_look_that_ended_late(far: Memory) -> None:
    now = 0.0

    class Late(PassThrough[bytes]):
        def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
            nonlocal now
            found = super().watch(since, prefix=prefix, timeout=0)
            if timeout:
                far["a"] = NEW
                now += AGE - 1
            return found

    store = Cache(Late(far), "feed", clock=lambda: now)
    follower(store).look(timeout=0)
    assert store["a"] == OLD
    follower(store).look(timeout=AGE)
    assert store["a"] == OLD
    now += 1
    assert store["a"] == NEW


@pytest.mark.usefixtures("by_hand")
def test_a_value_grows_old_while_the_feed_cannot_go_on(far: Memory) -> None:
    now = 0.0
    forgetful = Forgetful(far)
    store = Cache(forgetful, "feed", clock=lambda: now)
    follower(store).look(timeout=0)
    assert store["a"] == OLD
    far["a"] = NEW
    forgetful.forgets = True
    now += AGE - 1
    follower(store).look(timeout=0)
    now += 1
    assert store["a"] == NEW


@pytest.mark.usefixtures("by_hand")
def test_a_written_value_is_dropped_when_its_key_is_deleted(far: Memory) -> None:
    store = Cache(far, "feed")
    follower(store).look(timeout=0)
    store["a"] = OURS
    del far["a"]
    follower(store).look(timeout=0)
    assert "a" not in store


@pytest.mark.usefixtures("by_hand")
def test_a_value_of_known_tag_is_not_dropped_for_its_own_change(far: Memory) -> None:
    store = Cache(far, "feed")
    look = follower(store).look
    look(timeout=0)
    before = follower(store)._position
    far["a"] = NEW
    assert store["a"] == NEW
    store.swap("b", OURS, store.tag("b"))
    look(timeout=0)
    assert follower(store)._position != before
    assert (store["a"], store["b"]) == (NEW, OURS)
    assert store.stats() == {"hits": 2, "revalidated": 0, "misses": 1}
    store["c"] = OURS  # its tag is not known
    look(timeout=0)
    assert (store["c"], store["c"]) == (OURS, OURS)
    assert store.stats() == {"hits": 3, "revalidated": 0, "misses": 2}


READS: dict[str, tuple[str, Callable[[Cache], Any]]] = {
    "get": ("get_tagged", lambda store: store.get("a")),
    "write": ("set", lambda store: store.__setitem__("a", OURS)),
    "swap": ("swap", lambda store: store.swap("a", OURS, store.tag("a"))),
}


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize("forgets", [False, True], ids=["", "expired"])
@pytest.mark.parametrize(("name", "use"), READS.values(), ids=READS)
def test_nothing_from_before_a_change_is_kept_after_it_was_told(
    far: Memory, submit: Submit, name: str, use: Callable[[Cache], Any], forgets: bool
) -> None:
    forgetful = Forgetful(far)
    gate = Gate(forgetful, name)
    store = Cache(gate, "feed")
    follower(store).look(timeout=0)
    early = submit(use, store)
    arrived = gate.arrived()  # it has happened below
    far["a"] = NEW
    forgetful.forgets = forgets
    follower(store).look(timeout=0)
    follower(store).look(timeout=0)
    arrived.set()
    early.result(PATIENCE)
    gate.name = ""
    assert store["a"] == NEW


@pytest.mark.usefixtures("by_hand")
def test_many_values_from_before_a_change_are_not_kept_after_it_was_told(far: Memory) -> None:
    far["b"] = OLD

    class Turning(PassThrough[bytes]):
        def get_many(self, keys: Any, /) -> Iterator[tuple[str, bytes]]:
            yield from super().get_many(keys)
            far["b"] = NEW
            follower(store).look(timeout=0)

    store = Cache(Turning(far), "feed")
    follower(store).look(timeout=0)
    assert dict(store.get_many("ab")) == {"a": OLD, "b": OLD}
    assert (store["a"], store["b"]) == (OLD, NEW)
    assert store.stats() == {"hits": 1, "revalidated": 0, "misses": 3}


def test_who_follows_a_store_through_a_cache_reads_what_is_told(far: Memory) -> None:
    store = Json(Cache(far, 3600))
    store["a"] = 1
    assert store["a"] == 1
    position = store.changes().position
    for value in (2, None, 3):
        if value is None:
            far.discard("a")
        else:
            far["a"] = b"%d" % value
        feed = store.changes(position)
        assert [store.get(change.key) for change in feed] == [value]
        position = feed.position


# ---- With its thread -------------------------------------------------------------------------------------


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread looks often, so that a test need not wait for it."""
    monkeypatch.setattr("holdall.middleware.cache.follower.LOOK", 0.01)


def thread(cache: Cache) -> threading.Thread:
    return follower(cache)._thread


@pytest.mark.parametrize("open_far", [lambda path: Memory(), lambda path: SQLite(path / "far.db")])
def test_a_change_shows(open_far: Any, tmp_path: Path) -> None:
    far = open_far(tmp_path)
    with Versions(Cache(far, "feed")) as store:
        store["a"] = OLD
        assert store["a"] == OLD
        for value in (b"1", b"2"):
            Versions(far)["a"] = value
            until(lambda: store["a"] == value)  # noqa: B023 - it is called at once
        del Versions(far)["a"]
        until(lambda: "a" not in store)


def write(store: Store[bytes]) -> None:
    for number in range(5):
        store["a"] = b"%d" % number


def test_what_another_process_wrote_shows(tmp_path: Path) -> None:
    far = SQLite(tmp_path / "far.db", durability="os")
    with Cache(far, "feed", misses=True) as store:
        assert store.get("a") is None
        with child(write, far, method="fork"):
            until(lambda: store.get("a") == b"4")
        del far["a"]
        until(lambda: store.get("a") is None)
        assert store.stats()["hits"] > 0


@pytest.mark.usefixtures("hurried")
def test_the_thread_begins_with_the_first_read_and_ends_with_the_store(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    store = Cache(SQLite(tmp_path / "far.db"), "feed")
    assert set(threading.enumerate()) <= before
    first = thread(store)
    assert first.is_alive()
    assert first.daemon
    store.close()
    first.join(PATIENCE)
    assert not first.is_alive()
    store.close()
    second = thread(store)
    assert second is not first
    del store
    gc.collect()
    second.join(PATIENCE)
    assert not second.is_alive()


def test_a_forked_child_has_a_thread_of_its_own(tmp_path: Path) -> None:
    with Cache(SQLite(tmp_path / "far.db"), "feed") as store:
        store["a"] = OLD
        mine = thread(store)
        with child(_follow_in_child, store, method="fork"):
            pass
        assert thread(store) is mine
        until(lambda: store.get("a") == NEW)


def _follow_in_child(store: Cache) -> None:
    until(lambda: store["a"] == OLD)
    assert thread(store).is_alive()
    store.inner["a"] = NEW
    until(lambda: store["a"] == NEW)
    store.close()


@pytest.mark.usefixtures("hurried")
def test_a_store_that_does_not_answer_is_asked_again() -> None:
    class Down(PassThrough[bytes]):
        looks = 0

        def changes(self, since: str | None = None, *, prefix: str = "") -> Any:
            self.looks += 1
            if self.looks == 1:
                raise Unavailable("it did not answer")
            return super().changes(since, prefix=prefix)

    far = Down(Memory())
    with Cache(far, "feed") as store:
        assert store.get("a") is None
        until(lambda: follower(store).correct_at > 0)
        assert far.looks > 1


def test_a_system_without_threads_has_a_cache_that_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    now = 0.0
    far = Memory()
    with Cache(far, "feed", clock=lambda: now) as store:
        store["a"] = OLD
        far["a"] = NEW
        assert store["a"] == OLD
        now += AGE
        assert store["a"] == NEW


def test_what_cannot_follow_a_feed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=r"^Minimal\(\) has no feed .* give the cache an age"):
        Cache(Minimal(), "feed")
    with pytest.raises(Invalid, match="leave near out"):
        Cache(Memory(), "feed", near=Memory())
    with pytest.raises(InvalidAddress, match="near has no effect here"):
        holdall.open("memory://?cache=feed&near=memory:%2F%2Fnear")
    with holdall.open("memory://?serializer=json&cache=feed&items=10&misses=on") as store:
        assert repr(store.inner.inner) == "Cache(Memory(), max_age='feed', items=10, misses=True)"
