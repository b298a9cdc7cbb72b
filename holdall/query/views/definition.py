"""The definition of a view as a hash: another definition needs another index.

The hash covers the source of the map and of the reducer, or their code if there is no source; the functions and
classes of the same module that they name, and those that these name in turn; the constants that they name,
default arguments, and the values of enclosing functions; the type and the prefix; and the layers of the store, by
their classes, prefixes and types of values. Two views that differ only in their layers can have the same positions
in the changes of the store below. The hash does not see the code of other modules, the other options of layers, the
state of objects other than the reducer, and names that are looked up while the code runs.
"""

import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from types import CodeType, FunctionType, MethodType
from typing import Any, Final, Protocol, get_args

from holdall.layer import Wrapper, layers
from holdall.prefixed import Prefixed
from holdall.query.views.state import FORMAT
from holdall.store import Store

_CONSTANTS: Final = (type(None), bool, int, float, complex, str, bytes, Decimal, date, time, timedelta, Enum)

_names_in: Final = re.compile(r"[^\W\d]\w*").findall


class Query(Protocol):
    """The parts of a query that define it."""

    map: Callable[..., Any]
    reduce: Any
    type: Any


def definition(query: Query, store: Store[Any], prefix: str) -> str:
    """Return the hash of ``query`` over the documents of ``store`` with ``prefix``, as 32 hexadecimal digits."""
    description = _Description()
    for layer in layers(store):
        if isinstance(layer, Wrapper):
            description.add_layer(layer)
    for part in (FORMAT, prefix, query.map, query.reduce, query.type):
        description.add(part, None)
    for part in (query.map, query.reduce):
        description.add_state(part)
    return description.hash()


class _Description:
    """Texts that differ if the definitions of the added values differ."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._seen: dict[int, Any] = {}  # the values too, so that no id is used again

    def hash(self) -> str:
        return blake2b("\0".join(self._texts).encode(errors="surrogatepass"), digest_size=16).hexdigest()

    def add(self, value: Any, module: str | None) -> None:
        """Add ``value``, which an object of ``module`` names. If it is None, ``value`` is a part of the query."""
        if isinstance(value, _CONSTANTS):
            self._texts.append(repr(value))
        elif isinstance(value, tuple | list | Mapping):
            self._add_each(value.items() if isinstance(value, Mapping) else value, module)
        elif isinstance(value, set | frozenset):
            self._texts.extend(sorted(map(repr, value)))
        elif isinstance(value, functools.partial | MethodType):
            self._add_each(_parts(value), module)
        elif args := get_args(value):  # a generic type, or a union
            self._texts.append(repr(value))
            self._add_each(args, module)
        elif isinstance(value, FunctionType | type) and module in (None, value.__module__):
            self._add_code(value)
        else:
            named = value if hasattr(value, "__qualname__") else type(value)
            self._texts.append(f"{getattr(named, '__module__', None)}.{named.__qualname__}")

    def add_state(self, value: Any) -> None:
        """Add the class and the attributes of ``value``, if it is an object that works as a map or a reducer."""
        if not isinstance(value, (*_CONSTANTS, FunctionType, functools.partial, MethodType, type)):
            self.add(type(value), None)
            self.add(getattr(value, "__dict__", None), type(value).__module__)

    def add_layer(self, layer: Wrapper[Any, Any]) -> None:
        """Add the class of ``layer``, its prefix, and the type of its values."""
        self.add((type(layer).__qualname__, layer.prefix if isinstance(layer, Prefixed) else ""), None)
        args, options = layer._made_with
        self._add_each(
            [each for each in (*args, *options.values()) if isinstance(each, type) or get_args(each)], None
        )

    def _add_each(self, values: Iterable[Any], module: str | None) -> None:
        self._texts.append("(")
        for value in values:
            self.add(value, module)
        self._texts.append(")")

    def _add_code(self, value: FunctionType | type) -> None:
        if id(value) in self._seen:
            return
        self._seen[id(value)] = value
        self._texts.append(_source(value))
        named = _named_by_class(value) if isinstance(value, type) else _named_by_function(value)
        for each in named:
            self.add(each, value.__module__)


def _parts(value: functools.partial[Any] | MethodType) -> tuple[Any, ...]:
    if isinstance(value, MethodType):
        return value.__func__, value.__self__
    return value.func, value.args, value.keywords


def _source(value: FunctionType | type) -> str:
    with suppress(OSError, TypeError):
        return inspect.getsource(value)
    return value.__qualname__ if isinstance(value, type) else "\n".join(_code(value.__code__))


def _code(code: CodeType) -> Iterator[str]:
    yield f"{code.co_code.hex()} {code.co_names}"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)
        else:
            yield repr(constant)


def _named_by_function(function: FunctionType) -> Iterator[Any]:
    """Yield the values of default arguments, of enclosing functions, and of the global names in the code."""
    yield function.__defaults__
    yield function.__kwdefaults__
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # it is empty as long as the enclosing function did not set it
            yield cell.cell_contents
    for name in sorted(_global_names(function.__code__)):
        if name in function.__globals__:
            yield function.__globals__[name]


def _global_names(code: CodeType) -> set[str]:
    below = (_global_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return {*code.co_names}.union(*below)


def _named_by_class(kind: type) -> Iterator[Any]:
    """Yield the bases of ``kind``, its functions, and what its annotations name."""
    yield from kind.__bases__
    names = vars(sys.modules.get(kind.__module__, object))
    for annotation in inspect.get_annotations(kind).values():
        if isinstance(annotation, str):
            yield from (names[name] for name in _names_in(annotation) if name in names)
        else:
            yield annotation
    yield from (each for each in vars(kind).values() if isinstance(each, FunctionType))
