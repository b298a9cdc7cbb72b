"""Refuses UTC offsets that are not whole minutes in typed documents; msgspec would round them silently."""

from datetime import datetime, time
from typing import Any, Final, get_origin

from msgspec import inspect

from holdall.middleware.documents.declared import parts_of
from holdall.middleware.documents.plain import has_whole_minutes

_SEVERAL: Final = (list, tuple, set, frozenset)
_INFO: Final[dict[type, Any]] = {datetime: inspect.DateTimeType, time: inspect.TimeType}


class Offsets:
    """Checks the moments of the types ``kinds`` in documents of the type that ``info`` describes.

    A declared type cannot exclude an offset, because the offset depends on the value. Only fields that can
    hold a moment are checked. If the type can hold none, an instance of this class is false.

    >>> bool(Offsets(inspect.type_info(list[time]), (time,))), bool(Offsets(inspect.type_info(str), (time,)))
    (True, False)
    """

    def __init__(self, info: inspect.Type, kinds: tuple[type, ...]) -> None:
        self._kinds = kinds
        self._infos = tuple(_INFO[kind] for kind in kinds)
        self._there = self._holds(info)
        self._names: dict[type, set[str]] = {}
        for part in parts_of(info):
            if hasattr(part, "fields"):
                names = self._names.setdefault(get_origin(part.cls) or part.cls, set())
                names |= {each.name for each in part.fields if self._holds(each.type)}

    def __bool__(self) -> bool:
        return self._there

    def _holds(self, info: inspect.Type) -> bool:
        return any(isinstance(part, self._infos) for part in parts_of(info))

    def check(self, document: Any) -> None:
        """Raise ValueError if a moment of ``document``, which must not contain itself, would be rounded."""
        todo = [document]
        while todo:
            part = todo.pop()
            if isinstance(part, self._kinds):
                _refuse_rounded(part)
            elif names := self._names.get(type(part)):
                todo += [getattr(part, name) for name in names]
            elif isinstance(part, dict):
                todo += [*part, *part.values()]
            elif isinstance(part, _SEVERAL):
                todo += part


def _refuse_rounded(moment: Any) -> None:
    if not has_whole_minutes(moment):
        raise ValueError(f"{moment} has an offset that is not in whole minutes; convert it to UTC")
