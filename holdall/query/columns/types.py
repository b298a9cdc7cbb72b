"""Finds the column of a type: the Arrow types for the types that msgspec decodes."""

from collections.abc import Callable
from datetime import datetime, time
from operator import attrgetter, methodcaller
from types import NoneType
from typing import Any, Final

import pyarrow as pa
from msgspec import NODEFAULT, inspect

from holdall.errors import InvalidQuery
from holdall.query.columns.column import Column, Converted, Entries, Items, Member, Nullable, Record


def column_of(type: Any, decimal: tuple[int, int]) -> Column:
    """Return the column of ``type``. Decimal numbers have the precision and the scale of ``decimal``.

    Raises InvalidQuery if ``type``, or a type in it, has no column.
    """
    try:
        info = inspect.type_info(type)
    except TypeError as error:
        raise InvalidQuery(f"{type!r} is not a type of documents: {error}; {_REMEDY}") from error
    return _Columns(_decimal(decimal)).column(info, "the type")


class _Columns:
    """The columns of types. ``decimal`` is the column of every Decimal."""

    def __init__(self, decimal: Column) -> None:
        self._decimal = decimal
        self._open: list[inspect.Type] = []  # the types whose parts are being found

    def column(self, info: inspect.Type, path: str) -> Column:
        """Return the column of the type ``info``, which is at ``path`` in the documents."""
        if any(each is info for each in self._open):
            raise InvalidQuery(f"{path} contains itself, so it has no column; {_REMEDY}")
        self._open.append(info)
        column = self._nested(info, path) or self._leaf(info, path)
        self._open.pop()
        return column

    def _nested(self, info: inspect.Type, path: str) -> Column | None:
        match info:
            case inspect.Metadata(type=inner):
                return self.column(inner, path)
            case inspect.UnionType():
                return self._union(info, path)
            case inspect.CollectionType():
                return Items(self.column(info.item_type, f"an item of {path}"))
            case inspect.DictType():
                key = self.column(info.key_type, f"a key of {path}")
                return Entries(key, self.column(info.value_type, f"a value of {path}"))
            case inspect.TypedDictType():
                return self._record(info, lambda name: methodcaller("get", name))
            case inspect.StructType() | inspect.DataclassType() | inspect.NamedTupleType():
                return self._record(info, attrgetter)
        return None

    def _union(self, info: inspect.UnionType, path: str) -> Column:
        types = [each for each in info.types if not isinstance(each, inspect.NoneType)]
        if len(types) > 1:
            raise InvalidQuery(f"{path} has one of several types, so it has no column; {_REMEDY}")
        return Nullable(self.column(types[0], path))

    def _record(self, info: Any, getter: Callable[[str], Callable[[Any], Any]]) -> Record:
        return Record(Member(each.encode_name, getter(each.name), self._field(each)) for each in info.fields)

    def _field(self, field: inspect.Field) -> Column:
        column = self.column(field.type, f"the field {field.encode_name!r}")
        absent = not field.required and field.default is field.default_factory is NODEFAULT
        return Nullable(column) if (absent or field.default is None) and not column.nullable else column

    def _leaf(self, info: inspect.Type, path: str) -> Column:
        match info:
            case inspect.DecimalType():
                return self._decimal
            case inspect.EnumType(cls=cls):
                return Converted(_of_values({type(each.value) for each in cls}, path), attrgetter("value"))
            case inspect.LiteralType(values=values):
                worded = _of_values({type(each) for each in values} - {NoneType}, path)
                return Nullable(worded) if None in values else worded
            case inspect.DateTimeType(tz=False):
                return Converted(Column(pa.timestamp("us")), _without_zone)
        if column := _LEAVES.get(type(info)):
            return column
        raise InvalidQuery(
            f"{path} is {type(info).__name__.removesuffix('Type')}, which has no column; {_REMEDY}"
        )


def _decimal(size: tuple[int, int]) -> Column:
    remedy = "pass decimal=(precision, scale) with room for this number"
    try:
        precision, scale = size
        type = (pa.decimal128 if precision <= _WIDEST else pa.decimal256)(precision, scale)
    except (TypeError, ValueError) as error:
        raise InvalidQuery(f"decimal={size!r} is not valid: {error}; write for example (38, 9)") from error
    return Column(type, remedy)


def _of_values(types: set[type], path: str) -> Column:
    """Return the column of values that are all str, or all int."""
    if types == {str}:
        return _TEXT
    if types == {int}:
        return _INT
    raise InvalidQuery(f"{path} has values of several types, so it has no column; {_REMEDY}")


def _with_zone(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("it has no UTC offset")
    return value


def _without_zone(value: datetime | time) -> datetime | time:
    if value.tzinfo:
        raise ValueError("it has a UTC offset")
    return value


_WIDEST: Final = 38  # digits that fit into a decimal128
_REMEDY: Final = "leave it out of the type, or declare it as one type with a column"
_TEXT: Final = Column(pa.large_string())
_INT: Final = Column(pa.int64(), "declare the field as Decimal for larger numbers")
_INSTANT: Final = Column(
    pa.timestamp("us", "UTC"),
    "declare Annotated[datetime, msgspec.Meta(tz=False)] if no datetime has an offset",
)
_LEAVES: Final[dict[type, Column]] = {
    inspect.StrType: _TEXT,
    inspect.UUIDType: Converted(_TEXT, str),
    inspect.BytesType: Column(pa.large_binary()),
    inspect.BoolType: Column(pa.bool_()),
    inspect.IntType: _INT,
    inspect.FloatType: Column(pa.float64()),
    inspect.DateType: Column(pa.date32()),
    inspect.TimeType: Converted(Column(pa.time64("us")), _without_zone),
    inspect.TimeDeltaType: Column(pa.duration("us")),
    inspect.DateTimeType: Converted(_INSTANT, _with_zone),
}
