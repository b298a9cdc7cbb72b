"""A parallel run has the rows of a serial one, and survives its workers."""

import os
import re
import signal
import sys
import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from decimal import Decimal, localcontext
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Json, MapReduce, Memory, SQLite
from holdall.errors import InvalidQuery, QueryFailed, Unavailable, Unsupported
from holdall.query import options, packing, parallel, plan, pool, together
from holdall.query.plan import Pace, choose
from tests.query import maps
from tests.query.keys import tuples
from tests.query.maps import Breaking, Dying, Inline, Open
from tests.query.test_failures import Failing

counted = MapReduce(maps.by_first, "count")
summed = MapReduce(maps.by_first, "sum")


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture(params=["threads", "inline"])
def executor(request, threads):
    return threads if request.param == "threads" else Inline()


def numbers(count, store=None):
    """``count`` documents, whose keys begin with one of ten digits."""
    store = Open("numbers") if store is None else store
    store.clear()
    store.update({f"{number % 10}/{number:05}": b"%d" % number for number in range(count)})
    return store


amounts = st.one_of(
    st.integers(), st.decimals(-(10**9), 10**9, places=4), st.sampled_from([Decimal("-0.00")])
)
floats = st.one_of(st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False))
REDUCERS = {
    "sum": ("sum", amounts),
    "sum of floats": ("sum", floats),
    "count": ("count", floats),
    "stats": ("stats", amounts),
    "min": ("min", floats),
    "max": ("max", amounts),
    "distinct": ("distinct", floats),
    "none": (None, floats),
    "chained": (lambda lists: list(chain.from_iterable(lists)), st.lists(floats, max_size=2)),
}


@given(data=st.data(), partitions=st.integers(1, 5), level=st.sampled_from([None, 0, 1]))
def test_the_rows_are_those_of_a_serial_run_to_the_bit(threads, data, partitions, level):
    reduce, values = REDUCERS[data.draw(st.sampled_from(sorted(REDUCERS)))]
    pairs = st.lists(st.tuples(tuples, values), max_size=4)
    store = data.draw(st.dictionaries(st.text(max_size=3), pairs, max_size=8))
    query = MapReduce(maps.as_they_are, reduce)
    serial = query.run(store, group_level=level)
    parallel = query.run(store, group_level=level, executor=threads, partitions=partitions)
    assert repr(parallel) == repr(serial)


def test_a_range_is_cut_into_as_many_partitions_as_are_asked_for(executor):
    store = numbers(100)
    seen = []
    options = {"prefix": "", "start": "1", "stop": "8/00055"}
    rows = summed.run(store, **options, executor=executor, partitions=7, progress=seen.append)
    assert rows == summed.run(store, **options)
    assert len(seen) == 7
    assert seen == sorted(seen)
    assert seen[-1] == sum(row.value for row in counted.run(store, **options))


def test_the_default_partitions_have_two_thousand_documents():
    store, executor, seen = numbers(4001), Inline(), []
    assert counted.run(store, executor=executor, progress=seen.append) == counted.run(store)
    assert seen == [2000, 4000, 4001]


@pytest.mark.parametrize("partitions", [None, 1, 3])
def test_no_documents_are_one_partition_without_rows(executor, partitions):
    seen = []
    assert counted.run(numbers(0), executor=executor, partitions=partitions, progress=seen.append) == []
    assert seen == [0]


def test_several_queries_share_the_partitions(executor):
    both = together(counted, summed)
    assert both.run(numbers(50), executor=executor, partitions=4) == both.run(numbers(50))


def test_maps_run_in_the_decimal_context_of_the_caller(executor):
    query = MapReduce(maps.rounded, "sum")
    with localcontext(prec=7):
        rows = query.run(numbers(3), executor=executor, partitions=3)
        assert rows == query.run(numbers(3)) == [("all", Decimal("21.999999"))]


def test_a_document_that_cannot_be_mapped_is_named_and_the_others_are_done(executor):
    store = numbers(20)
    store["3/bad"] = store["7/bad"] = b"bad"
    query = MapReduce(maps.picky, "count")
    with pytest.raises(QueryFailed, match=r"map failed at '[37]/bad': Odd") as caught:
        query.run(store, executor=executor, partitions=4)
    assert caught.value.key in ("3/bad", "7/bad")
    assert caught.value.__cause__ or "maps.Odd: odd" in caught.value.__notes__[0]
    rows = query.run(store, executor=executor, partitions=4, on_error="collect")
    assert rows == [("all", 20)]
    assert [(key, error.key) for key, error in rows.failures.items()] == [("3/bad",) * 2, ("7/bad",) * 2]
    assert query.run(store, executor=executor, partitions=4, on_error="skip").failures == {}


class Elsewhere(Open):
    """A store that other processes cannot reach."""

    scan_items = Failing.scan_items


def test_errors_of_the_store_and_of_reducers_come_as_they_are(executor):
    with pytest.raises(Unavailable, match="no answer"):
        MapReduce(maps.picky, "count").run(Elsewhere("elsewhere"), executor=executor)
    with pytest.raises(InvalidQuery, match="len gives"):
        MapReduce(maps.picky, len).run(numbers(6), executor=executor, partitions=6)
    mixed = {"a": [("EUR", 1.5)], "b": [("EUR", Decimal(1))]}
    with pytest.raises(QueryFailed, match="cannot add up Decimal and float"):
        MapReduce(maps.as_they_are, "sum").run(mixed, executor=ThreadPoolExecutor(1), partitions=2)


def test_each_document_is_mapped_as_it_is_when_it_is_read():
    store = numbers(10)

    def changing(key, value):
        if key.startswith("0"):
            store["9/99999"] = b"1"  # after the keys were listed
            store.discard("5/00005")
        yield "all", 1

    with ThreadPoolExecutor(1) as executor:
        assert MapReduce(changing, "count").run(store, executor=executor, partitions=3) == [("all", 10)]


REFUSED = {
    "executor": (
        {"executor": "dask"},
        'executor is \'dask\': use None, "auto", "threads", "processes" or an',
    ),
    "type": ({"executor": Inline}, "executor is <class"),
    "serial": ({"partitions": 2}, "partitions is 2"),
    "chosen": ({"partitions": 2, "executor": "auto"}, "partitions is 2"),
    "none": ({"partitions": 0, "executor": "threads"}, "partitions is 0: use 1 or more"),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED)
def test_options_that_cannot_be_meant_read_nothing(options, message):
    with pytest.raises(InvalidQuery, match=message):
        counted.run(Failing(), **options)


@pytest.mark.parametrize("executor", [Inline(), "processes"], ids=["given", "own"])
@pytest.mark.parametrize("store", [Memory(), Json(Memory("named")), SQLite(":memory:"), {}], ids=repr)
def test_a_store_that_is_private_to_this_process_is_refused_with_the_remedy(store, executor):
    with pytest.raises(Unsupported, match=r"private to this process.*; use executor=None, or threads"):
        counted.run(store, executor=executor)


SCRIPTS = {
    "unguarded": ("print(1)", "script.py has no `if __name__ == .*would run it again"),
    "guarded": ('if __name__ == "__main__": print(1)', ""),
    "missing": (None, "cannot import the main module of this process, .*script.py"),
}


@pytest.mark.parametrize(("script", "reason"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_that_worker_processes_would_run_again_is_refused(monkeypatch, tmp_path, script, reason):
    main, made = ModuleType("__main__"), []
    main.__file__ = str(tmp_path / "script.py")
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(pool, "processes", lambda: made.append(Inline()) or made[0])
    if script is not None:
        Path(main.__file__).write_text(script)
    if reason:
        with pytest.raises(Unsupported, match=f"{reason}; use executor=None, or threads"):
            counted.run(numbers(9), executor="processes")
        assert made == []
    else:
        assert counted.run(numbers(9), executor="processes") == counted.run(numbers(9))


def test_a_bundle_starts_no_processes(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(Unsupported, match="a bundle, which worker processes would start again"):
        counted.run(numbers(9), executor="processes")


def test_an_executor_that_is_shut_down_is_named():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(InvalidQuery, match=r"ThreadPoolExecutor does not take tasks: .* not shut down"):
        counted.run(numbers(3), executor=executor)


def test_a_query_or_store_that_cannot_be_pickled_is_refused(monkeypatch):
    monkeypatch.setattr(packing, "_pickler", lambda: __import__("pickle"))
    with pytest.raises(
        InvalidQuery, match=r"cannot be sent .*; define its functions in a module, or pip inst"
    ):
        MapReduce(lambda key, value: [], "count").run(numbers(3), executor=Inline())
    with pytest.raises(Unsupported, match=r"Open\(\) cannot be sent to worker processes: a private Memory"):
        counted.run(Open(), executor=Inline())


def test_partials_that_cannot_be_pickled_are_named(monkeypatch):
    monkeypatch.setattr(packing, "_pickler", lambda: __import__("pickle"))
    with pytest.raises(QueryFailed, match="partial results of a reducer cannot be pickled"):
        MapReduce(maps.picky, maps.Unsent()).run(numbers(9), executor=Inline())


def test_a_query_that_a_worker_cannot_load_says_what_to_do(monkeypatch):
    executor = Inline()
    submit = executor.submit

    def elsewhere(task, packed, *args):
        return submit(task, packed.replace(b"tests.query.maps", b"tests.query.moot"), *args)

    monkeypatch.setattr(executor, "submit", elsewhere)
    with pytest.raises(
        InvalidQuery, match=r"cannot load .*tests.query.moot.*pip install 'holdall\[parallel\]'"
    ):
        counted.run(numbers(3), executor=executor)


def test_a_task_that_dies_is_run_again():
    executor = Dying(OSError("connection lost"), OSError("connection lost"))
    assert counted.run(numbers(9), executor=executor, partitions=3) == counted.run(numbers(9))


def test_a_task_that_dies_each_time_is_named_by_its_documents():
    with pytest.raises(QueryFailed, match=r"documents from '' to the end died 3 times in Dying: OSError"):
        counted.run(numbers(9), executor=Dying(*[OSError("lost")] * 3))


def test_an_executor_of_the_caller_that_breaks_is_named():
    with pytest.raises(QueryFailed, match=r"Breaking has lost a worker .*: a process was terminated; make"):
        counted.run(numbers(9), executor=Breaking(""))


@pytest.fixture
def own(monkeypatch):
    """Make `Breaking` executors the pool of holdall's own, until ``times`` of them have broken."""

    def use(start, times):
        made: list[Executor] = []

        def processes():
            if not made or getattr(made[-1], "broken", False):
                made.append(Breaking(start) if len(made) < times else Inline())
            return made[-1]

        monkeypatch.setattr(pool, "processes", processes)
        return made

    return use


def test_the_pool_is_replaced_if_a_process_dies(own):
    store, made = numbers(100), own("", 2)
    assert counted.run(store, executor="processes", partitions=9) == counted.run(store)
    assert len(made) == 3


def test_tasks_that_were_lost_with_the_pool_run_alone(own, monkeypatch):
    submit, beside = parallel._Dispatch._submit, []

    def watched(self, task):
        beside.append((task.tries > 0, [other.tries > 0 for other in self._running.values()]))
        submit(self, task)

    monkeypatch.setattr(parallel._Dispatch, "_submit", watched)
    own("", 2)
    store = numbers(100)
    assert counted.run(store, executor="processes", partitions=9) == counted.run(store)
    assert [others for lost, others in beside if lost] == [[]] * sum(lost for lost, _ in beside)
    assert not any(any(others) for _, others in beside)
    assert any(lost for lost, _ in beside)


def test_documents_that_kill_their_process_each_time_are_named(own):
    own("", 9)
    with pytest.raises(QueryFailed, match=r"documents from '' to before .* died 3 times in Breaking.*memory"):
        counted.run(numbers(100), executor="processes", partitions=9)


def no_threads_remain():
    """Wait for the threads of a run that has ended."""
    ours = [thread for thread in threading.enumerate() if thread.name.startswith("holdall")]
    for thread in ours:
        thread.join(60)
    return not any(thread.is_alive() for thread in ours)


def test_progress_that_raises_stops_the_threads_and_the_run():
    def stop(documents):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        counted.run(numbers(100), executor="threads", partitions=50, progress=stop)
    assert no_threads_remain()


def test_a_signal_stops_the_threads_and_the_run():
    begun, interrupted = threading.Event(), threading.Event()

    def waiting(key, value):
        if not begun.is_set():
            begun.set()
            os.kill(os.getpid(), signal.SIGINT)
        interrupted.wait(60)
        yield "all", 1

    def interrupt(*_):
        interrupted.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            MapReduce(waiting, "count").run(numbers(100), executor="threads", partitions=50)
    finally:
        signal.signal(signal.SIGINT, before)
    assert no_threads_remain()


SLOW, QUICK = Pace(500, 5.0, 0.1), Pace(500, 0.005, 0.005)
PLANS = {
    "waits": ((SLOW, 99, 9, "", 2), "threads", "8 threads wait .* only 2 % of the time"),
    "waits, private": ((SLOW, 99, 9, "private", 2), "threads", "8 threads"),
    "computes": ((QUICK, 99, 9, "", 4), "processes", "4 processes compute .* 100 % of the time"),
    "private": ((QUICK, 99, 9, "it is private", 4), "serial", "it is private"),
    "one processor": ((QUICK, 99, 9, "", 1), "serial", "there is one processor"),
    "few": (
        (QUICK, 500, 9999, "", 4),
        "serial",
        r"1,000 documents take about 0.005 s, and processes are worth",
    ),
}


@pytest.mark.parametrize(("facts", "how", "reason"), PLANS.values(), ids=PLANS)
def test_workers_are_chosen_by_how_the_time_is_spent(facts, how, reason):
    chosen = choose(*facts)
    assert chosen.how == how
    assert str(chosen).startswith(how)
    assert re.search(reason, chosen.reason)


def test_a_few_documents_are_read_in_this_thread():
    seen = []
    assert counted.run(numbers(512), executor="auto", progress=seen.append) == counted.run(numbers(512))
    assert seen == [512]
    assert str(counted.explain(numbers(512))) == "serial: there are only 512 documents"
    assert together(counted, summed).explain(numbers(512), "1").how == "serial"


@pytest.mark.parametrize("how", ["serial", "threads"])
def test_the_rest_is_read_as_planned(monkeypatch, how):
    monkeypatch.setattr(plan, "choose", lambda *facts: plan.Plan(how, 100, "as the test says"))
    store, seen = numbers(1000), []
    assert counted.run(store, executor="auto", progress=seen.append) == counted.run(store)
    assert seen == sorted(seen)
    assert seen[-1] == 1000
    assert counted.explain(store).how == how


def test_the_options_of_a_run_are_those_that_are_documented():
    assert set(options.Options.__annotations__) <= set(MapReduce.run.__annotations__)
