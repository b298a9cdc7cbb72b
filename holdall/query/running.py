"""Runs queries: turns the options of a run into a job, and the partials of the job into rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, get_args

from holdall.errors import InvalidQuery
from holdall.query.collation import Bound, Range
from holdall.query.documents import require_mapping
from holdall.query.grouping import Grouping, Tally
from holdall.query.job import Job, Outcome, Step
from holdall.query.options import OnError, Plan, Workers
from holdall.query.reading import Map, Progress
from holdall.query.reducers import Reduce
from holdall.query.rows import Row, Rows
from holdall.query.spans import Span


class Query(Protocol):
    """The two functions of a query."""

    map: Map[Any, Any]
    reduce: Reduce


def run(
    queries: Sequence[Query],
    type: Any,
    store: Mapping[str, Any],
    prefix: str = "",
    *,
    start: str = "",
    stop: str | None = None,
    group_level: int | None = None,
    at: Bound = ...,
    between: tuple[Bound, Bound] = (..., ...),
    executor: Workers = None,
    partitions: int | None = None,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> Iterator[Rows[Any]]:
    """Yield the rows of each of ``queries``, from one pass. `MapReduce.run` documents the options."""
    require_on_error(on_error)
    if partitions is not None and (executor in (None, "auto") or partitions < 1):
        raise InvalidQuery(
            f"partitions is {partitions!r}: use 1 or more, with an executor that is not chosen automatically"
        )
    require_mapping(store)
    grouping = Grouping(Range(*bounds(at, between)), group_level)
    steps = [Step(query.map, query.reduce, grouping) for query in queries]
    job = Job(store, prefix, type, steps, leaves_out=on_error != "raise")
    outcome = _run(job, Span(start, stop), executor, partitions, progress)
    failures = outcome.failures if on_error == "collect" else {}
    for step, partials in zip(steps, outcome.partials, strict=True):
        tally = step.tally()
        tally.merge(partials)
        yield Rows(rows_of(step, tally), failures)


def explain(
    queries: Sequence[Query],
    type: Any,
    store: Mapping[str, Any],
    prefix: str = "",
    *,
    start: str = "",
    stop: str | None = None,
) -> Plan:
    """Return how ``executor="auto"`` would run ``queries``. `MapReduce.explain` documents it."""
    from holdall.query.plan import survey  # late, like the module of `_run`

    require_mapping(store)
    steps = [Step(query.map, query.reduce, Grouping()) for query in queries]
    return survey(Job(store, prefix, type, steps, leaves_out=True), Span(start, stop)).plan


def _run(
    job: Job, span: Span, executor: Workers, partitions: int | None, progress: Progress | None
) -> Outcome:
    if executor is None:
        return job.run(span, progress)
    from holdall.query.workers import run_by  # late: it needs asyncio and logging, and most runs do not

    return run_by(executor, job, span, partitions, progress)


def require_on_error(on_error: str) -> None:
    """Raise InvalidQuery if ``on_error`` is not one of its valid texts."""
    if on_error not in get_args(OnError):
        raise InvalidQuery(f'on_error is {on_error!r}: use "raise", "skip" or "collect"')


def bounds(at: Bound, between: tuple[Bound, Bound]) -> tuple[Bound, Bound]:
    """Return the bounds of ``at`` or of ``between``. Raises InvalidQuery if both are given."""
    if at is ...:
        return between
    if between != (..., ...):
        raise InvalidQuery("use at or between, not both")
    return at, at


def rows_of(step: Step, tally: Tally) -> Iterator[Row[Any]]:
    """Yield the rows of the groups in ``tally``, sorted by key."""
    for key, value in tally.results():
        if step.reduce is None:
            yield from (Row(key, each) for each in value)
        else:
            yield Row(key, value)
