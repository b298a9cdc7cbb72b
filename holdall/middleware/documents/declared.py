"""Which documents of a declared type must be read back when they are written."""

from collections.abc import Callable, Iterator
from typing import Any, Final, get_args

from msgspec import inspect

_PLAIN: Final = (str, int, float, bool, type(None), list, dict, bytes)
_ANYTHING: Final = {inspect.AnyType, inspect.CustomType, inspect.RawType}


class Unfit(ValueError):
    """A document that does not fit its declared type; ``errors`` maps the path of each part to the reason."""

    def __init__(self, errors: dict[str, str], shown: int) -> None:
        reasons = [f"{path}: {reason}" if path else reason for path, reason in errors.items()]
        more = f"; and {len(reasons) - shown} more" if len(reasons) > shown else ""
        super().__init__("; ".join(reasons[:shown]) + more)
        self.errors = errors


class Reread:
    """Documents of a type that guarantees nothing: each is read back before it is kept."""

    sure: frozenset[type] = frozenset()

    def __init__(self, read: Callable[[bytes], Any]) -> None:
        self._read = read

    def check(self, value: Any, data: bytes) -> None:
        """Raise ValueError if ``data``, which was written for ``value``, reads as another value."""
        if self._read(data) != value:
            raise ValueError("it would be read back as another value; declare the type of each part")


class Declared(Reread):
    """Documents of the type ``type``, as msgspec understands it.

    ``sure`` are the classes that it names (Struct, dataclass, NamedTuple) and that declare every part. Their
    instances are always read back as they were written. ``floats`` says whether the format keeps NaN and the
    infinities; JSON writes them as null. If it does not keep them, an instance with floats is checked only if
    its data contains null. Every other value is read back before it is kept.

    >>> Declared(list[int], eval).sure
    frozenset()
    """

    def __init__(self, type: Any, read: Callable[[bytes], Any], *, floats: bool = True) -> None:
        info = inspect.type_info(type)
        kinds = {part.__class__ for part in parts_of(info)}
        super().__init__(read)
        self._named = frozenset() if kinds & _ANYTHING else frozenset(_classes(info))
        self.sure = self._named if floats or inspect.FloatType not in kinds else frozenset()

    def check(self, value: Any, data: bytes) -> None:
        if type(value) not in self._named or b"null" in data:
            super().check(value, data)


def holds_model(type: Any) -> bool:
    """Whether ``type`` is a Pydantic class, or has one among its arguments.

    >>> holds_model(list[int]), holds_model(dict[str, bytes | None])
    (False, False)
    """
    return hasattr(type, "__pydantic_validator__") or any(map(holds_model, get_args(type)))


def unknown_class(type: Any) -> Any:
    """A class in ``type`` that msgspec can neither write nor read; None if there is none.

    >>> unknown_class(list[Reread]), unknown_class(dict[str, object])
    (<class 'holdall.middleware.documents.declared.Reread'>, None)
    """
    custom = (part.cls for part in parts_of(inspect.type_info(type)) if isinstance(part, inspect.CustomType))
    # A value of a type that msgspec knows may be an instance of an abstract class.
    return next((cls for cls in custom if not any(issubclass(kind, cls) for kind in _PLAIN)), None)


def _classes(info: inspect.Type) -> Iterator[type]:
    for part in info.types if isinstance(info, inspect.UnionType) else (info,):
        cls = getattr(part, "cls", None)
        if cls is not None:
            yield cls


def parts_of(info: inspect.Type) -> list[Any]:
    """Every type, field and so on in ``info``, each once, because a type may contain itself."""
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
