"""The executors that run the tasks of a job: one that the caller gives, or threads or processes of holdall's own."""

import os
import sys
from collections.abc import Callable, Mapping
from concurrent import futures
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from decimal import getcontext
from threading import Event
from typing import Any, Final

from holdall.errors import InvalidQuery, Unsupported
from holdall.query import pool
from holdall.query.job import Job
from holdall.query.options import Chosen
from holdall.query.packing import pack
from holdall.query.spans import Span
from holdall.query.task import Result, pack_job, run_here, run_there
from holdall.store import Feature, Store

THREADS: Final = 8
_AHEAD: Final = 64  # tasks that an executor of the caller has at a time


class Crew:
    """Runs ``job`` on spans by ``executor``, at most ``ahead`` spans at a time.

    It is made in the thread of the caller, whose decimal context the tasks have. Raises Unsupported if the
    executor has other processes and the store is private to this one, and InvalidQuery if the query cannot be
    pickled.
    """

    ahead = _AHEAD
    documents = 2_000  # per task, if nothing was measured
    environment: Mapping[str, str] | None = None
    losses: tuple[type[Exception], ...] = (futures.BrokenExecutor,)  # of a task whose worker has died
    look: float | None = None  # seconds without an ended task until a run calls `check`

    def __init__(self, job: Job, executor: Executor) -> None:
        self.executor = executor
        self._stopped = Event()
        self._local = _shares_memory(executor)
        self._task: Callable[[Span], Future[Result]] = (
            self._to_thread(job) if self._local else self._to_process(job)
        )

    def _to_thread(self, job: Job) -> Callable[[Span], Future[Result]]:
        context, stopped = getcontext().copy(), self._stopped
        return lambda span: self.executor.submit(run_here, job, context, stopped, span)

    def _to_process(self, job: Job) -> Callable[[Span], Future[Result]]:
        context, packed = getcontext().copy(), _pack(job, self.environment)
        return lambda span: self._start(packed, context, span)

    def _start(self, *task: Any) -> "Future[Result]":
        return self.executor.submit(run_there, *task)

    def submit(self, span: Span) -> "Future[Result]":
        """Let a worker run the job on ``span``. Raises BrokenExecutor if the executor has lost a worker."""
        try:
            return self._task(span)
        except futures.BrokenExecutor:
            raise
        except RuntimeError as problem:
            raise InvalidQuery(
                f"{self} does not take tasks: {problem}; give an executor that is not shut down"
            ) from problem

    def check(self) -> None:
        """Raise QueryFailed if the running tasks cannot end."""

    def replace(self, broken: Executor) -> bool:
        """Replace the executor if it is ``broken``. Return False if it belongs to the caller."""
        return False

    def close(self, running: "list[Future[Result]]", interrupted: bool) -> None:
        """Stop the tasks of ``running``. If ``interrupted``, kill processes of holdall's own."""
        self._stopped.set()
        begun = [each for each in running if not each.cancel()]
        if self._local:  # their tasks use the caller's store, which the caller may close now
            futures.wait(begun)

    def __str__(self) -> str:
        return type(self.executor).__name__


class ThreadCrew(Crew):
    """Threads for one run."""

    ahead = 2 * THREADS
    documents = 1_000  # a page of a listing in object stores

    def __init__(self, job: Job) -> None:
        super().__init__(job, ThreadPoolExecutor(THREADS, thread_name_prefix="holdall"))

    def close(self, running: "list[Future[Result]]", interrupted: bool) -> None:
        super().close(running, interrupted)
        self.executor.shutdown()


class ProcessCrew(Crew):
    """The processes of `holdall.query.pool`."""

    documents = 5_000  # smaller tasks would wait for each other

    def __init__(self, job: Job) -> None:
        _require_shared(job.store)
        if reason := pool.why_unsafe():
            raise Unsupported(f"{reason}; use executor=None, or threads, or put the query under that line")
        # A store may read credentials from the environment, which may have changed since the processes began.
        self.environment = dict(os.environ)
        super().__init__(job, pool.processes())
        self.ahead = 2 * pool.processors()

    def replace(self, broken: Executor) -> bool:
        if broken is self.executor:
            pool.discard(broken)
            self.executor = pool.processes()
        return True

    def close(self, running: "list[Future[Result]]", interrupted: bool) -> None:
        super().close(running, interrupted)
        if interrupted:
            pool.discard(self.executor)


def crew_of(job: Job, chosen: Chosen) -> Crew:
    """Return the crew for the option ``executor`` of a run."""
    if chosen == "threads":
        return ThreadCrew(job)
    if chosen == "processes":
        return ProcessCrew(job)
    dask = sys.modules.get("distributed.cfexecutor")
    if dask and isinstance(chosen, dask.ClientExecutor):
        from holdall.query.dask import DaskCrew  # late: it needs an extra

        return DaskCrew(job, chosen)
    return Crew(job, chosen)


def why_private(store: Any) -> str:
    """Return why other processes cannot read ``store``, or an empty text if they can."""
    if isinstance(store, Store) and Feature.SHARED in store.features:
        return ""
    named = repr(store) if isinstance(store, Store) else f"this {type(store).__name__}"
    return f"{named} is private to this process, so worker processes cannot read it"


def _require_shared(store: Any) -> None:
    if reason := why_private(store):
        raise Unsupported(f"{reason}; use executor=None, or threads")


def _shares_memory(executor: Executor) -> bool:
    interpreters: Any = getattr(futures, "InterpreterPoolExecutor", ())  # from Python 3.14 on
    return isinstance(executor, ThreadPoolExecutor) and not isinstance(executor, interpreters)


def _pack(job: Job, environment: Mapping[str, str] | None) -> bytes:
    _require_shared(job.store)
    try:
        pack(job.store)
    except Exception as problem:
        raise Unsupported(
            f"{job.store!r} cannot be sent to worker processes: {problem}; use executor=None, or threads"
        ) from problem
    try:
        return pack_job(job, environment)
    except Exception as problem:
        raise InvalidQuery(
            f"the query cannot be sent to worker processes: {problem}; "
            "define its functions in a module, or pip install 'holdall[parallel]'"
        ) from problem
