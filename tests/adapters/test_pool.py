"""A pool gives each connection to one caller at a time, keeps those in step, and closes the others."""

import queue
import threading
from collections.abc import Callable

import pytest

from holdall.adapters._shared.pool import Exhausted, Pool


class Line:
    """A connection that fails on demand."""

    def __init__(self) -> None:
        self.is_alive = True
        self.is_closed = False


class Lines:
    """Connects lines, and notes each of them. An error that says "in step" leaves a line usable."""

    def __init__(self) -> None:
        self.made: list[Line] = []

    def connect(self) -> Line:
        self.made.append(Line())
        return self.made[-1]

    def is_alive(self, line: Line) -> bool:
        return line.is_alive

    def is_in_step(self, line: Line, error: BaseException) -> bool:
        return str(error) == "in step"

    def disconnect(self, line: Line) -> None:
        line.is_closed = True


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def pool(lines: Lines) -> Pool[Line]:
    return Pool(lines, most=2, timeout=60)


def raises(error: BaseException) -> Callable[[Line], None]:
    def work(line: Line) -> None:
        raise error

    return work


def same(line: Line) -> Line:
    assert not line.is_closed
    return line


def test_a_connection_is_used_again(pool: Pool[Line], lines: Lines) -> None:
    first = pool.use(same)
    assert [pool.use(same) for _ in range(3)] == [first] * 3
    assert lines.made == [first]


def test_the_one_used_last_is_used_next(pool: Pool[Line]) -> None:
    inner, outer = pool.use(lambda line: (pool.use(same), line))
    assert inner is not outer
    assert pool.use(same) is outer


@pytest.mark.parametrize("error", [KeyboardInterrupt("out of step"), OSError("out of step")])
def test_a_connection_out_of_step_is_closed(pool: Pool[Line], lines: Lines, error: BaseException) -> None:
    with pytest.raises(type(error), match="out of step"):
        pool.use(raises(error))
    (broken,) = lines.made
    assert broken.is_closed
    assert pool.use(same) is not broken


def test_an_error_in_step_leaves_the_connection_usable(pool: Pool[Line], lines: Lines) -> None:
    with pytest.raises(ValueError, match="in step"):
        pool.use(raises(ValueError("in step")))
    assert [pool.use(same)] == lines.made


def test_idle_connections_that_died_are_closed(pool: Pool[Line], lines: Lines) -> None:
    pool.use(lambda line: pool.use(same))
    for line in lines.made:
        line.is_alive = False
    assert pool.use(same) is lines.made[2]
    assert [line.is_closed for line in lines.made] == [True, True, False]


def test_close_closes_the_idle_ones(pool: Pool[Line], lines: Lines) -> None:
    pool.use(lambda line: pool.use(same))
    pool.close()
    assert [line.is_closed for line in lines.made] == [True, True]
    assert pool.use(same) is lines.made[2]


def test_no_more_are_used_at_once_than_allowed(lines: Lines) -> None:
    pool = Pool(lines, most=2, timeout=0)
    with pytest.raises(Exhausted):
        pool.use(lambda line: pool.use(lambda line: pool.use(same)))
    assert len(lines.made) == 2


def test_a_use_that_failed_does_not_count_while_its_error_is_kept(lines: Lines) -> None:
    pool = Pool(lines, most=1, timeout=0)
    connect, lines.connect = lines.connect, lambda: 1 / 0  # type: ignore
    with pytest.raises(ZeroDivisionError) as no_connection:
        pool.use(same)
    lines.connect = connect
    with pytest.raises(OSError, match="out of step") as no_answer:
        pool.use(raises(OSError("out of step")))
    assert pool.use(same) is lines.made[1]
    assert no_connection.tb
    assert no_answer.tb


def test_a_caller_waits_until_a_connection_is_free(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "holdall.adapters._shared.pool._LOOK", 60
    )  # the end of a use wakes the next caller before that
    pool = Pool(lines, most=1, timeout=60)
    begun: queue.SimpleQueue[None] = queue.SimpleQueue()
    goes_on: queue.SimpleQueue[None] = queue.SimpleQueue()

    def slow(line: Line) -> Line:
        begun.put(None)
        goes_on.get()
        return line

    found: list[Line] = []
    threads = [threading.Thread(target=lambda: found.append(pool.use(slow)), daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in threads:
        begun.get(timeout=30)
        assert begun.empty()
        goes_on.put(None)
    for thread in threads:
        thread.join()
    assert found == lines.made * 3


def test_a_caller_looks_many_times_before_it_gives_up(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdall.adapters._shared.pool._LOOK", 0.0001)
    pool = Pool(lines, most=1, timeout=60)
    begun, goes_on = threading.Event(), threading.Event()

    def slow(line: Line) -> None:
        begun.set()
        assert goes_on.wait(60)

    thread = threading.Thread(target=lambda: pool.use(slow), daemon=True)
    thread.start()
    assert begun.wait(60)
    threading.Timer(0.02, goes_on.set).start()
    assert pool.use(same) in lines.made
    thread.join()
