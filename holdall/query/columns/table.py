"""Builds record batches: the schema of a table, its rows, and the error for a document that does not fit."""

from collections.abc import Sequence
from reprlib import repr as brief
from typing import Any, Final

import pyarrow as pa

from holdall.errors import InvalidQuery, QueryFailed
from holdall.query.columns.column import Column, Member, Record, misfit
from holdall.query.columns.types import column_of

_KEYS: Final = Column(pa.large_string())


class Table:
    """The columns of documents of ``type``, after the column ``key`` of their keys."""

    def __init__(self, type: Any, key: str, decimal: tuple[int, int]) -> None:
        document = column_of(type, decimal)
        self._members = document.members if isinstance(document, Record) else (_whole(document),)
        if any(each.name == key for each in self._members):
            raise InvalidQuery(
                f"{key!r} is a field of the documents and the column of their keys; "
                'give the column another name, as in arrow(store, type, key="document")'
            )
        fields = (each.column.field(each.name) for each in self._members)
        self.schema = pa.schema([_KEYS.field(key), *fields])

    def batch(self, rows: Sequence[tuple[str, Any]]) -> pa.RecordBatch:
        """Return the batch of ``rows``, pairs of key and document. Raises QueryFailed if one does not fit."""
        try:
            keys, values = zip(*rows, strict=True)
            arrays = [column.array([*map(get, values)]) for _, get, column in self._members]
            return pa.RecordBatch.from_arrays([_KEYS.array(keys), *arrays], schema=self.schema)
        except MemoryError:
            raise
        except Exception:
            for key, value in rows:
                self._require_fit(key, value)
            raise

    def _require_fit(self, key: str, value: Any) -> None:
        for name, get, column in self._members:
            if found := misfit(name, column, get(value)):
                raise QueryFailed(
                    f"{found.path} of {key!r} is {brief(found.value)}, and its column is {found.column.type}: "
                    f"{found.problem}; {found.column.remedy}",
                    key=key,
                ) from found.problem


def _whole(document: Column) -> Member:
    return Member("value", lambda value: value, document)
