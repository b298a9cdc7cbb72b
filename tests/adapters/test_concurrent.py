"""Many requests at once: order, bounds, and what is under way when it ends."""

import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest

import holdall
from holdall.adapters._shared.throttle import Pace, map_ordered, read_ahead

PATIENCE = 60  # seconds, after which a thread that does not come is a failure


class Gauge:
    """How many calls are under way at once, at most; each waits until ``crowd`` are, or the gate opens."""

    def __init__(self, crowd: int) -> None:
        self.most = self._now = 0
        self._lock = threading.Lock()
        self._full = threading.Barrier(crowd)

    def __call__(self, number: int) -> int:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self._full.wait(PATIENCE)
        with self._lock:
            self._now -= 1
        return number


def test_results_come_in_order_whoever_is_first():
    second = threading.Event()

    def slow_first(number: int) -> int:
        if number:
            second.set()
        assert second.wait(PATIENCE)
        return number

    assert list(map_ordered(slow_first, range(50), Pace(8))) == list(range(50))


def test_as_many_as_the_pace_allows_are_under_way():
    gauge = Gauge(4)
    assert list(map_ordered(gauge, range(40), Pace(4))) == list(range(40))
    assert gauge.most == 4


def test_a_slower_pace_lets_fewer_in():
    pace = Pace(4)
    pace.slower()
    gauge = Gauge(2)
    assert list(map_ordered(gauge, range(20), pace)) == list(range(20))
    assert gauge.most == 2


def test_items_are_read_only_as_far_as_there_is_room():
    taken = []

    def endless() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield number

    results = map_ordered(lambda number: number, endless(), Pace(8))
    assert [next(results) for _ in range(100)] == list(range(100))
    assert len(taken) <= 100 + 4 * 8
    results.close()


def test_large_results_leave_room_for_fewer():
    taken = []

    def endless() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield number

    results = map_ordered(lambda number: number, endless(), Pace(32), size=lambda number: 32 * 2**20)
    for _ in range(50):
        next(results)
    assert len(taken) - 50 <= 4
    results.close()


class Large(bytes):
    """No bytes, which say that they are many."""

    def __len__(self) -> int:
        return 32 * 2**20


@pytest.mark.parametrize("address", ["s3://acme", "gs://acme"])
def test_of_large_values_that_are_to_be_written_few_wait(address: str):
    taken, written = [], []

    def large() -> Iterator[tuple[str, bytes]]:
        for number in range(100):
            taken.append(number)
            assert len(taken) - len(written) <= 4
            yield f"k{number:02}", Large()

    def write(key: str, value: bytes) -> None:
        time.sleep(0.001)  # for the bound to be of use: others are read meanwhile
        written.append(key)

    with holdall.open(address) as store:
        store._each(write, large())
    assert len(written) == 100


def test_an_error_comes_in_its_turn_and_ends_it():
    begun, done = [], []

    def fails_at_ten(number: int) -> int:
        begun.append(number)
        try:
            if number == 10:
                raise ZeroDivisionError
            return number
        finally:
            done.append(number)

    results = map_ordered(fails_at_ten, count(), Pace(4))
    assert [next(results) for _ in range(10)] == list(range(10))
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert sorted(begun) == sorted(done)
    assert max(done) < 10 + 4 * 4


def test_what_the_items_raise_is_raised():
    def broken() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(map_ordered(lambda number: number, broken(), Pace(4)))
    with pytest.raises(ZeroDivisionError):
        list(read_ahead(broken(), 1))


def test_a_pace_halves_once_for_all_that_were_under_way():
    pace = Pace(16)
    for _ in range(16):
        pace.slower()
    assert pace.now == 8
    pace.slower()
    assert pace.now == 4
    for _ in range(7):
        pace.faster()
    pace.slower()
    assert pace.now == 2
    for _ in range(1000):
        pace.faster()
    assert pace.now == 16
    for _ in range(1000):
        pace.slower()
    assert pace.now == 1


def test_reading_ahead_reads_one_batch_ahead():
    asked = threading.Event()

    def numbers() -> Iterator[int]:
        yield from range(10)
        asked.set()
        yield from range(10, 20)

    results = read_ahead(numbers(), 10)
    assert next(results) == 0
    assert asked.wait(PATIENCE)
    assert list(results) == list(range(1, 20))


def test_a_close_waits_for_what_has_begun_and_begins_no_more():
    begun, done = [], []
    goes_on = threading.Event()

    def slow(number: int) -> int:
        begun.append(number)
        if number:
            assert goes_on.wait(PATIENCE)
        done.append(number)
        return number

    results = map_ordered(slow, range(100), Pace(2))
    assert next(results) == 0
    timer = threading.Timer(0.01, goes_on.set)
    timer.start()
    results.close()
    assert sorted(begun) == sorted(done)
    assert len(begun) <= 4
    timer.join()


def test_after_a_large_result_there_is_room_again():
    taken = []

    def endless() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield number

    results = map_ordered(
        lambda number: number, endless(), Pace(8), size=lambda number: 1 if number else 2**40
    )
    for _ in range(300):
        next(results)
    assert len(taken) - 300 > 4
    results.close()


@pytest.mark.parametrize("many", [1, 100])
def test_no_thread_is_left_when_the_iterator_ends_or_is_closed(many: int):
    before = set(threading.enumerate())
    results = map_ordered(str, range(100), Pace(8))
    for _ in range(many):
        next(results)
    results.close()  # type: ignore[attr-defined]
    assert not set(threading.enumerate()) - before  # one of an earlier test may end in the meantime
