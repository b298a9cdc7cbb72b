"""Dask's executor, on a cluster in this process: the rows of a serial run, cancelled tasks, and refusals."""

import asyncio
import os

import dask.config
import pytest
from distributed import Client, Future, LocalCluster

from holdall import MapReduce
from holdall.errors import InvalidQuery, QueryFailed, Unsupported
from holdall.query import together
from holdall.query.dask import DaskCrew, on_dask
from tests.query import maps
from tests.query.maps import Endless
from tests.query.test_failures import Failing
from tests.query.test_parallel import numbers

# Apart from tests that fork: see `make test-clusters`.
pytestmark = pytest.mark.servers

counted = MapReduce(maps.by_first, "count")
summed = MapReduce(maps.by_first, "sum")


def local_cluster(workers=2):
    """A scheduler and workers with one thread each, in this process."""
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=False,
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
    )


@pytest.fixture(scope="module")
def client():
    with local_cluster() as cluster, Client(cluster) as client:
        yield client


def test_the_rows_are_those_of_a_serial_run_and_of_the_documents_as_they_are_now(client):
    store, both, seen = numbers(500), together(counted, summed), []
    executor = on_dask(client)
    options = {"executor": executor, "partitions": 7}
    assert both.run(store, **options, progress=seen.append) == both.run(store)
    assert (len(seen), seen[-1]) == (7, 500)
    store["0/00000"] = b"1000"
    assert both.run(store, **options) == both.run(store)
    assert both.run(store, executor=executor) == both.run(store)


def test_a_document_that_cannot_be_mapped_is_named(client):
    store = numbers(3)
    store["1/bad"] = b"bad"
    with pytest.raises(QueryFailed, match="map failed at '1/bad': Odd") as caught:
        MapReduce(maps.picky, "count").run(store, executor=on_dask(client), partitions=2)
    assert caught.value.key == "1/bad"
    assert "maps.Odd: odd" in caught.value.__notes__[0]
    rows = MapReduce(maps.picky, "count").run(store, executor=on_dask(client), on_error="collect")
    assert (rows, list(rows.failures)) == ([("all", 3)], ["1/bad"])
    assert "maps.Odd: odd" in rows.failures["1/bad"].__notes__[0]


def test_an_executor_that_is_pure_is_refused(client):
    for executor in (client.get_executor(), client.get_executor(pure=True)):
        with pytest.raises(InvalidQuery, match=r"is pure, .*; use holdall.query.dask.on_dask\(client\), or"):
            counted.run(Failing(), executor=executor)


def test_a_query_that_would_stop_the_event_loop_of_its_client_is_refused(client):
    async def ask():
        async with Client(client.cluster.scheduler_address, asynchronous=True) as other:
            executor = on_dask(other)
            with pytest.raises(InvalidQuery, match=r"is asynchronous, .*; run the query by asyncio.to_th"):
                counted.run(store, executor=executor)
            return await asyncio.to_thread(counted.run, store, executor=executor)

    store = numbers(50)
    assert asyncio.run(ask()) == counted.run(store)


def test_an_executor_that_is_shut_down_and_a_client_that_is_closed_are_refused(client):
    executor = on_dask(client)
    executor.shutdown()
    with pytest.raises(InvalidQuery, match=r"Dask cluster does not take tasks: .* give an executor that is"):
        counted.run(numbers(3), executor=executor)
    with Client(client.cluster) as other:
        executor = on_dask(other)
    with pytest.raises(InvalidQuery, match="this Dask client is closed; give the executor of a client that"):
        counted.run(numbers(3), executor=executor)


def test_a_store_that_is_private_to_this_process_is_refused(client):
    with pytest.raises(Unsupported, match="private to this process"):
        counted.run({}, executor=on_dask(client))


def test_tasks_that_others_cancel_are_run_again(client):
    def cancel(documents):
        if documents == 100:
            client.cancel([Future(key) for key in client.futures])

    store, executor = numbers(500), on_dask(client)
    assert counted.run(store, executor=executor, partitions=5, progress=cancel) == counted.run(store)


def test_a_signal_stops_the_tasks(client):
    stops_its_tasks(client)


def stops_its_tasks(client):
    """Assert that Ctrl-C ends a query, and that all workers are free then."""
    query = MapReduce(maps.interrupting, "count")
    with pytest.raises(KeyboardInterrupt):
        query.run(Endless(str(os.getpid())), executor=on_dask(client))
    free = [client.submit(int, workers=[worker], pure=False) for worker in client.nthreads()]
    assert client.gather(free) == [0] * len(free)


def test_a_cluster_without_workers_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(DaskCrew, "look", 0.01)
    with (
        dask.config.set({"distributed.scheduler.no-workers-timeout": "1 ms"}),
        local_cluster(workers=0) as cluster,
        Client(cluster) as client,
        pytest.raises(QueryFailed, match=r"has had no worker for 0.001 s; start workers, and run the query"),
    ):
        counted.run(numbers(9), executor=on_dask(client))
