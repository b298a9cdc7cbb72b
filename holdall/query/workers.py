"""Runs a job by workers: chooses them, cuts the keys into spans, and returns the merged outcome."""

from concurrent.futures import Executor

from holdall.errors import InvalidQuery
from holdall.query.crew import crew_of
from holdall.query.documents import keys
from holdall.query.job import Job, Outcome
from holdall.query.options import Workers
from holdall.query.parallel import run_parallel
from holdall.query.plan import survey
from holdall.query.reading import Progress
from holdall.query.spans import Span, cut, cut_evenly


def run_by(
    executor: Workers, job: Job, span: Span, partitions: int | None, progress: Progress | None
) -> Outcome:
    """Return the outcome of ``job`` on ``span``, which ``executor`` divides. `MapReduce.run` documents it."""
    if executor == "auto":
        return _run_as_planned(job, span, progress)
    if executor not in ("threads", "processes") and not isinstance(executor, Executor):
        raise InvalidQuery(
            f"executor is {executor!r}: "
            'use None, "auto", "threads", "processes" or an Executor of concurrent.futures'
        )
    crew, listed = crew_of(job, executor), keys(job.store, job.prefix, *span)
    spans = cut(span, listed, crew.documents) if partitions is None else cut_evenly(span, listed, partitions)
    return run_parallel(job, crew, spans, progress)


def _run_as_planned(job: Job, span: Span, progress: Progress | None) -> Outcome:
    plan, first, rest, listed = survey(job, span)
    if rest is None:
        if progress:
            progress(first.documents)
        return first
    if plan.how == "serial":
        later = job.run(rest, progress and (lambda documents: progress(first.documents + documents)))
        return job.merge([first, later])
    spans = cut(rest, listed, plan.documents)
    return run_parallel(job, crew_of(job, plan.how), spans, progress, first)
