"""What a declared type promises of a document that was written: whether it needs to be read back."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from msgspec import inspect

_ANYTHING: Final = {inspect.AnyType, inspect.CustomType, inspect.RawType}


class Declared:
    """Documents of the type ``type``, as msgspec understands it.

    ``sure`` are the classes that it names (Struct, dataclass, NamedTuple) and that declare every part:
    an instance is read back as it was written. Any other value is read back before it is kept.
    ``floats`` says whether the format keeps NaN and the infinities; JSON writes them as null.

    >>> Declared(list[int], eval).sure
    frozenset()
    """

    def __init__(self, type: Any, read: Callable[[bytes], Any], *, floats: bool = True) -> None:
        info = inspect.type_info(type)
        kinds = {part.__class__ for part in parts_of(info)}
        self._read = read
        self._named = frozenset() if kinds & _ANYTHING else frozenset(_classes(info))
        self.sure = self._named if floats or inspect.FloatType not in kinds else frozenset()

    def check(self, value: Any, data: bytes) -> None:
        """ValueError where ``data``, which was written for ``value``, reads as another value."""
        if type(value) in self._named and b"null" not in data:
            return
        if self._read(data) != value:
            raise ValueError("it would be read back as another value; declare the type of each part")


def _classes(info: inspect.Type) -> Iterator[type]:
    for part in info.types if isinstance(info, inspect.UnionType) else (info,):
        cls = getattr(part, "cls", None)
        if cls is not None:
            yield cls


def parts_of(info: inspect.Type) -> list[Any]:
    """Every type, field and so on that ``info`` is made of, once: a type may hold itself."""
    found: dict[int, Any] = {id(info): info}
    todo: list[Any] = [info]
    while todo:
        for part in _inner(todo.pop()):
            if id(part) not in found:
                found[id(part)] = part
                todo.append(part)
    return list(found.values())


def _inner(part: Any) -> Iterator[Any]:
    for name in part.__struct_fields__:
        held = getattr(part, name)
        for inner in held if isinstance(held, tuple) else (held,):
            if isinstance(inner, inspect.Type | inspect.Field):
                yield inner
