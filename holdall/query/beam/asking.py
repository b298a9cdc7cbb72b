"""Runs a query as a pipeline: workers map and fold ranges of documents, and Beam combines the groups."""

from collections.abc import Iterable, Iterator
from decimal import Context, getcontext, localcontext
from itertools import chain, islice
from operator import itemgetter
from typing import Any, TypeAlias

from holdall.extras import needs
from holdall.query.beam.reading import TRACKER, Failure, RangeReader
from holdall.query.beam.recipe import Recipe
from holdall.query.collation import Bound, Place, Range
from holdall.query.grouping import Grouping, fill
from holdall.query.job import Step
from holdall.query.mapreduce import MapReduce
from holdall.query.options import OnError
from holdall.query.reading import Reading
from holdall.query.rows import Row
from holdall.query.running import bounds, rows_of
from holdall.query.spans import Span
from holdall.query.texts import text_of
from holdall.store import Store

with needs("beam"):
    import apache_beam as beam
    from apache_beam.pvalue import PBegin

Part: TypeAlias = tuple[str, Place, Any]
"""The key of the first document of a chunk, the place of a group, and the partial of the group in the chunk."""


_CHUNK = 65_536  # documents whose groups a worker holds at a time


def to_pipeline(
    query: MapReduce[Any, Any],
    store: Store[Any] | str,
    prefix: str = "",
    *,
    start: str = "",
    stop: str | None = None,
    group_level: int | None = None,
    at: Bound = ...,
    between: tuple[Bound, Bound] = (..., ...),
    on_error: OnError = "raise",
) -> beam.PTransform[PBegin, Any]:
    """Return a transform whose results are the rows of ``query``. Apply it to a pipeline.

    The rows are those of ``query.run(store, …)`` with the same options, to the last bit, but they have no
    order, because a PCollection has none. Only functions of your own that round can differ by rounding. If
    ``on_error`` is "collect", the transform has two results: the rows, and the failures as pairs of a key and
    an error. `ReadFromStore` says how the store is opened and divided.

    A worker maps documents, and folds the values of each group; Beam shuffles the partials by group, and
    merges those of one group in the order of their documents. So no machine holds all groups. One machine
    holds the partials of one group: all its values if the query has no reducer.

    Raises InvalidQuery if the query or an option is not valid, and Unsupported if other processes cannot open
    the store. Workers raise the errors of `MapReduce.run`, whose text Beam puts into an error of its own.
    """
    if not isinstance(query, MapReduce):
        raise TypeError(f"to_pipeline takes a query (MapReduce), not a {type(query).__name__}")
    step = Step(query.map, query.reduce, Grouping(Range(*bounds(at, between)), group_level))
    return _Query(step, Recipe(store), prefix, Span(start, stop), query.type, on_error)


class _Query(beam.PTransform[PBegin, Any]):
    def __init__(self, step: Step, *source: Any) -> None:
        super().__init__()
        context = getcontext().copy()
        self._reader = _GroupReader(step, context, *source)
        self._merge = _Merge(step, context)

    def expand(self, input_or_inputs: PBegin) -> Any:
        parts, *failures = self._reader.read(input_or_inputs)
        rows = parts | beam.CombinePerKey(self._merge) | beam.FlatMap(itemgetter(1))
        return (rows, *failures) if failures else rows

    def default_label(self) -> str:
        return "to_pipeline"

    def display_data(self) -> dict[str, str]:
        return self._reader.display_data()


class _GroupReader(RangeReader):
    """Maps the documents of a range chunk by chunk, and yields one part for each group of a chunk."""

    def __init__(self, step: Step, context: Context, *source: Any) -> None:
        super().__init__(*source)
        self._step = step
        self._context = context

    def process(self, element: object, tracker: Any = TRACKER) -> Iterator[Any]:
        left: list[Failure] = []
        leave = self._leave(tracker, left)
        documents = self._documents(tracker, leave)
        for first in documents:
            tally = self._step.tally()
            chunk = chain([first], islice(documents, _CHUNK - 1))
            with localcontext(self._context):
                fill([tally], Reading([self._step.map], chunk, leave=leave))
            for place, partial in tally.partials.items():
                yield _name(place), (first[0], place, partial)
            yield from self._failures(left)
        yield from self._failures(left)


class _Merge(beam.CombineFn):
    """Merges the parts of a group in the order of their documents, which Beam does not keep."""

    def __init__(self, step: Step, context: Context) -> None:
        super().__init__()
        self._step = step
        self._context = context

    def create_accumulator(self) -> list[Part]:
        return []

    def add_input(self, accumulator: list[Part], element: Part) -> list[Part]:
        accumulator.append(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[list[Part]]) -> list[Part]:
        return list(chain.from_iterable(accumulators))

    def extract_output(self, accumulator: list[Part]) -> list[Row[Any]]:
        tally = self._step.tally()
        with localcontext(self._context):
            for _, place, partial in sorted(accumulator, key=itemgetter(0)):
                tally.merge({place: partial})
            return list(rows_of(self._step, tally))


def _name(place: Place) -> bytes:
    """Return the name of a group: Beam groups by the bytes of keys, and equal numbers may have different ones."""
    return text_of(place).encode(errors="surrogatepass")
