"""The kinds of columns: each has an Arrow type, and turns values of documents into values that pyarrow takes."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
from msgspec import UNSET


class Column:
    """A column whose values pyarrow takes as they are. ``remedy`` is advice for a value that does not fit."""

    nullable = False

    def __init__(self, type: pa.DataType, remedy: str = "leave this field out of the type") -> None:
        self.type = type
        self.remedy = remedy

    def plain(self, value: Any) -> Any:
        """Return ``value`` as pyarrow takes it."""
        return value

    def parts(self, value: Any) -> Iterable[tuple[str, "Column", Any]]:
        """Return the path, the column and the value of each part of ``value``."""
        return ()

    def array(self, values: Iterable[Any]) -> pa.Array:
        """Return the array of ``values``. Raises an error of pyarrow, or ValueError, if one does not fit."""
        return pa.array([*map(self.plain, values)], self.type)

    def field(self, name: str) -> pa.Field:
        """Return this column as a field of a schema."""
        return pa.field(name, self.type, self.nullable)


class Converted(Column):
    """A column whose values pyarrow takes after ``convert``, which raises ValueError if one does not fit."""

    def __init__(self, column: Column, convert: Callable[[Any], Any]) -> None:
        super().__init__(column.type, column.remedy)
        self.plain = convert  # type: ignore[method-assign,assignment]  # a method around it would cost a call


class Nullable(Column):
    """``column``, and null for None and for a value that the document lacks."""

    nullable = True

    def __init__(self, column: Column) -> None:
        super().__init__(column.type, column.remedy)
        self._column = column

    def plain(self, value: Any) -> Any:
        return None if value is None or value is UNSET else self._column.plain(value)

    def parts(self, value: Any) -> Iterable[tuple[str, Column, Any]]:
        return () if value is None or value is UNSET else self._column.parts(value)


class Items(Column):
    """Lists, tuples and sets of values of ``item``."""

    def __init__(self, item: Column) -> None:
        super().__init__(pa.list_(item.field("item")))
        self._item = item

    def plain(self, value: Any) -> Any:
        return [*map(self._item.plain, value)]

    def parts(self, value: Any) -> Iterator[tuple[str, Column, Any]]:
        return ((f"[{number}]", self._item, each) for number, each in enumerate(value))


class Entries(Column):
    """Dicts."""

    def __init__(self, key: Column, value: Column) -> None:
        super().__init__(pa.map_(key.type, value.field("value")))
        self._key, self._value = key, value

    def plain(self, value: Any) -> Any:
        return [(self._key.plain(key), self._value.plain(each)) for key, each in value.items()]

    def parts(self, value: Any) -> Iterator[tuple[str, Column, Any]]:
        for key, each in value.items():
            yield f"[{key!r}]", self._key, key
            yield f"[{key!r}]", self._value, each


class Member(NamedTuple):
    """A field of a record: its name, the function that reads it, and its column."""

    name: str
    get: Callable[[Any], Any]
    column: Column


class Record(Column):
    """Objects with fields."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.members = tuple(members)
        super().__init__(pa.struct([each.column.field(each.name) for each in self.members]))

    def plain(self, value: Any) -> Any:
        return {name: column.plain(get(value)) for name, get, column in self.members}

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
