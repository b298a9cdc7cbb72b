"""Documents as Arrow record batches, which DuckDB, Polars and other tools read as a table."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, cast

from holdall.errors import InvalidQuery, QueryFailed
from holdall.extras import needs
from holdall.query.documents import documents
from holdall.store import Store
from holdall.threads import Call, Workers

with needs("arrow"):
    import msgspec
    import pyarrow as pa

    from holdall.query.columns.table import Table

if TYPE_CHECKING:  # `typing` has TypeForm from Python 3.15 on
    from typing_extensions import TypeForm

T = TypeVar("T")


def arrow(
    store: Mapping[str, Any],
    type: "TypeForm[Any]",
    prefix: str = "",
    *,
    start: str = "",
    stop: str | None = None,
    key: str = "key",
    decimal: tuple[int, int] = (38, 9),
    batch_size: int = 8192,
) -> pa.RecordBatchReader:
    """Return a reader of Arrow record batches with a row for each document of a range, in the order of the keys.

    ``type`` is the part of a document that the table shows: each field is a column, under the name that the
    field has in the document. A type without fields is one column ``value``. The column ``key`` is the first.
    A batch has at most ``batch_size`` rows, and is read from the store when it is requested, so memory does
    not grow with the number of documents. The reader holds its scan until the last batch is read, or until
    the reader is deleted; its method close does not end the scan.

    | field | column |
    | --- | --- |
    | str, UUID; bytes; bool; int; float | large_string; large_binary; bool; int64; double |
    | Decimal | a decimal with the precision and the scale of ``decimal``: decimal256 if precision is over 38 |
    | date; time; timedelta | date32; time64[us]; duration[us] |
    | datetime | timestamp[us, UTC], the same instant; without a zone if it is declared with tz=False |
    | Struct, dataclass, TypedDict, NamedTuple | struct |
    | list, set, tuple of one type; dict | list; map |
    | Enum, Literal | the column of its values, which must be of one type |
    | X or None; a key that a document may lack | the column of X, with nulls |

    Raises InvalidQuery if ``type`` has a field that is none of these. Reading a batch raises Corrupt if a
    document is not of ``type``, and QueryFailed if it does not fit its column exactly: nothing is rounded.
    Both errors name the document and the field. If ``store`` is not a Store, its values are converted to
    ``type``, or QueryFailed is raised.

    >>> from decimal import Decimal
    >>> class Line(msgspec.Struct):
    ...     code: str
    ...     amount: Decimal
    >>> lines = {"a": {"code": "4000", "amount": "1.50"}, "b": {"code": "VAT", "amount": "0.30"}}
    >>> arrow(lines, Line, decimal=(12, 2)).read_all().to_pylist()[1]
    {'key': 'b', 'code': 'VAT', 'amount': Decimal('0.30')}
    """
    if batch_size < 1:
        raise InvalidQuery(f"batch_size is {batch_size!r}; use 1 or more")
    table = Table(type, key, decimal)
    read = documents(store, prefix, start, stop, cast(Any, type))
    if not isinstance(store, Store):
        read = _converted(read, type)
    return pa.RecordBatchReader.from_batches(table.schema, _batches(table, read, batch_size))


def _batches(table: Table, read: Iterator[tuple[str, Any]], size: int) -> Iterator[pa.RecordBatch]:
    """Yield the batches. One thread of this generator reads them all.

    DuckDB requests each batch in a thread that was not started by Python. For such a thread, Python makes a
    state at each request, and deletes it afterwards. A store with a handle per thread, such as SQLite, would
    open and close its file each time, and the close crashes Python before 3.12.4 (gh-119585).
    """

    def read_batch() -> pa.RecordBatch | None:
        rows = list(islice(read, size))
        return table.batch(rows) if rows else None

    with Workers(1) as workers:
        while (batch := _result(workers, read_batch)) is not None:
            yield batch


def _result(workers: Workers, work: Callable[[], T]) -> T:
    call = Call(work)
    workers.submit(call)
    return call.result()


def _converted(read: Iterable[tuple[str, Any]], type: Any) -> Iterator[tuple[str, Any]]:
    convert = partial(msgspec.convert, type=type, from_attributes=True, str_keys=True)
    for key, value in read:
        try:
            yield key, convert(value)
        except msgspec.ValidationError as error:
            raise QueryFailed(f"the value of {key!r} cannot be converted: {error}", key=key) from error
