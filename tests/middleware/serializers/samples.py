"""Documents of each serializer's declared types, generated and by hand, and values that none of them keeps."""

import enum
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from holdall import Json, MessagePack, Xml, Yaml
from holdall.middleware.codec import Codec
from holdall.store import Store

# Whatever a format may take for its own syntax is drawn more often than from all of Unicode.
_awkward = st.text("\0\a\t\n\r \\\x85\u2028\ufeff\ufffe#&'\"*-.0123456789:<=>?@[]`aenouxyz{|}~", max_size=12)
TEXT = st.text(st.characters(codec="utf-8"), max_size=12) | _awkward
_offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def unfolded(moment: datetime) -> datetime:
    return moment.replace(fold=0)


STRATEGIES: dict[type, SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**63), 2**63) | st.integers(-9, 9),
    float: st.floats(),
    bool: st.booleans(),
    type(None): st.none(),
    bytes: st.binary(max_size=99),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.none() | _offsets).map(unfolded),
    Decimal: st.decimals(),
}
SAMPLES: dict[type, Any] = {
    str: "no",
    int: -7,
    float: 0.1,
    bool: True,
    type(None): None,
    bytes: b"\0\xff",
    date: date(2026, 11, 22),
    datetime: datetime(2026, 11, 22, 10, 30, tzinfo=UTC),
    Decimal: Decimal("119.00"),
    dict: {"a": {"b": 1}},
    list: [[1], "a"],
}


class IntEnum(enum.IntEnum):
    ONE = 1


class Words(str):
    """A str that is more than one."""


FOREIGN: list[Any] = [
    (1, 2),
    {1},
    frozenset(),
    1j,
    bytearray(b"a"),
    OrderedDict(a=1),
    IntEnum.ONE,
    Words("a"),
    timedelta(1),
    range(3),
    object(),
    int,
]
"""What no serializer of documents keeps."""
MOMENTS: list[datetime] = [
    datetime(2026, 11, 22, tzinfo=ZoneInfo("Europe/Zurich")),
    datetime(2026, 10, 25, 2, 30, fold=1),  # noqa: DTZ001 - the hour that comes twice
    datetime(2026, 11, 22, tzinfo=timezone(timedelta(hours=1), "CET")),
    datetime(2026, 11, 22, tzinfo=timezone(timedelta(seconds=1))),
]
"""Of which a date in text would lose a part."""


@dataclass(frozen=True)
class Serializer:
    """One row: how it is made and what it keeps."""

    make: Callable[[Store[bytes]], Codec[Any, bytes]]
    scalars: frozenset[type]
    within: dict[type, SearchStrategy[Any]]

    @property
    def documents(self) -> SearchStrategy[Any]:
        drawn = {**STRATEGIES, **self.within}
        scalars = st.one_of([drawn[kind] for kind in sorted(self.scalars, key=repr)])
        return st.recursive(
            scalars,
            lambda part: st.lists(part, max_size=4) | st.dictionaries(TEXT, part, max_size=4),
        )


_json = frozenset({str, int, float, bool, type(None)})
DOCUMENTS: dict[str, Serializer] = {
    "json": Serializer(Json, _json, {float: st.floats(allow_nan=False, allow_infinity=False)}),
    "msgpack": Serializer(
        MessagePack,
        _json | {bytes, datetime},
        {datetime: st.datetimes(timezones=st.just(UTC)).map(unfolded)},
    ),
    "yaml": Serializer(Yaml, _json | {bytes, date, datetime}, {}),
    "xml": Serializer(Xml, _json | {bytes, date, datetime, Decimal}, {}),
}

RICH: dict[str, Any] = {
    "number": "2026-7",
    "note": "zwei\nZeilen & <mehr> 'no' \\ ",
    "empty": ["", {}, [], None],
    "lines": [{"quantity": 3, "rate": 0.5, "paid": False, "codes": {"8200": "700.00", "": [[[]]]}}],
}


def rich(serializer: Serializer) -> dict[str, Any]:
    """A document with every type that the serializer keeps."""
    return {
        **RICH,
        **{kind.__name__: SAMPLES[kind] for kind in sorted(serializer.scalars, key=repr)},
    }


INFINITE = (math.nan, math.inf, -math.inf)
