"""YAML documents that people can edit, with or without a declared type, by PyYAML."""

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from holdall.extras import needs
from holdall.middleware.documents.memory import LARGEST
from holdall.middleware.documents.plain import NoneType, Plain, has_whole_minutes, is_expressible
from holdall.store import Store

with needs("yaml"):
    import yaml
    from yaml import CSafeDumper

    from holdall.middleware.documents.base import Documents, Read, Write, convert
    from holdall.middleware.documents.yaml_text import load, size_of

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")

_PLAIN: Final = Plain({str, int, bool, NoneType, float, bytes, date}, {datetime: is_expressible})


class Yaml(Documents[V]):
    """Stores documents as YAML in UTF-8, one part per line, so that people can read and edit them.

    Without a type, documents hold dict, list, str, int, float, bool, None, bytes, date, and datetime without
    a time zone or with an offset. With ``type`` they may also hold Decimal and every type that msgspec knows.
    A string that any version of YAML would read as another type (``no``, ``0123``, ``12:30``) is written in
    quotes. If a person writes such a string without quotes, it is read as that string too (see
    `holdall.middleware.documents.yaml_text.plain_value`).

    Reading raises Corrupt for a document with an alias, a tag that names a type, two equal names, or more
    than 100 levels.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> Yaml(store)["a"] = {"country": "no", "lines": [1, 2.5]}
    >>> print(store["a"].decode())
    country: 'no'
    lines:
    - 1
    - 2.5
    """

    plain = _PLAIN
    dense = 30

    @overload
    def __init__(self: "Yaml[Any]", store: Store[bytes], *, max_size: int = LARGEST) -> None: ...
    @overload
    def __init__(
        self: "Yaml[T]", store: Store[bytes], type: "TypeForm[T]", *, max_size: int = LARGEST
    ) -> None: ...
    def __init__(self, store: Store[bytes], type: Any = Any, *, max_size: int = LARGEST) -> None:
        super().__init__(store, type, max_size)

    def _memory(self, data: bytes, enough: int) -> int:
        return size_of(data, enough)

    def _format(self, type: Any) -> tuple[Write, Read]:
        return convert(type, _PLAIN, _dump, load)


def _dump(value: Any) -> bytes:
    return yaml.dump(
        value, None, _Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, encoding="utf-8"
    )


_WIDTH: Final = 2**31 - 1  # columns: no line is folded, so a change of one part changes one line


class _Dumper(CSafeDumper):
    """Writes a part twice if it occurs twice, because the reader refuses aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar(_STR, data, style="|" if "\n" in data else None)

    def represent_datetime(self, data: datetime) -> yaml.ScalarNode:
        if not has_whole_minutes(data):
            raise ValueError(f"{data} has an offset that is not in whole minutes; convert it to UTC")
        return super().represent_datetime(data)


_STR: Final = "tag:yaml.org,2002:str"
_Dumper.add_representer(str, _Dumper.represent_str)
_Dumper.add_representer(datetime, _Dumper.represent_datetime)
# YAML 1.2 reads these as numbers; PyYAML follows 1.1 and does not. So such strings are written in quotes.
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|0o[0-7]+$"),
    list("-+.0123456789"),
)
