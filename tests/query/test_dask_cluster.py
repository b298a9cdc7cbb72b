"""A Dask cluster of processes: workers that read a server of objects, and that are killed."""

import os
import signal
import subprocess
import sys

import dask.config
import pytest
from distributed import Client

from holdall import Json, MapReduce, SQLite
from holdall.errors import QueryFailed
from holdall.query.dask import on_dask
from tests.query import maps
from tests.query.test_dask import stops_its_tasks
from tests.servers.dask import dask_cluster

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def cluster(credentials, tmp_path_factory):
    """Two workers, which no test kills."""
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def client(cluster):
    with Client(cluster.address) as client:
        yield client


def documents(count):
    return {f"{number:05}": {"code": number % 7, "amount": f"{number / 100:.2f}"} for number in range(count)}


def test_a_worker_that_is_killed_changes_no_bit_of_the_result(seaweed, tmp_path):
    marker = tmp_path / "kill"
    with seaweed.store() as below, dask_cluster(tmp_path, 2) as cluster, Client(cluster.address) as client:
        store = Json(below)
        store.update(documents(400))
        store["00200"] = {"code": 1, "amount": "0.010", "file": str(marker)}
        query = MapReduce(maps.amounts_after_a_kill, "sum")
        serial = query.run(store)
        marker.touch()
        rows = query.run(store, executor=on_dask(client), partitions=8)
        assert not marker.exists()
        assert repr(rows) == repr(serial)
        assert len(client.nthreads()) == 1


def test_a_cluster_whose_workers_are_all_killed_is_named_with_the_remedy(tmp_path):
    with (
        dask_cluster(tmp_path, 2) as cluster,
        Client(cluster.address) as client,
        dask.config.set({"distributed.scheduler.no-workers-timeout": "1 s"}),
        SQLite(tmp_path / "books.db", durability="os") as store,
    ):
        store.update({"1": b"a", "2": b"", "3": b"c"})
        with pytest.raises(
            QueryFailed, match=r"the Dask cluster has had no worker for 1 s; start workers, and"
        ):
            MapReduce(maps.killing_each, "count").run(store, executor=on_dask(client), partitions=3)


def test_documents_that_kill_each_worker_are_named(tmp_path):
    config = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with (
        dask_cluster(tmp_path, 4, config) as cluster,
        Client(cluster.address) as client,
        SQLite(tmp_path / "books.db", durability="os") as store,
    ):
        store.update({f"{number:02}": b"a" for number in range(30)})
        store["15"] = b""
        with pytest.raises(
            QueryFailed, match=r"documents from '15' to before '16' died 3 times in the Dask clu"
        ):
            MapReduce(maps.killing_each, "count").run(store, executor=on_dask(client), partitions=30)


def test_a_cluster_that_loses_its_scheduler_is_named_with_the_remedy(tmp_path):
    with (
        dask_cluster(tmp_path, 1) as cluster,
        Client(cluster.address) as client,
        SQLite(tmp_path / "books.db", durability="os") as store,
    ):
        store.update({"1": b"a", "2": b"", "3": b"c"})
        with pytest.raises(
            QueryFailed, match=r"has lost its scheduler; connect to a cluster, and run the query"
        ):
            MapReduce(maps.waiting, "count").run(
                store,
                executor=on_dask(client),
                partitions=3,
                progress=lambda documents: os.kill(cluster.scheduler, signal.SIGKILL),
            )


SCRIPT = """
import sys
from distributed import Client
from holdall import MapReduce, SQLite
from holdall.query.dask import on_dask

class Most:
    def fold(self, values):
        return max(values)

    merge = staticmethod(max)

    def result(self, partial):
        return partial

def by_first(key, value):
    yield key[0], int(value)

if __name__ == "__main__":
    with Client(sys.argv[1]) as client, SQLite(sys.argv[2]) as store:
        for query in MapReduce(by_first, Most()), MapReduce(lambda key, value: [(None, int(value))], "sum"):
            rows = query.run(store, executor=on_dask(client), partitions=5)
            print(rows == query.run(store), len(rows))
"""


@pytest.mark.parametrize("kind", ["script", "prompt"])
def test_a_query_of_a_script_and_of_a_prompt(cluster, tmp_path, kind):
    script, books = tmp_path / "script.py", tmp_path / "books.db"
    script.write_text(SCRIPT)
    with SQLite(books, durability="os") as store:
        store.update({f"{number % 10}/{number:05}": b"%d" % number for number in range(1000)})
    named = str(script) if kind == "script" else "-"
    command = [sys.executable, named, cluster.address, str(books)]
    printed = subprocess.check_output(command, input=SCRIPT, text=True, cwd=tmp_path, timeout=100)
    assert printed == "True 10\nTrue 1\n"


def test_a_signal_stops_the_tasks(client):
    stops_its_tasks(client)
