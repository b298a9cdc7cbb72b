"""The options of a run, and the plan that ``executor="auto"`` makes."""

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypedDict

from holdall.query.collation import Bound
from holdall.query.reading import Progress

if TYPE_CHECKING:  # imported late: most runs need no executor, and it brings `logging`
    from concurrent.futures import Executor

OnError: TypeAlias = Literal["raise", "skip", "collect"]
How: TypeAlias = Literal["serial", "threads", "processes"]
Chosen: TypeAlias = 'Executor | Literal["threads", "processes"]'
Workers: TypeAlias = 'Executor | Literal["auto", "threads", "processes"] | None'


class Options(TypedDict, total=False):
    """The options of `MapReduce.run`."""

    start: str
    stop: str | None
    group_level: int | None
    at: Bound
    between: tuple[Bound, Bound]
    executor: Workers
    partitions: int | None
    on_error: OnError
    progress: Progress | None


class Plan(NamedTuple):
    """How ``executor="auto"`` runs a query, and why. ``documents`` is the number of documents per task.

    >>> print(Plan("serial", 0, "there are only 12 documents"))
    serial: there are only 12 documents
    """

    how: How
    documents: int
    reason: str

    def __str__(self) -> str:
        tasks = "" if self.how == "serial" else f", in tasks of {self.documents:,} documents"
        return f"{self.how}{tasks}: {self.reason}"
