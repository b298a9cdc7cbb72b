"""One pass of one or more queries over a range of documents, as a unit that other processes can run, too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from holdall.errors import HoldallError
from holdall.query.collation import Place
from holdall.query.documents import documents
from holdall.query.grouping import Grouping, Tally, fill
from holdall.query.reading import Map, Progress, Reading
from holdall.query.reducers import Reduce, reducer
from holdall.query.spans import Span


class Step(NamedTuple):
    """One query of a pass: its map, its reducer, and the groups that it makes."""

    map: Map[Any, Any]
    reduce: Reduce
    grouping: Grouping

    def tally(self) -> Tally:
        """Return an empty tally for one run of this query."""
        return Tally(self.grouping, reducer(self.reduce))


@dataclass
class Outcome:
    """The partials of each query for a span, the documents that were left out, and the number of documents."""

    partials: Sequence[Mapping[Place, Any]]
    failures: dict[str, HoldallError] = field(default_factory=dict)
    documents: int = 0


@dataclass(frozen=True)
class Job:
    """The queries ``steps`` over the documents of ``store`` with ``prefix``, read as ``type`` if given.

    If ``leaves_out`` is true, a document that cannot be decoded or mapped is left out by all queries. If it
    is false, the job raises the error.
    """

    store: Mapping[str, Any]
    prefix: str
    type: Any
    steps: Sequence[Step]
    leaves_out: bool

    def run(self, span: Span, progress: Progress | None = None) -> Outcome:
        """Read the documents of ``span`` once, and return the partials of every query."""
        tallies = [step.tally() for step in self.steps]
        outcome = Outcome([tally.partials for tally in tallies])

        def count(documents: int) -> None:
            outcome.documents = documents
            if progress:
                progress(documents)

        leave = outcome.failures.__setitem__ if self.leaves_out else None
        source = documents(self.store, self.prefix, *span, self.type, leave)
        fill(tallies, Reading([step.map for step in self.steps], source, count, leave))
        return outcome

    def merge(self, outcomes: Iterable[Outcome]) -> Outcome:
        """Return one outcome for the spans of ``outcomes``, which come in the order of the spans."""
        tallies = [step.tally() for step in self.steps]
        merged = Outcome([tally.partials for tally in tallies])
        for outcome in outcomes:
            for tally, partials in zip(tallies, outcome.partials, strict=True):
                tally.merge(partials)
            merged.failures.update(outcome.failures)
            merged.documents += outcome.documents
        return merged
