"""Runs a job on many spans by an executor. The outcomes are merged in the order of the spans.

A thread of its own submits the tasks and waits for them, because the futures of the standard library are not
safe from an exception that a signal handler raises: it can leave one of their locks locked for ever. Python
runs signal handlers in the main thread only. So Ctrl-C reaches the thread of the caller, which waits for a
queue, and the other thread stops the workers.
"""

import queue
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import chain
from queue import Empty
from typing import Final

from holdall.errors import QueryFailed
from holdall.query.crew import Crew
from holdall.query.job import Job, Outcome
from holdall.query.reading import Progress
from holdall.query.spans import Span
from holdall.query.task import Result, Stopped, opened
from holdall.threads import Call, Workers

_TRIES: Final = 3
_LOOK: Final = 0.05  # seconds


@dataclass
class _Task:
    number: int
    span: Span
    tries: int = 0
    alone: bool = False
    executor: Executor | None = None


class _Dispatch:
    """Submits a task for each span, and submits it again if it died."""

    def __init__(self, crew: Crew, tell: Progress, documents: int) -> None:
        self._crew = crew
        self._tell = tell
        self._documents = documents
        self._running: dict[Future[Result], _Task] = {}
        # Tasks that were lost with an executor. They run alone, so that a second loss shows which one it is.
        self._suspects: deque[_Task] = deque()
        self._alone = False
        self._ended: queue.SimpleQueue[Future[Result] | None] = queue.SimpleQueue()

    def stop(self) -> None:
        """End the run as soon as possible. Any thread may call this."""
        self._ended.put(None)

    def outcomes(self, spans: Iterable[Span]) -> Generator[Outcome, None, None]:
        """Yield the outcome of each span, in their order."""
        tasks = (_Task(number, span) for number, span in enumerate(spans))
        done: dict[int, Outcome] = {}
        following, interrupted = 0, False
        try:
            while self._submit_some(tasks):
                done.update(self._take())
                while following in done:
                    yield done.pop(following)
                    following += 1
        except Stopped:
            interrupted = True
            raise
        finally:
            self._crew.close(list(self._running), interrupted)

    def _submit_some(self, tasks: Iterator[_Task]) -> bool:
        """Submit as many tasks as may run now. Return whether any task is running."""
        while len(self._running) < (1 if self._suspects or self._alone else self._crew.ahead):
            task = self._suspects.popleft() if self._suspects else next(tasks, None)
            if task is None:
                break
            self._alone = task.alone
            self._submit(task)
        return bool(self._running)

    def _submit(self, task: _Task) -> None:
        task.executor = self._crew.executor
        try:
            future = self._crew.submit(task.span)
        except BrokenExecutor as problem:
            self._lose(task, problem)
            return
        self._running[future] = task
        future.add_done_callback(self._ended.put)

    def _take(self) -> Iterator[tuple[int, Outcome]]:
        """Wait until a task has ended. Yield its number and its outcome, unless it has to run again."""
        future = self._next_ended()
        if future is None:
            raise Stopped
        task = self._running.pop(future)
        try:
            result = future.result()
        except self._crew.losses as problem:
            self._lose(task, problem)
        except Exception as problem:  # noqa: BLE001 - of the executor: an error of the job is a result
            self._count_try(task, problem)
            self._submit(task)
        else:
            outcome = opened(result)
            self._documents += outcome.documents
            self._tell(self._documents)
            yield task.number, outcome

    def _next_ended(self) -> Future[Result] | None:
        while True:
            try:
                return self._ended.get(timeout=self._crew.look)
            except Empty:
                self._crew.check()

    def _lose(self, task: _Task, problem: Exception) -> None:
        if task.executor is None or not self._crew.replace(task.executor):
            raise QueryFailed(
                f"{self._crew} has lost a worker and takes no more tasks: {problem}; "
                'make another executor, or use executor="processes"'
            ) from problem
        self._count_try(task, problem)
        task.alone = True
        self._suspects.append(task)

    def _count_try(self, task: _Task, problem: Exception) -> None:
        task.tries += 1
        if task.tries == _TRIES:
            raise QueryFailed(
                f"the task for the documents {task.span} died {_TRIES} times in {self._crew}: {problem!r}; "
                "one of them may need more memory than there is, or crash a library"
            ) from problem


def run_parallel(
    job: Job, crew: Crew, spans: Iterable[Span], progress: Progress | None, first: Outcome | None = None
) -> Outcome:
    """Return the merged outcome of ``job`` on ``spans``, after the outcome ``first`` of documents before them.

    ``progress`` is called in this thread. If it raises, or if a signal handler does, the tasks are stopped.
    """
    events: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    earlier = [first] if first else []
    dispatch = _Dispatch(crew, events.put, sum(outcome.documents for outcome in earlier))

    def work() -> Outcome:
        try:
            with closing(dispatch.outcomes(spans)) as outcomes:
                return job.merge(chain(earlier, outcomes))
        finally:
            events.put(None)

    call = Call(work)
    with Workers(1) as workers:
        try:
            workers.submit(call)
            for documents in _received(events):
                if progress:
                    progress(documents)
            return call.result()
        except BaseException:
            dispatch.stop()
            call.end()
            raise


def _received(events: "queue.SimpleQueue[int | None]") -> Iterator[int]:
    """Yield the numbers in ``events`` until None comes."""
    while True:
        with suppress(Empty):
            # The system may deliver a signal to another thread. Then Python runs its handler after the wait.
            event = events.get(timeout=_LOOK)
            if event is None:
                return
            yield event
