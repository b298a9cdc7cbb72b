"""Runs queries: turns the options of a run into a job, and the partials of the job into rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypedDict, get_args

from holdall.errors import InvalidQuery
from holdall.query.collation import Bound, Range
from holdall.query.grouping import Grouping, Tally
from holdall.query.job import Job, Span, Step
from holdall.query.reading import Map, Progress, require_mapping
from holdall.query.reducers import Reduce
from holdall.query.rows import Row, Rows

OnError: TypeAlias = Literal["raise", "skip", "collect"]


class Query(Protocol):
    """The two functions of a query."""

    map: Map[Any, Any]
    reduce: Reduce


class Options(TypedDict, total=False):
    """The options of `MapReduce.run`."""

    start: str
    stop: str | None
    group_level: int | None
    at: Bound
    between: tuple[Bound, Bound]
    on_error: OnError
    progress: Progress | None


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
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> Iterator[Rows[Any]]:
    """Yield the rows of each of ``queries``, from one pass. `MapReduce.run` documents the options."""
    if on_error not in get_args(OnError):
        raise InvalidQuery(f'on_error is {on_error!r}: use "raise", "skip" or "collect"')
    require_mapping(store)
    grouping = Grouping(Range(*_bounds(at, between)), group_level)
    steps = [Step(query.map, query.reduce, grouping) for query in queries]
    job = Job(store, prefix, type, steps, leaves_out=on_error != "raise")
    outcome = job.run(Span(start, stop), progress)
    failures = outcome.failures if on_error == "collect" else {}
    for step, partials in zip(steps, outcome.partials, strict=True):
        tally = step.tally()
        tally.merge(partials)
        yield Rows(_rows(step, tally), failures)


def _bounds(at: Bound, between: tuple[Bound, Bound]) -> tuple[Bound, Bound]:
    if at is ...:
        return between
    if between != (..., ...):
        raise InvalidQuery("use at or between, not both")
    return at, at


def _rows(step: Step, tally: Tally) -> Iterator[Row[Any]]:
    for key, value in tally.results():
        if step.reduce is None:
            yield from (Row(key, each) for each in value)
        else:
            yield Row(key, value)
