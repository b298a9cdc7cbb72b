"""Worker processes of holdall's own, which one module shares because they take long to start."""

import multiprocessing
from decimal import Decimal, localcontext

import pytest

from holdall import MapReduce, SQLite
from holdall.errors import QueryFailed
from holdall.query import Views, plan, pool, together
from tests.query import maps

counted = MapReduce(maps.by_first, "count")
summed = MapReduce(maps.by_first, "sum")


@pytest.fixture(scope="module", autouse=True)
def one_process():
    """One process is enough to show what crosses the border between two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "processors", lambda: 1)
        yield
    pool.discard(pool.processes())


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with SQLite(tmp_path_factory.mktemp("books") / "books.db", durability="os") as store:
        store.update({f"{number % 10}/{number:05}": b"%d" % number for number in range(1000)})
        yield store


def test_the_rows_are_those_of_a_serial_run(store):
    seen = []
    options = {"executor": "processes", "partitions": 5}
    both = together(counted, summed)
    assert both.run(store, **options, progress=seen.append) == both.run(store)
    assert (len(seen), seen[-1]) == (5, 1000)
    with localcontext(prec=7):
        rows = MapReduce(maps.rounded, "sum").run(store, "0/0000", **options)
        assert rows == [("all", Decimal("7.333333"))]
    store["0/bad"] = b"bad"
    try:
        with pytest.raises(QueryFailed, match="map failed at '0/bad': Odd") as caught:
            MapReduce(maps.picky, "count").run(store, **options)
        assert "maps.Odd: odd" in caught.value.__notes__[0]
    finally:
        del store["0/bad"]


def test_a_worker_refreshes_and_reads_a_view(store, tmp_path):
    """It has the definition of the view in this process, so nothing is built twice."""
    several = Views(store, together(counted, summed), f"sqlite:///{tmp_path}/views.db", name="several")
    for view in (several[0], several):
        assert pool.processes().submit(maps.rows, view).result() == view.rows(stale=True)
    assert several.refresh() == 0
    groups = pool.processes().submit(maps.rows_of_groups, several[0].as_store()).result()
    assert [tuple(row) for row in groups] == several[0].rows()


def test_the_pool_is_kept_for_the_next_run_which_has_the_environment_of_its_caller(store, monkeypatch):
    query = MapReduce(maps.from_environment, "count")
    assert query.run(store, executor="processes") == [(None, 1000)]
    before = pool.processes()
    monkeypatch.setenv(maps.VARIABLE, "changed")
    assert query.run(store, executor="processes") == [("changed", 1000)]
    assert pool.processes() is before
    assert pool.is_warm()


def test_the_rest_is_read_by_processes_as_planned(store, monkeypatch):
    monkeypatch.setattr(plan, "choose", lambda *facts: plan.Plan("processes", 100, "as the test says"))
    assert counted.run(store, executor="auto") == counted.run(store)


def test_a_task_whose_process_is_killed_is_run_again(store, tmp_path):
    marker = tmp_path / "kill"
    marker.touch()
    with SQLite(tmp_path / "books.db", durability="os") as books:
        books.update({"1": b"", "2": str(marker).encode(), "3": b""})
        query = MapReduce(maps.killing, "count")
        assert query.run(books, executor="processes", partitions=3) == [("all", 3)]
    assert not marker.exists()


def test_progress_that_raises_ends_the_processes(store):
    def stop(documents):
        raise KeyboardInterrupt

    counted.run(store, executor="processes")
    with pytest.raises(KeyboardInterrupt):
        counted.run(store, executor="processes", partitions=100, progress=stop)
    assert not pool.is_warm()
    assert not [child for child in multiprocessing.active_children() if child.name.startswith("SpawnProcess")]
