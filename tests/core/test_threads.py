"""Calls in other threads: each is made once, by as many threads as allowed, or by the caller if there is none."""

import asyncio
import gc
import queue
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from holdall.threads import Call, Workers, run_in_loop

PATIENCE = 60  # seconds, after which a thread that does not come is a failure


class Unstarted(threading.Thread):
    """What a system without a thread to spare makes of a thread."""

    def start(self) -> None:
        raise RuntimeError("can't start new thread")


def divide() -> int:
    return 1 // 0


def test_a_call_is_made_once() -> None:
    made: list[None] = []
    call = Call(lambda: made.append(None))
    assert not call.done
    call.run()
    call.run()
    assert call.done
    assert call.result() is call.result() is None
    assert len(made) == 1


def test_a_result_may_be_asked_for_before_the_call_ends() -> None:
    goes_on = threading.Event()
    call = Call(lambda: goes_on.wait(PATIENCE))
    Workers(1).submit(call)
    assert not call.done
    goes_on.set()
    assert call.result() is True


def test_the_exception_of_a_call_is_raised_whenever_its_result_is_asked_for() -> None:
    call = Call(divide)
    call.run()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            call.result()


def test_a_call_that_ended_early_is_not_made() -> None:
    made: list[None] = []
    call = Call(lambda: made.append(None))
    call.end()
    call.run()
    assert made == []
    assert not call.done


def test_the_end_of_a_call_that_has_begun_waits_for_it() -> None:
    begun, goes_on = threading.Event(), threading.Event()
    call = Call(lambda: begun.set() or goes_on.wait(PATIENCE))
    Workers(1).submit(call)
    assert begun.wait(PATIENCE)
    threading.Timer(0.01, goes_on.set).start()
    call.end()
    assert call.result() is True


def test_calls_are_made_in_order_by_another_thread() -> None:
    workers = Workers(1)
    order: list[int] = []
    calls = [
        Call(lambda number=number: (order.append(number), threading.get_ident())) for number in range(20)
    ]
    for call in calls:
        workers.submit(call)
    idents = {call.result()[1] for call in calls}
    assert order == list(range(20))
    assert len(idents) == 1
    assert threading.get_ident() not in idents


def test_as_many_run_at_once_as_allowed() -> None:
    workers = Workers(3)
    full, goes_on = threading.Barrier(4), threading.Event()
    calls = [Call(lambda: (full.wait(PATIENCE), goes_on.wait(PATIENCE))) for _ in range(3)]
    waiting = Call(threading.get_ident)
    for call in [*calls, waiting]:
        workers.submit(call)
    full.wait(PATIENCE)
    assert not waiting.done
    goes_on.set()
    for call in calls:
        call.result()
    assert waiting.result()


def test_the_caller_makes_the_call_if_no_thread_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Thread", Unstarted)
    call = Call(threading.get_ident)
    Workers(2).submit(call)
    assert call.done
    assert call.result() == threading.get_ident()


def test_a_call_is_left_to_the_threads_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers(2)
    begun, goes_on = threading.Event(), threading.Event()
    first = Call(lambda: begun.set() or goes_on.wait(PATIENCE))
    workers.submit(first)
    assert begun.wait(PATIENCE)
    monkeypatch.setattr(threading, "Thread", Unstarted)
    second = Call(threading.get_ident)
    workers.submit(second)
    assert not second.done
    goes_on.set()
    assert second.result() != threading.get_ident()


def test_threads_end_with_their_workers() -> None:
    before = set(threading.enumerate())
    workers = Workers(2)
    full = threading.Barrier(2)
    calls = [Call(lambda: full.wait(PATIENCE)) for _ in range(2)]
    for call in calls:
        workers.submit(call)
    for call in calls:
        call.result()
    threads = set(threading.enumerate()) - before
    assert len(threads) == 2
    assert all(thread.daemon for thread in threads)
    del workers
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_no_thread_is_left_after_the_block() -> None:
    before = set(threading.enumerate())
    with Workers(3) as workers:
        calls = [Call(lambda: None) for _ in range(10)]
        for call in calls:
            workers.submit(call)
        for call in calls:
            call.result()
        assert set(threading.enumerate()) - before
    assert not set(threading.enumerate()) - before  # one of an earlier test may end in the meantime


def test_a_waiting_thread_keeps_no_call() -> None:
    workers = Workers(1)
    gone = threading.Event()

    class Held:
        def __del__(self) -> None:
            gone.set()

    held = Held()
    call = Call(lambda held=held: None)
    workers.submit(call)
    call.result()
    del held, call
    gc.collect()
    assert gone.wait(PATIENCE)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)
    loop.close()


def test_a_coroutine_runs_in_the_loop(loop: asyncio.AbstractEventLoop) -> None:
    async def ident() -> int:
        await asyncio.sleep(0)
        return threading.get_ident()

    async def fail() -> None:
        divide()

    assert run_in_loop(loop, ident) != threading.get_ident()
    assert run_in_loop(loop, ident, timeout=PATIENCE)
    with pytest.raises(ZeroDivisionError):
        run_in_loop(loop, fail)


def stops(cancelled: queue.SimpleQueue[None], began: Callable[[], None]) -> Callable[[], object]:
    async def forever() -> None:
        began()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.put(None)
            raise

    return forever


def test_a_coroutine_that_takes_too_long_is_cancelled(loop: asyncio.AbstractEventLoop) -> None:
    cancelled: queue.SimpleQueue[None] = queue.SimpleQueue()
    begun = threading.Event()
    with pytest.raises(TimeoutError):
        run_in_loop(loop, stops(cancelled, begun.set), timeout=0.01)  # type: ignore
    if begun.wait(PATIENCE):
        cancelled.get(timeout=PATIENCE)


def test_an_interrupt_of_the_caller_cancels_the_coroutine(loop: asyncio.AbstractEventLoop) -> None:
    cancelled: queue.SimpleQueue[None] = queue.SimpleQueue()
    main = threading.main_thread().ident

    class Interrupt(Exception):
        pass

    def interrupt() -> None:
        signal.pthread_kill(main, signal.SIGUSR1)  # type: ignore

    def handle(*_: object) -> None:
        raise Interrupt

    before = signal.signal(signal.SIGUSR1, handle)
    gc.disable()  # an exception in a callback of the garbage collector would reach nobody
    try:
        with pytest.raises(Interrupt):
            run_in_loop(loop, stops(cancelled, interrupt))  # type: ignore
    finally:
        gc.enable()
        signal.signal(signal.SIGUSR1, before)
    cancelled.get(timeout=PATIENCE)
