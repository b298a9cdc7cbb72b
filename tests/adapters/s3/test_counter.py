"""Sixteen processes count on one key, and no count is lost, on every server that compares and swaps."""

import multiprocessing

import pytest

from holdall.adapters.s3 import S3
from tests.servers.s3 import Server

PROCESSES, TIMES = 16, 5


@pytest.mark.parametrize("server", ["moto_server", "seaweed", "localstack"])
def test_sixteen_processes_lose_no_count(server: str, request: pytest.FixtureRequest):
    running: Server = request.getfixturevalue(server)
    with running.store() as store:
        store["counter"] = b"0"
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=count, args=(store,)) for _ in range(PROCESSES)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [worker.exitcode for worker in workers] == [0] * PROCESSES
        assert int(store["counter"]) == PROCESSES * TIMES


def count(store: S3) -> None:
    for _ in range(TIMES):
        store.modify("counter", lambda value: b"%d" % (int(value) + 1))
