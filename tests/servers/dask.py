"""A Dask cluster for tests: a scheduler and workers, each a process of its own on the loopback interface."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import free_ports, program, running

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cluster:
    """The address and the process of the scheduler, and the processes of the workers."""

    address: str
    scheduler: int
    workers: list[int]


@contextmanager
def dask_cluster(folder: Path, workers: int, config: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """Run a cluster of workers with one thread each, which are not started again if they are killed.

    ``folder`` is for their logs. ``config`` is the configuration of Dask as environment variables.
    """
    program("dask", "distributed")
    environment = {"PYTHONPATH": str(ROOT), **(config or {})}
    with ExitStack() as stack:

        def start(name: str, *arguments: str) -> int:
            [web] = free_ports(1)
            (folder / name).mkdir()
            command = [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
            command += ["--dashboard-address", f"127.0.0.1:{web}"]  # else it listens on all interfaces
            health = f"http://127.0.0.1:{web}/health"
            return stack.enter_context(running(command, health, folder / name, environment))

        [port] = free_ports(1)
        address = f"tcp://127.0.0.1:{port}"
        scheduler = start("scheduler", "scheduler", "--port", str(port), "--no-jupyter")
        worker = ("worker", address, "--no-nanny", "--nthreads", "1", "--memory-limit", "0")
        yield Cluster(address, scheduler, [start(f"worker {n}", *worker) for n in range(workers)])
