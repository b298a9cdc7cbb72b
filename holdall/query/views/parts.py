"""The parts of code, functions, classes and objects that decide how these behave."""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from types import CodeType, FunctionType, GenericAlias
from typing import Any, Final, ForwardRef, TypeAlias, get_args, get_origin

Kinds: TypeAlias = Sequence[tuple[type | tuple[type, ...], Callable[[Any], Iterable[Any] | None]]]
"""For each kind of values, a function that returns the parts of such a value."""

_METHODS: Final = FunctionType, classmethod, staticmethod, property
_FIELDS: Final = (
    *("__struct_fields__", "__struct_encode_fields__", "__struct_defaults__", "__struct_config__"),
    *("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__", "__total__"),
)
"""The attributes in which kinds of classes keep their fields."""
_WRAPPED: Final = "__wrapped__", "__supertype__", "__value__"  # of lru_cache or staticmethod, NewType, `type`

_names_in: Final = re.compile(r"[^\W\d]\w*").findall


def of(value: Any, kinds: Kinds) -> Iterable[Any] | None:
    """Return the parts of ``value`` by the first of ``kinds`` that it is of, or None if it is of none."""
    return next((parts(value) for kind, parts in kinds if isinstance(value, kind)), None)


def of_code(code: CodeType) -> Iterator[Any]:
    """Yield all of ``code`` but its place in a file."""
    yield code.co_code
    yield code.co_exceptiontable
    yield code.co_flags
    yield code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    yield code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars
    yield code.co_consts


def of_function(function: FunctionType) -> Iterator[Any]:
    """Yield the code, and the global names in it with their values."""
    yield function.__code__
    for name in sorted(_global_names(function.__code__)):
        if name in function.__globals__ and not _is_special(name):  # __file__ differs from machine to machine
            yield name, function.__globals__[name]


def _global_names(code: CodeType) -> set[str]:
    below = (_global_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return {*code.co_names}.union(*below)


def held_by(function: FunctionType) -> Iterator[Any]:
    """Yield the default arguments and the values of enclosing functions."""
    yield function.__defaults__
    yield function.__kwdefaults__
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # it is empty as long as the enclosing function did not set it
            yield cell.cell_contents


def wrapped_by(value: Any) -> Iterator[Any]:
    """Yield the function or the type that ``value`` wraps."""
    for name in _WRAPPED:
        if hasattr(value, name):
            yield getattr(value, name)


def of_class(kind: type) -> Iterator[Any]:
    """Yield the name and the bases of ``kind``, its attributes, its fields and its annotations."""
    yield kind.__name__
    yield type(kind)
    yield kind.__bases__
    for name, value in vars(kind).items():
        if isinstance(value, _METHODS) or not _is_special(name):
            yield name, value
    for name in _FIELDS:
        if hasattr(kind, name):
            yield name, getattr(kind, name)
    with suppress(NameError):  # from Python 3.14 on, of a name that only type checkers import
        for name, annotation in inspect.get_annotations(kind).items():
            yield name, _reference(annotation)


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _reference(annotation: Any) -> Any:
    return ForwardRef(annotation) if isinstance(annotation, str) else annotation


def of_annotation(text: str, module: str | None) -> Iterator[Any]:
    """Yield ``text``, and the objects of ``module`` that it names."""
    yield text
    names = vars(sys.modules.get(module or "", object))
    yield from (names[name] for name in _names_in(text) if name in names)


def of_generic(value: Any) -> tuple[Any, ...] | None:
    """Return the parts of a generic type or of a union, or None if ``value`` is not one."""
    args = get_args(value)
    if isinstance(value, GenericAlias):  # such as list["Invoice"]
        args = tuple(map(_reference, args))
    return (get_origin(value), *args) if args else None


def of_object(value: Any) -> Iterable[Any]:
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
