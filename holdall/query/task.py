"""A task of a parallel run: one job on one span, in a thread of this process or in another process."""

import os
import threading
import traceback
from collections.abc import Callable, Mapping
from decimal import Context, localcontext
from functools import lru_cache
from typing import TypeAlias

from holdall.errors import InvalidQuery, QueryFailed
from holdall.query.job import Job, Outcome
from holdall.query.packing import pack, unpack
from holdall.query.reading import Progress, reason
from holdall.query.spans import Span

Result: TypeAlias = Outcome | Exception | bytes
"""The return value of a task. From another process, it is packed."""


class Stopped(Exception):
    """The run has ended, so its tasks end too."""


def run_here(job: Job, context: Context, stopped: threading.Event, span: Span) -> Outcome | Exception:
    """Run ``job`` on ``span`` in the decimal context ``context``; return its outcome, or its error.

    Ends early if ``stopped`` is set.
    """

    def check(documents: int) -> None:
        if stopped.is_set():
            raise Stopped

    return _outcome(lambda: job, context, span, check)


def pack_job(job: Job, environment: Mapping[str, str] | None) -> bytes:
    """Return ``job`` for `run_there`. The process that runs it first takes over ``environment``, if given."""
    return pack((job, environment))


def run_there(packed: bytes, context: Context, span: Span, progress: Progress | None = None) -> bytes:
    """Run the packed job on ``span`` in another process; return its packed outcome, or its packed error."""
    outcome = _outcome(lambda: _open(packed), context, span, progress)
    if isinstance(outcome, Exception):
        return _pack_error(outcome)
    for failure in outcome.failures.values():
        _detach(failure)
    try:
        return pack(outcome)
    except Exception as problem:  # noqa: BLE001 - a reducer of the user's may make anything
        return _pack_error(QueryFailed(f"the partial results of a reducer cannot be pickled: {problem!r}"))


def _outcome(
    find: Callable[[], Job], context: Context, span: Span, progress: Progress | None = None
) -> Outcome | Exception:
    try:
        with localcontext(context):
            return find().run(span, progress)
    except Exception as error:  # noqa: BLE001 - the run raises it
        return error


@lru_cache(
    maxsize=1
)  # a job is packed once for each run, so a run never gets a store that an older one opened
def _open(packed: bytes) -> Job:
    try:
        job, environment = unpack(packed)
    except Exception as problem:
        raise InvalidQuery(
            f"a worker process cannot load the query or its store: {problem!r}; "
            "define the functions in a module that it can import, or pip install 'holdall[parallel]'"
        ) from problem
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
    opened: Job = job
    return opened


def _detach(error: Exception) -> None:
    """Replace the cause of ``error`` by a note with its traceback.

    pickle leaves causes out. `distributed` makes it include them, but not every cause can be unpickled.
    """
    if error.__cause__:
        error.add_note("".join(traceback.format_exception(error.__cause__)).rstrip())
    error.__cause__ = error.__context__ = None


def _pack_error(error: Exception) -> bytes:
    _detach(error)
    try:
        packed = pack(error)
        unpack(packed)
    except Exception:  # noqa: BLE001 - the constructor of the error may want other arguments
        return pack(QueryFailed(f"a worker process failed: {reason(error)}"))
    return packed


def opened(result: Result) -> Outcome:
    """Return the outcome that a task returned. Raises the error that it returned."""
    outcome: Outcome | Exception = unpack(result) if isinstance(result, bytes) else result
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
