"""Describes functions, classes and objects as they are loaded, so that a change of their behavior changes a hash.

A function is described by its code objects, without line numbers and file names. So the description is that of the
code that runs, even if the source file was edited after the import. Two lambdas on one line differ. Another minor
release of Python compiles to other code, and gives another hash.

A function or a class is followed if it is a part of the query, or if a followed one of the same module names it.
Of others, the description has the name only. An object is described by the state that `copy.copy` copies.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import partial
from hashlib import blake2b
from types import CodeType, EllipsisType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, Final, ForwardRef
from weakref import WeakKeyDictionary, WeakValueDictionary
from zoneinfo import ZoneInfo

from holdall.query.views import parts
from holdall.query.views.parts import Kinds

_CONSTANTS: Final = (
    *(type(None), EllipsisType, bool, int, float, complex, str, bytes, Decimal),
    *(date, time, timedelta, timezone, ZoneInfo, Enum),
)
_VALUES: Final[Kinds] = (
    (tuple, tuple),
    (CodeType, parts.of_code),
    (re.Pattern, lambda value: (value.pattern, value.flags)),
    (object, parts.of_generic),
)
"""Values without an identity: whether two equal ones are one object is chance."""
_OBJECTS: Final[Kinds] = (
    (list, list),
    ((dict, MappingProxyType), lambda value: value.items()),  # no other Mapping: it may be a store
    ((WeakKeyDictionary, WeakValueDictionary), lambda value: ()),  # memos, such as that of singledispatch
    (partial, lambda value: (value.func, value.args, value.keywords)),
    (MethodType, lambda value: (value.__func__, value.__self__)),
    (property, lambda value: (value.fget, value.fset)),
    (ModuleType, lambda value: (value.__name__,)),
)


class Description:
    """Texts that differ if the added values behave differently."""

    def __init__(self, numbers: Mapping[tuple[int, str | None], int] | None = None) -> None:
        self._texts: list[str] = []
        # The number of each object that was found, by its id and the module that names it.
        self._numbers = dict(numbers or {})
        self._found: list[tuple[Any, str | None]] = []  # keeps the objects, so that no id is used again

    def hash(self, size: int) -> str:
        """Return ``size`` bytes as hexadecimal digits. Call this once, after the last `add`."""
        for value, module in self._found:  # it grows in the meantime
            self._texts.append(";")
            self._describe(value, module)
        return blake2b("\0".join(self._texts).encode(errors="surrogatepass"), digest_size=size).hexdigest()

    def add(self, value: Any, module: str | None = None) -> None:
        """Add ``value``, which an object of ``module`` names. If it is None, ``value`` is a part of the query."""
        if isinstance(value, _CONSTANTS):
            self._texts.append(repr(value))
        elif isinstance(value, set | frozenset):
            self._texts.extend(sorted(self._hash_apart(each, module) for each in value))
        elif isinstance(value, ForwardRef):
            self._add_each(parts.of_annotation(value.__forward_arg__, module), module)
        elif (found := parts.of(value, _VALUES)) is not None:
            self._add_each(found, module)
        else:
            self._add_object(value, module)

    def _add_each(self, values: Iterable[Any], module: str | None) -> None:
        self._texts.append("(")
        for value in values:
            self.add(value, module)
        self._texts.append(")")

    def _hash_apart(self, value: Any, module: str | None) -> str:
        apart = Description(self._numbers)
        apart.add(value, module)
        return apart.hash(16)

    def _add_object(self, value: Any, module: str | None) -> None:
        key = id(value), module
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._found.append((value, module))
        self._texts.append(f"#{self._numbers[key]}")

    def _describe(self, value: Any, module: str | None) -> None:
        if isinstance(value, FunctionType):
            self._describe_function(value, module)
        elif isinstance(value, type) and module in (None, value.__module__):
            self._add_each(parts.of_class(value), value.__module__)
        elif (found := parts.of(value, _OBJECTS)) is not None:
            self._add_each(found, module)
        elif hasattr(value, "__qualname__"):
            self._texts.append(f"{getattr(value, '__module__', None)}.{value.__qualname__}")
            self._add_each(parts.wrapped_by(value), module)
        else:
            self.add(type(value), module)
            self._add_each(parts.of_object(value), module or type(value).__module__)

    def _describe_function(self, function: FunctionType, module: str | None) -> None:
        own = function.__globals__.get("__name__")
        if module in (None, own, function.__module__):  # a wrapper has the __module__ of the wrapped function
            self._add_each(parts.of_function(function), own)
        else:
            self._texts.append(f"{function.__module__}.{function.__qualname__}")
        self._add_each(parts.held_by(function), module)
