"""Writers whose clocks disagree: times of a key never go back, whatever protocol the store allows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdall import ABSENT, Versions
from holdall.middleware.versions import stamp
from holdall.middleware.versions.names import Name
from holdall.middleware.versions.stamp import NEW, PUT, Stamp, to_datetime
from holdall.store import Store
from tests.middleware.versions.test_fsck import told
from tests.middleware.versions.weaker import KINDS, Weaker

SECOND, YEAR = 10**6, 365 * 86400 * 10**6
START = 50 * YEAR


@contextmanager
def clock(micros: int) -> Iterator[None]:
    with mock.patch.object(stamp.time, "time_ns", return_value=micros * 1000):
        yield


def times(store: Versions[bytes], key: str) -> list[int]:
    """The times of the revisions of ``key``, oldest first."""
    return [stamp.micros_of(one.time) for one in store.history(key)][::-1]


def put(store: Store[bytes], value: bytes) -> None:
    store["a"] = value


def create(store: Store[bytes], value: bytes) -> None:
    store.swap("a", value, ABSENT)


@pytest.mark.parametrize("lacks", KINDS)
@pytest.mark.parametrize("apart", [SECOND, YEAR])
@pytest.mark.parametrize("write", [put, create])
def test_a_key_created_again_is_not_older_than_its_deletion(
    lacks: str, apart: int, write: Callable[[Store[bytes], bytes], None]
) -> None:
    below = Weaker("", lacks)
    fast, slow = Versions(below), Versions(below)
    with clock(START):
        fast["a"] = b"first"
    with clock(START + 2 * apart):
        del fast["a"]
    with clock(START + apart):
        write(slow, b"second")
        slow["b"] = b"other"
    assert times(slow, "a") == [START, START + 2 * apart, START + 2 * apart]
    between, after = (slow.as_of(to_datetime(START + each)) for each in (apart, 2 * apart))
    assert between["a"] == b"first"
    assert dict(between.items()) == {"a": b"first", "b": b"other"}
    assert list(between.scan()) == ["a", "b"]
    assert dict(after.items()) == {"a": b"second", "b": b"other"}
    with clock(START + apart):
        slow["a"] = b"third"
    assert times(slow, "a") == [START, *[START + 2 * apart] * 3]
    assert between["a"] == b"first"
    assert after["a"] == b"third"
    assert list(slow.fsck()) == []


_STEPS = st.lists(
    st.tuples(st.sampled_from([b"", b"1", b"2", "lost"]), st.integers(-3, 3)), min_size=1, max_size=9
)


@given(steps=_STEPS, lacks=st.sampled_from(KINDS))
@example(steps=[(b"1", 0), (b"", 2), (b"2", 1), (b"1", 1), (b"", 0), (b"2", 3)], lacks="ATOMIC")
@example(steps=[(b"1", 0), ("lost", 0), (b"2", 1), ("lost", -1), (b"2", -2)], lacks="ATOMIC-UNIQUE_TAGS")
def test_whatever_the_clocks_say_times_do_not_go_back(
    steps: list[tuple[bytes | str, int]], lacks: str
) -> None:
    """As it is deleted (``b""``), put, or deleted by a writer without versions, each by a clock of its own."""
    below = Weaker("", lacks)
    store = Versions(below)
    for value, years in steps:
        with clock(START + years * YEAR):
            if value == "lost":
                below.discard("a")
            elif value:
                store["a"] = value
            else:
                store.discard("a")
            if "a" in store:
                past = times(store, "a")
                assert past == sorted(past)
    with clock(START):
        check(store)


def check(store: Versions[bytes]) -> None:
    """What `as_of` shows at every moment is the newest revision that is not later."""
    assert [one.what for one in store.fsck() if "time" in one.what] == []
    try:
        revisions = list(store.history("a"))
    except KeyError:
        return
    assert [one.time for one in revisions] == sorted((one.time for one in revisions), reverse=True)
    for years in range(-4, 5):
        then = to_datetime(START + years * YEAR)
        held = next((one for one in revisions if one.time <= then), None)
        expected = {} if held is None or held.deleted else {"a": store.at("a", held.number)}
        past = store.as_of(then)
        assert dict(past.items()) == expected
        assert {key: past[key] for key in ["a"] if key in past} == expected


def test_a_creation_that_was_not_recorded_has_the_time_that_its_record_will_give_it() -> None:
    below = Weaker("", "ATOMIC")
    store = Versions(below)
    with clock(START + YEAR):
        store["a"] = b"1"
        del store["a"]
    below["a"] = Stamp(NEW, 0, START, b"8 bytes.").prepend_to(b"2")  # its writer was killed then
    early = store.as_of(to_datetime(START))
    assert (dict(early.items()), early.get("a")) == ({}, None)
    late = store.as_of(to_datetime(START + YEAR))
    assert (dict(late.items()), late.get("a")) == ({"a": b"2"}, b"2")
    assert times(store, "a") == [START + YEAR] * 3


@pytest.mark.parametrize("lacks", KINDS)
def test_fsck_reports_times_that_go_back(lacks: str) -> None:
    below = Weaker("", lacks)
    store = Versions(below)
    with clock(START + YEAR):
        store["a"] = b"1"
        store["a"] = b"2"
    last = Stamp(PUT, 2, START + YEAR, b"")
    wrong = Stamp(PUT, 3, START, b"8 bytes.").prepend_to(b"3")
    below.raw()[".holdall/history/" + Name.of("a", last).text] = wrong
    below["a"] = wrong
    assert told(store.fsck(mend=True)) == [("a", 3, False)]
    [problem] = store.fsck()
    assert "before the time of the revision before it" in problem.what
    with clock(START + YEAR):
        store["a"] = b"4"
    assert told(store.fsck()) == [("a", 3, False)]


@pytest.mark.parametrize("lacks", [kind for kind in KINDS if "ATOMIC" in kind])
def test_history_that_was_kept_with_the_clock_of_its_writer_is_told_in_order(lacks: str) -> None:
    """The revision after a creation told the time of its stamp, as the creation was not compared."""
    below = Weaker("", lacks)
    store = Versions(below)
    with clock(START + YEAR):
        store["a"] = b"1"
        del store["a"]
    with clock(START):
        store["a"] = b"2"
    old = Stamp(PUT, 4, START + 2 * YEAR, b"8 bytes.").prepend_to(b"3")
    name = Name("a", 4, START, before_deleted=False)
    below.raw()[".holdall/history/" + name.text] = old
    below["a"] = old
    assert times(store, "a") == [START + YEAR] * 3 + [START + 2 * YEAR]
    past = store.as_of(to_datetime(START))
    assert (dict(past.items()), past.get("a")) == ({}, None)
    assert list(store.fsck()) == []
