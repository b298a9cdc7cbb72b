"""Which documents a format keeps without a declared type: checked part by part, by exact type."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final

from holdall.errors import Invalid

DEPTH: Final = 100
"""How many dicts and lists may be nested. A deeper document is refused, as is one that contains itself."""

_MINUTE: Final = timedelta(minutes=1)

NoneType: Final = type(None)

_REMEDY: Final = "declare the document's type (type=...) or write it as text"
_SHOWN: Final = 60  # characters of a name or a path that are shown


class Plain:
    """Documents of dicts with str keys, lists, and the scalar types that a format keeps exactly.

    ``always`` are the scalar types of which every value is kept; ``within`` are those whose values must pass
    a test. A subclass counts as another type, because it would be read back as its base.

    >>> Plain({str, int}, {}).keeps({"lines": [1, "a"]})
    True
    """

    def __init__(self, always: set[type], within: Mapping[type, Callable[[Any], bool]]) -> None:
        self._always = frozenset(always)
        self._within = within

    @property
    def types(self) -> frozenset[type]:
        """Every type that is kept, though perhaps not all of its values."""
        return self._always | self._within.keys() | {dict, list}

    def keeps(self, value: Any, depth: int = DEPTH) -> bool:
        """Whether every part of ``value`` is kept. It runs at each write, so it uses plain loops."""
        kind, always = type(value), self._always
        if kind is dict:
            for name in value:
                if type(name) is not str:
                    return False
            parts = value.values()
        elif kind is list:
            parts = value
        else:
            return self._keeps_scalar(value)
        for part in parts:
            if type(part) in always:
                continue
            if not depth or not self.keeps(part, depth - 1):
                return False
        return True

    def _keeps_scalar(self, value: Any) -> bool:
        kind = type(value)
        return kind in self._always or (kind in self._within and self._within[kind](value))

    def refusal(self, key: str, value: Any, name: str, write: Callable[[Any], bytes]) -> Invalid:
        """The error for the ``value`` of ``key`` that the layer ``name`` cannot keep.

        It names the part that cannot be kept, and the reason. ``write`` raises an exception if it cannot
        write a part; the text of this exception is then the reason.
        """
        path, reason = next(self._faults("", value, write), ("", "it cannot be written"))
        message = f"{name} cannot keep the value of {key!r}: {f'{path}: ' if path else ''}{reason}"
        return Invalid(message, key=key, errors={path: reason})

    def _faults(
        self, path: str, value: Any, write: Callable[[Any], bytes], depth: int = DEPTH
    ) -> Iterator[tuple[str, str]]:
        if type(value) not in (dict, list):
            yield from self._scalar_faults(path, value, write)
        elif depth < 0:
            yield (f"{path[:_SHOWN]}…", f"more than {DEPTH} dicts and lists are nested, or one holds itself")
        elif type(value) is list:
            for index, part in enumerate(value):
                yield from self._faults(f"{path}-{index}", part, write, depth - 1)
        else:
            for name, part in value.items():
                inner = f"{path}.{_format_name(name)}" if path else _format_name(name)
                yield from self._name_faults(inner, name, write)
                yield from self._faults(inner, part, write, depth - 1)

    def _name_faults(self, path: str, name: Any, write: Callable[[Any], bytes]) -> Iterator[tuple[str, str]]:
        if type(name) is not str:
            yield path, f"the name of a field is a str, not {_a(name)}"
        else:
            yield from self._scalar_faults(path, name, write)

    def _scalar_faults(
        self, path: str, value: Any, write: Callable[[Any], bytes]
    ) -> Iterator[tuple[str, str]]:
        if not self._keeps_scalar(value):
            yield path, f"{_a(value)} would be read back as something else; {_REMEDY}"
            return
        try:
            write(value)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the reason for the refusal
            yield path, str(error)


def is_expressible(moment: datetime) -> bool:
    """Whether ISO 8601 can express ``moment``: no named time zone, no fold, an offset in whole minutes."""
    read = datetime.fromisoformat(moment.isoformat())
    return has_whole_minutes(moment) and repr(read) == repr(moment)


def has_whole_minutes(moment: datetime | time) -> bool:
    """Whether ``moment`` has no UTC offset, or one in whole minutes, as RFC 3339 requires."""
    offset = moment.utcoffset()
    return not offset or not offset % _MINUTE


def _format_name(name: Any) -> str:
    """The name of a field as part of a path: printable, on one line and of limited length."""
    text = str(name)[:_SHOWN]
    return text if text.isprintable() else ascii(text)


def _a(value: Any) -> str:
    """The type of ``value`` for a message; also the value, for a type of which only some values are kept."""
    kind = type(value).__name__
    return f"the {kind} {value!r}" if isinstance(value, float | datetime) else f"the type {kind}"
