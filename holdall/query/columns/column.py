"""The kinds of columns: each has an Arrow type, and makes arrays of the values of documents."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
from msgspec import UNSET


class Column:
    """A column whose values pyarrow takes as they are. ``remedy`` is advice for a value that does not fit."""

    nullable = False

    def __init__(self, type: pa.DataType, remedy: str = "leave this field out of the type") -> None:
        self.type = type
        self.remedy = remedy

    def array(self, values: Sequence[Any]) -> pa.Array:
        """Return the array of ``values``, with null for None.

        Raises an error of pyarrow, or another ValueError, if one of them does not fit.
        """
        return pa.array(values, self.type)

    def parts(self, value: Any) -> Iterable[tuple[str, "Column", Any]]:
        """Return the path, the column and the value of each part of ``value``."""
        return ()

    def field(self, name: str) -> pa.Field:
        """Return this column as a field of a schema."""
        return pa.field(name, self.type, self.nullable)


class Converted(Column):
    """A column whose values pyarrow takes after ``convert``, which raises ValueError if one does not fit."""

    def __init__(self, column: Column, convert: Callable[[Any], Any]) -> None:
        super().__init__(column.type, column.remedy)
        self._convert = convert

    def array(self, values: Sequence[Any]) -> pa.Array:
        convert = self._convert
        return pa.array([None if value is None else convert(value) for value in values], self.type)


class Nullable(Column):
    """``column``, and null for None and for a value that the document lacks."""

    nullable = True

    def __init__(self, column: Column) -> None:
        super().__init__(column.type, column.remedy)
        self._column = column

    def array(self, values: Sequence[Any]) -> pa.Array:
        return self._column.array([None if value is UNSET else value for value in values])

    def parts(self, value: Any) -> Iterable[tuple[str, Column, Any]]:
        return () if value is None or value is UNSET else self._column.parts(value)


class Items(Column):
    """Lists, tuples and sets of values of ``item``."""

    def __init__(self, item: Column) -> None:
        super().__init__(pa.list_(item.field("item")))
        self._item = item

    def array(self, values: Sequence[Any]) -> pa.Array:
        items = self._item.array([*chain.from_iterable(filter(None, values))])
        return pa.ListArray.from_arrays(_offsets(values), items, self.type)

    def parts(self, value: Any) -> Iterator[tuple[str, Column, Any]]:
        return ((f"[{number}]", self._item, each) for number, each in enumerate(value))


class Entries(Column):
    """Dicts."""

    def __init__(self, key: Column, value: Column) -> None:
        super().__init__(pa.map_(key.type, value.field("value")))
        self._key, self._value = key, value

    def array(self, values: Sequence[Any]) -> pa.Array:
        full = [*filter(None, values)]
        keys = self._key.array([*chain.from_iterable(full)])
        items = self._value.array([*chain.from_iterable(each.values() for each in full)])
        return pa.MapArray.from_arrays(_offsets(values), keys, items, self.type)

    def parts(self, value: Any) -> Iterator[tuple[str, Column, Any]]:
        for key, each in value.items():
            yield f"[{key!r}]", self._key, key
            yield f"[{key!r}]", self._value, each


def _offsets(values: Sequence[Any]) -> pa.Array:
    """Return the number of parts before each of ``values``, or null for None, and the number of all parts."""
    offsets: list[int | None] = []
    count = 0
    for value in values:
        offsets.append(None if value is None else count)
        count += len(value or ())
    return pa.array([*offsets, count], pa.int32())


class Member(NamedTuple):
    """A field of a record: its name, the function that reads it, and its column."""

    name: str
    get: Callable[[Any], Any]
    column: Column


class Record(Column):
    """Objects with fields."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.members = tuple(members)
        self._fields = [each.column.field(each.name) for each in self.members]
        super().__init__(pa.struct(self._fields))

    def array(self, values: Sequence[Any]) -> pa.Array:
        absent = [value is None for value in values]
        if not any(absent):
            arrays = [column.array([*map(get, values)]) for _, get, column in self.members]
            return pa.StructArray.from_arrays(arrays, fields=self._fields)
        arrays = [
            column.array([None if value is None else get(value) for value in values])
            for _, get, column in self.members
        ]
        return pa.StructArray.from_arrays(arrays, fields=self._fields, mask=pa.array(absent))

    def parts(self, value: Any) -> Iterator[tuple[str, Column, Any]]:
        return ((f".{name}", column, get(value)) for name, get, column in self.members)


class Misfit(NamedTuple):
    """The part of a document that does not fit its column, and the error of pyarrow."""

    path: str
    column: Column
    value: Any
    problem: Exception


def misfit(path: str, column: Column, value: Any) -> Misfit | None:
    """Return the innermost part of ``value`` that does not fit, or None if all of it fits."""
    try:
        column.array([value])
    except MemoryError:
        raise
    except Exception as problem:  # noqa: BLE001 - the caller raises it
        inner = (misfit(path + step, part, each) for step, part, each in column.parts(value))
        return next(filter(None, inner), Misfit(path, column, value, problem))
    return None
