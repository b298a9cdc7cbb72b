"""Pipelines of several processes read and write real stores, and have the rows of serial runs."""

import pickle
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from holdall import MapReduce, SQLite, open
from holdall.query.reducers import BUILT_IN
from tests.query import maps
from tests.servers.s3 import KEY, SECRET

QUERIES = {
    **{name: MapReduce(maps.by_parity, name) for name in BUILT_IN},
    "none": MapReduce(maps.by_parity),
    "function": MapReduce(maps.by_parity_listed, lambda lists: list(chain.from_iterable(lists))),
    "reducer": MapReduce(maps.by_parity, maps.First()),
}
DOCUMENTS = 1_100  # two ranges


@pytest.fixture(params=["sqlite", "seaweed", "fake_gcs"])
def store(request, tmp_path):
    """A store that other processes can open."""
    if request.param == "sqlite":
        opened = SQLite(tmp_path / "books.db", durability="os")
    else:
        request.getfixturevalue("credentials")
        opened = request.getfixturevalue(request.param).store()
    with opened as store:
        yield store


@pytest.mark.servers
@pytest.mark.timeout(300)  # processes that import Beam take long to start on a busy machine
def test_queries_and_copies_by_two_processes(beam, store):
    store.update({f"invoices/{number:05}": b"%d" % number for number in range(DOCUMENTS)})
    store["other"] = b"7"
    # Each query is thousands of requests on a server.
    queries = QUERIES if isinstance(store, SQLite) else {"reducer": QUERIES["reducer"]}

    def build(pipeline):
        for name, query in queries.items():
            rows = pipeline | name >> beam.public.to_pipeline(query, store, "invoices/", group_level=1)
            beam.run.expect(rows, query.run(store, "invoices/", group_level=1), name)
        documents = pipeline | beam.public.ReadFromStore(store, "invoices/")
        copies = documents | beam.run.renamed("invoices/", "copies/")
        copies | beam.public.WriteToStore(store)

    beam.run.run_processes(build)
    assert list(store.scan_items("copies/")) == [
        (key.replace("invoices/", "copies/"), value) for key, value in store.scan_items("invoices/")
    ]


@pytest.mark.servers
@pytest.mark.timeout(300)  # processes that import Beam take long to start on a busy machine
def test_an_error_in_another_process_names_the_document(beam, tmp_path):
    with SQLite(tmp_path / "books.db", durability="os") as store:
        store["bad"] = b"bad"
        transform = beam.public.to_pipeline(MapReduce(maps.picky, "count"), store)
        with pytest.raises(RuntimeError, match=r"QueryFailed: map failed at 'bad': Odd"):
            beam.run.run_processes(lambda pipeline: pipeline | transform)


@pytest.mark.servers
def test_a_pipeline_carries_and_shows_no_credentials(beam, credentials):
    address = "s3://acme/invoices?region=eu-west-1"
    transform = beam.public.to_pipeline(QUERIES["sum"], address)
    carried = pickle.dumps((transform._reader, beam.public.WriteToStore(address)._recipe))
    assert b"acme" in carried
    for secret in (KEY, SECRET):
        assert secret.encode() not in carried
        assert secret not in str(beam.run.displayed(transform))


PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "query-on-a-cluster.md"


@pytest.mark.servers
@pytest.mark.timeout(300)  # processes that import Beam take long to start on a busy machine
def test_the_program_of_the_page_writes_the_rows_of_a_serial_run(tmp_path):
    (program,) = re.findall(r"```py\n(import apache_beam.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "temperatures.py").write_text(program)
    with open(f"sqlite:///{tmp_path}/temperatures.db?serializer=text") as store:
        store.update({f"{day:03}": str(day % 40 - 10) for day in range(365)})
        rows = MapReduce(lambda key, text: [(int(text) // 10 * 10, 1)], "count").run(store)
    options = ["--runner=FnApiRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    subprocess.run([sys.executable, "temperatures.py", *options], cwd=tmp_path, check=True)
    written = [line for file in tmp_path.glob("rows*.txt") for line in file.read_text().splitlines()]
    assert sorted(written) == sorted(map(str, rows))
