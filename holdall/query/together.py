"""Several queries over one reading of the documents."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack, overload

from holdall.errors import InvalidQuery
from holdall.query.mapreduce import MapReduce
from holdall.query.options import Options, Plan
from holdall.query.rows import Rows
from holdall.query.running import explain, run

if TYPE_CHECKING:  # `typing` has TypeForm from Python 3.15 on
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")
R1 = TypeVar("R1")
R2 = TypeVar("R2")
R3 = TypeVar("R3")
R4 = TypeVar("R4")
R5 = TypeVar("R5")


class Together(Generic[V, T]):
    """Queries that read each document once. `together` makes it."""

    def __init__(self, queries: tuple[MapReduce[Any, Any], ...], type: Any) -> None:
        self.queries = queries
        self.type = type

    def run(self, store: Mapping[str, V], prefix: str = "", **options: Unpack[Options]) -> T:
        """Return the rows of each query, in the order of the queries, from one pass over the documents.

        ``options`` are those of `MapReduce.run`; they apply to every query. If ``on_error`` is "skip" or
        "collect", a document for which one query fails is left out by all queries, so that the results agree.
        """
        rows = run(self.queries, self.type, store, prefix, **options)
        return tuple(rows)  # type: ignore[return-value]  # `together` knows the types of the rows

    def explain(
        self, store: Mapping[str, V], prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Plan:
        """Return how ``executor="auto"`` would run these queries, as `MapReduce.explain` does."""
        return explain(self.queries, self.type, store, prefix, start=start, stop=stop)

    def __repr__(self) -> str:
        return f"together({', '.join(map(repr, self.queries))}, type={self.type!r})"


@overload
def together(
    one: MapReduce[V, R1], two: MapReduce[V, R2], /, *, type: "TypeForm[Any] | None" = None
) -> Together[V, tuple[Rows[R1], Rows[R2]]]: ...
@overload
def together(
    one: MapReduce[V, R1],
    two: MapReduce[V, R2],
    three: MapReduce[V, R3],
    /,
    *,
    type: "TypeForm[Any] | None" = None,
) -> Together[V, tuple[Rows[R1], Rows[R2], Rows[R3]]]: ...
@overload
def together(
    one: MapReduce[V, R1],
    two: MapReduce[V, R2],
    three: MapReduce[V, R3],
    four: MapReduce[V, R4],
    /,
    *,
    type: "TypeForm[Any] | None" = None,
) -> Together[V, tuple[Rows[R1], Rows[R2], Rows[R3], Rows[R4]]]: ...
@overload
def together(
    one: MapReduce[V, R1],
    two: MapReduce[V, R2],
    three: MapReduce[V, R3],
    four: MapReduce[V, R4],
    five: MapReduce[V, R5],
    /,
    *,
    type: "TypeForm[Any] | None" = None,
) -> Together[V, tuple[Rows[R1], Rows[R2], Rows[R3], Rows[R4], Rows[R5]]]: ...
@overload
def together(
    *queries: MapReduce[V, Any], type: "TypeForm[Any] | None" = None
) -> Together[V, tuple[Rows[Any], ...]]: ...
def together(*queries: MapReduce[Any, Any], type: Any = None) -> Together[Any, Any]:
    """Return an object whose ``run`` reads each document once and runs all ``queries`` on it.

    ``type`` is the part of a document that the maps read. It may be left out if all queries declare the same
    type. Otherwise, give a type that has the parts of all of them. Raises InvalidQuery if ``type`` is missing
    and the queries declare different types, and TypeError for anything that is not a `MapReduce`.

    >>> texts = {"a": "to be or", "b": "not to be"}
    >>> words = MapReduce(lambda key, text: [("words", len(text.split()))], "sum")
    >>> letters = MapReduce(lambda key, text: [("longest", len(text))], "max")
    >>> together(words, letters).run(texts)
    ([Row(key='words', value=6)], [Row(key='longest', value=9)])
    """
    for query in queries:
        if not isinstance(query, MapReduce):
            raise TypeError(f"together takes queries (MapReduce), not a {query.__class__.__name__}")
    types = [query.type for query in queries]
    if type is None and any(each != types[0] for each in types):
        named = ", ".join(getattr(each, "__name__", repr(each)) for each in types)
        raise InvalidQuery(
            f"the queries read different types ({named}); give together a type= that has the parts of all"
        )
    return Together(queries, types[0] if type is None and types else type)
