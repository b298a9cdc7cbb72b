"""Describes functions, classes and objects as they are loaded, so that a change of their behavior changes a hash.

A function is described by its code objects, without line numbers and file names. So the description is that of the
code that runs, even if the source file was edited after the import. Two lambdas on one line differ. Another minor
release of Python compiles to other code, and gives another hash.

A function or a class is followed if it is a part of the query, or if a followed one of the same module names it.
Of others, the description has the name only. An object is described by the state that `copy.copy` copies.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import partial
from hashlib import blake2b
from types import CodeType, EllipsisType, FunctionType, GenericAlias, MethodType, ModuleType
from typing import Any, Final, ForwardRef, TypeAlias, get_args, get_origin
from weakref import WeakKeyDictionary, WeakValueDictionary
from zoneinfo import ZoneInfo

_CONSTANTS: Final = (
    *(type(None), EllipsisType, bool, int, float, complex, str, bytes, Decimal),
    *(date, time, timedelta, timezone, ZoneInfo, Enum),
)
_MEMOS: Final = (
    WeakKeyDictionary,
    WeakValueDictionary,
)  # they change while a program runs, as of singledispatch
_METHODS: Final = FunctionType, classmethod, staticmethod, property
_FIELDS: Final = (
    *("__struct_fields__", "__struct_encode_fields__", "__struct_defaults__", "__struct_config__"),
    *("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__", "__total__"),
)
"""The attributes in which kinds of classes keep their fields. Those that a decoder uses may be nowhere else."""
_WRAPPED: Final = "__wrapped__", "__supertype__", "__value__"  # of lru_cache or staticmethod, NewType, `type`

_names_in: Final = re.compile(r"[^\W\d]\w*").findall


class Description:
    """Texts that differ if the added values behave differently."""

    def __init__(self, seen: Mapping[int, tuple[int, Any]] | None = None) -> None:
        self._texts: list[str] = []
        self._seen = dict(seen or {})  # number and value by id; the value, so that no id is used again

    def hash(self, size: int) -> str:
        """Return ``size`` bytes as hexadecimal digits."""
        return blake2b("\0".join(self._texts).encode(errors="surrogatepass"), digest_size=size).hexdigest()

    def add(self, value: Any, module: str | None = None) -> None:
        """Add ``value``, which an object of ``module`` names. If it is None, ``value`` is a part of the query."""
        if isinstance(value, _CONSTANTS):
            self._texts.append(repr(value))
        elif isinstance(value, set | frozenset):
            self._texts.extend(sorted(self._hash_apart(each, module) for each in value))
        elif isinstance(value, ForwardRef):
            self._add_each(_named_in(value.__forward_arg__, module), module)
        elif (parts := _parts(value, _VALUES)) is not None:
            self._add_each(parts, module)
        elif id(value) in self._seen:
            self._texts.append(f"#{self._seen[id(value)][0]}")
        else:
            self._seen[id(value)] = len(self._seen), value
            self._add_new(value, module)

    def _add_each(self, values: Iterable[Any], module: str | None) -> None:
        self._texts.append("(")
        for value in values:
            self.add(value, module)
        self._texts.append(")")

    def _hash_apart(self, value: Any, module: str | None) -> str:
        apart = Description(self._seen)
        apart.add(value, module)
        return apart.hash(16)

    def _add_new(self, value: Any, module: str | None) -> None:
        if isinstance(value, FunctionType):
            self._add_function(value, module)
        elif isinstance(value, type) and module in (None, value.__module__):
            self._add_each(_parts_of_class(value), value.__module__)
        elif (parts := _parts(value, _OBJECTS)) is not None:
            self._add_each(parts, module)
        elif hasattr(value, "__qualname__"):
            self._texts.append(_name(value))
            self._add_each((getattr(value, name) for name in _WRAPPED if hasattr(value, name)), module)
        else:
            self.add(type(value), module)
            self._add_each(_state(value), module or type(value).__module__)

    def _add_function(self, function: FunctionType, module: str | None) -> None:
        own = function.__globals__.get("__name__")
        if module in (None, own, function.__module__):  # a wrapper has the __module__ of the wrapped function
            self._add_each(_parts_of_function(function), own)
        else:
            self._texts.append(_name(function))
        self._add_each(_held_by(function), module)


def _name(value: Any) -> str:
    return f"{getattr(value, '__module__', None)}.{value.__qualname__}"


def _parts_of_code(code: CodeType) -> Iterator[Any]:
    yield code.co_code
    yield code.co_exceptiontable
    yield code.co_flags
    yield code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    yield code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars
    yield code.co_consts


def _parts_of_function(function: FunctionType) -> Iterator[Any]:
    """Yield the code, and the global names in it with their values."""
    yield function.__code__
    for name in sorted(_global_names(function.__code__)):
        if name in function.__globals__ and not _is_special(name):  # __file__ differs from machine to machine
            yield name, function.__globals__[name]


def _held_by(function: FunctionType) -> Iterator[Any]:
    """Yield the default arguments and the values of enclosing functions."""
    yield function.__defaults__
    yield function.__kwdefaults__
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # it is empty as long as the enclosing function did not set it
            yield cell.cell_contents


def _global_names(code: CodeType) -> set[str]:
    below = (_global_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return {*code.co_names}.union(*below)


def _parts_of_class(kind: type) -> Iterator[Any]:
    """Yield the name and the bases of ``kind``, its attributes, its fields, and what its annotations name."""
    yield kind.__name__
    yield type(kind)
    yield kind.__bases__
    for name, value in vars(kind).items():
        if isinstance(value, _METHODS) or not _is_special(name):
            yield name, value
    for name in _FIELDS:
        if hasattr(kind, name):
            yield name, getattr(kind, name)
    for name, annotation in inspect.get_annotations(kind).items():
        yield name, ForwardRef(annotation) if isinstance(annotation, str) else annotation


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _named_in(annotation: str, module: str | None) -> Iterator[Any]:
    yield annotation
    names = vars(sys.modules.get(module or "", object))
    yield from (names[name] for name in _names_in(annotation) if name in names)


def _state(value: Any) -> Iterable[Any]:
    """Return the state of ``value`` that `copy.copy` copies, or nothing if it cannot be copied."""
    try:
        state = value.__reduce_ex__(4)
    except Exception:  # noqa: BLE001 - such as a lock; a store refuses with an error of its own
        return _attributes(value) if type(value).__module__.startswith("msgspec") else ()
    return [list(part) if isinstance(part, Iterator) else part for part in state]


def _attributes(value: Any) -> Iterator[Any]:
    """Yield the attributes of an object of msgspec, such as a Decoder, a Meta, or the factory of a default."""
    for name in dir(value):
        if not name.startswith("_") and not inspect.isbuiltin(found := getattr(value, name)):
            yield name, found


def _parts_of_generic(value: Any) -> tuple[Any, ...] | None:
    """Return the parts of a generic type or of a union, or None if ``value`` is not one."""
    args = get_args(value)
    if isinstance(value, GenericAlias):  # such as list["Invoice"]
        args = tuple(ForwardRef(each) if isinstance(each, str) else each for each in args)
    return (get_origin(value), *args) if args else None


Parts: TypeAlias = Sequence[tuple[type | tuple[type, ...], Callable[[Any], Iterable[Any] | None]]]

_VALUES: Final[Parts] = (
    (tuple, tuple),
    (CodeType, _parts_of_code),
    (re.Pattern, lambda value: (value.pattern, value.flags)),
    (object, _parts_of_generic),
)
"""Values that are described again if they are added again: whether two equal ones are one object is chance."""

_OBJECTS: Final[Parts] = (
    ((WeakKeyDictionary, WeakValueDictionary), lambda value: ()),  # memos, such as that of singledispatch
    (list, list),
    (Mapping, lambda value: value.items()),
    (partial, lambda value: (value.func, value.args, value.keywords)),
    (MethodType, lambda value: (value.__func__, value.__self__)),
    (property, lambda value: (value.fget, value.fset)),
    (ModuleType, lambda value: (value.__name__,)),
)


def _parts(value: Any, kinds: Parts) -> Iterable[Any] | None:
    return next((parts(value) for kind, parts in kinds if isinstance(value, kind)), None)
