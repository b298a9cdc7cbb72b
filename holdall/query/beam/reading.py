"""Reads the documents of a store in a pipeline. Workers read ranges of keys, and Beam splits slow ranges."""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.query.beam.ranges import KeyRange, KeyTracker, divide
from holdall.query.beam.recipe import Recipe
from holdall.query.documents import documents, keys
from holdall.query.options import OnError
from holdall.query.reading import Leave
from holdall.query.running import require_on_error
from holdall.query.spans import Span
from holdall.store import Store

with needs("beam"):
    import apache_beam as beam
    from apache_beam.pvalue import PBegin, PCollection, TaggedOutput
    from apache_beam.transforms.core import RestrictionProvider

if TYPE_CHECKING:
    from typing_extensions import TypeForm

FAILURES = "failures"
TRACKER: Any = beam.DoFn.RestrictionParam()
"""The default of the parameter for which Beam gives the tracker of a range."""

Failure: TypeAlias = tuple[str, HoldallError]


class RangeReader(beam.DoFn, RestrictionProvider):
    """Lists the keys of a store once, divides them into ranges, and reads each range on some worker."""

    def __init__(self, recipe: Recipe, prefix: str, span: Span, type: Any, on_error: OnError) -> None:
        require_on_error(on_error)
        self._recipe = recipe
        self._prefix = prefix
        self._span = span
        self._type = type
        self._on_error = on_error
        self._store: Store[Any] | None = None

    def initial_restriction(self, element: object) -> KeyRange:
        return KeyRange(*self._span)

    def create_tracker(self, restriction: KeyRange) -> KeyTracker:
        return KeyTracker(restriction)

    def split(self, element: object, restriction: KeyRange) -> Generator[KeyRange, None, None]:
        span = Span(restriction.start, restriction.stop)
        with self._recipe.open() as store:
            yield from divide(span, keys(store, self._prefix, *span))

    def restriction_size(self, element: object, restriction: KeyRange) -> int:
        return restriction.size

    def teardown(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def display_data(self) -> dict[str, str]:
        return {"store": repr(self._recipe), "prefix": self._prefix}

    def read(self, pipeline: PBegin) -> tuple[PCollection[Any], ...]:
        """Return the results of this reader in ``pipeline``: the main one, and failures if it collects them."""
        results: Any = pipeline | beam.Impulse() | beam.ParDo(self).with_outputs(FAILURES, main="main")
        return (results["main"], results[FAILURES])[: 2 if self._on_error == "collect" else 1]

    def _documents(self, tracker: Any, leave: Leave | None) -> Iterator[tuple[str, Any]]:
        """Yield the documents that ``tracker`` lets this worker claim."""
        if self._store is None:
            self._store = self._recipe.open()
        start, stop, _ = tracker.current_restriction()
        for key, value in documents(self._store, self._prefix, start, stop, self._type, leave):
            if not tracker.try_claim(key):
                return
            yield key, value
        tracker.try_claim(None)

    def _leave(self, tracker: Any, left: list[Failure]) -> Leave | None:
        """Return a function that adds a document to ``left``, unless another worker reads its key."""

        def leave(key: str, error: HoldallError) -> None:
            if tracker.try_claim(key):
                left.append((key, error))

        return None if self._on_error == "raise" else leave

    def _failures(self, left: list[Failure]) -> Iterator[Any]:
        if self._on_error == "collect":
            yield from (TaggedOutput(FAILURES, failure) for failure in left)
        left.clear()


class _DocumentReader(RangeReader):
    def process(self, element: object, tracker: Any = TRACKER) -> Iterator[Any]:
        left: list[Failure] = []
        for document in self._documents(tracker, self._leave(tracker, left)):
            yield from self._failures(left)
            yield document
        yield from self._failures(left)


class ReadFromStore(beam.PTransform[PBegin, Any]):
    """Reads the documents of ``store`` as pairs (key, value), in no order.

    ``store`` is a store or its address. Each worker opens the store itself, so it must be SHARED, and workers
    read credentials from their own environment. ``prefix``, ``start`` and ``stop`` choose documents, as in
    `Store.scan_items`. ``type`` is the part of a document that is decoded.

    One worker lists the keys, and cuts them into ranges of equal numbers of documents: 1,024 or more in each,
    and 1,024 ranges at most. A runner can split a range while it is read, between any two of its 32 parts. A
    document that another writer changes in the meantime is read as it is when its range is read.

    ``on_error`` says what happens if a document cannot be decoded: "raise" raises Corrupt; "skip" leaves the
    document out; "collect" leaves it out, and the transform has two results: the documents, and the failures
    as pairs of a key and an error. Errors of the store are raised in any case.

    Raises Unsupported if other processes cannot open the store, for example a store in memory, or one with a
    password in its address.
    """

    def __init__(
        self,
        store: Store[Any] | str,
        prefix: str = "",
        *,
        start: str = "",
        stop: str | None = None,
        type: "TypeForm[Any] | None" = None,
        on_error: OnError = "raise",
    ) -> None:
        super().__init__()
        self._reader = _DocumentReader(Recipe(store), prefix, Span(start, stop), type, on_error)

    def expand(self, input_or_inputs: PBegin) -> Any:
        documents, *failures = self._reader.read(input_or_inputs)
        return (documents, *failures) if failures else documents

    def display_data(self) -> dict[str, str]:
        return self._reader.display_data()
