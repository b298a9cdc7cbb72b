"""Dask: runs the tasks of a query on the workers of a cluster, by the executor of a Dask client.

The workers need holdall, the libraries that the store and the query import, and credentials for the store.
"""

import time
from concurrent.futures import BrokenExecutor, Executor, Future
from decimal import Context
from typing import Any, Final
from weakref import WeakSet

from holdall.errors import InvalidQuery, QueryFailed
from holdall.extras import needs
from holdall.query.crew import Crew
from holdall.query.job import Job
from holdall.query.spans import Span
from holdall.query.task import Result, Stopped, run_there

with needs("dask"):
    import dask.config
    import distributed
    from dask.utils import parse_timedelta
    from distributed.client import ClosedClientError
    from distributed.scheduler import KilledWorker, NoWorkerError

_LIMIT: Final = "distributed.scheduler.no-workers-timeout"  # of the configuration of Dask
_DEFAULT_LIMIT: Final = "60 s"
_ANSWER: Final = "5 s"  # the time that the scheduler has to answer


def on_dask(client: distributed.Client) -> Executor:
    """Return the executor of ``client`` that `MapReduce.run` accepts: ``client.get_executor(pure=False)``.

    An executor that Dask makes by default is pure: it may answer a query with the result of an equal earlier
    query, although documents have changed since. `MapReduce.run` refuses it.
    """
    executor: Executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
    return executor


def run_on_worker(packed: bytes, context: Context, span: Span) -> bytes:
    """Do `holdall.query.task.run_there` in a Dask worker. Ends early if the task was cancelled."""
    worker = distributed.get_worker()
    tasks, key = worker.state.tasks, worker.get_current_task()

    def check(documents: int) -> None:
        task = tasks.get(key)
        if task is None or task.state == "cancelled":
            raise Stopped

    return run_there(packed, context, span, check)


class DaskCrew(Crew):
    """The workers of a Dask cluster. If one dies, Dask runs its tasks on another one.

    Raises InvalidQuery if ``executor`` is pure, or if its client is not connected or is asynchronous.
    """

    losses = (BrokenExecutor, KilledWorker, NoWorkerError)
    look = 1.0

    def __init__(self, job: Job, executor: Any) -> None:
        if executor._kwargs.get("pure", True):
            raise InvalidQuery(
                "this Dask executor is pure, so it may return the result of an earlier query; "
                "use holdall.query.dask.on_dask(client), or client.get_executor(pure=False)"
            )
        self._client: Any = executor._client
        if self._client.asynchronous:
            raise InvalidQuery(
                "this Dask client is asynchronous, and a query would stop its event loop; "
                "run the query by asyncio.to_thread"
            )
        if self._client.status != "running":
            raise InvalidQuery(
                f"this Dask client is {self._client.status}; give the executor of a client that is connected"
            )
        super().__init__(job, executor)
        self._connection = self._client.scheduler_comm
        self._limit = parse_timedelta(dask.config.get(_LIMIT, None) or _DEFAULT_LIMIT)
        self._seen = time.monotonic()
        self._tasks: WeakSet[Any] = WeakSet()

    def _start(self, *task: Any) -> "Future[Result]":
        """Start a task by the client, because the executor loses tasks that are cancelled at a bad moment."""
        executor: Any = self.executor
        if executor._shutdown:
            raise RuntimeError("it is shut down")
        try:
            started = self._client.submit(run_on_worker, *task, **executor._kwargs)
        except ClosedClientError as problem:
            raise RuntimeError(str(problem)) from problem
        self._tasks.add(started)
        ended: Future[Result] = Future()
        self._client.loop.add_callback(_pass_on, started, ended)
        return ended

    def check(self) -> None:
        if not self._connected:
            raise QueryFailed(f"{self} has lost its scheduler; connect to a cluster, and run the query again")
        try:
            workers = self._client.nthreads(callback_timeout=_ANSWER)
        except (OSError, TimeoutError):  # the scheduler is busy, or it has ended, as the next check sees
            return
        if workers:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > self._limit:
            raise QueryFailed(
                f"{self} has had no worker for {self._limit:g} s; start workers, and run the query again, "
                f"or set {_LIMIT} in the configuration of Dask"
            )

    @property
    def _connected(self) -> bool:
        return self._client.status == "running" and self._client.scheduler_comm is self._connection

    def replace(self, broken: Executor) -> bool:
        return True  # the cluster goes on with other workers

    def close(self, running: "list[Future[Result]]", interrupted: bool) -> None:
        if running and self._connected:
            self._client.cancel(list(self._tasks))

    def __str__(self) -> str:
        return "the Dask cluster"


async def _pass_on(started: Any, ended: "Future[Result]") -> None:
    """Give ``ended`` the result of the Dask future ``started``, or its error."""
    try:
        result = await started
    except Exception as problem:  # noqa: BLE001 - the run decides whether it starts the task again
        ended.set_exception(problem)
    else:
        ended.set_result(result)
