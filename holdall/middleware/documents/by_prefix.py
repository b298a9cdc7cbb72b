"""Finds the type of a document by the prefix of its key, for a type that declares other types for some keys."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class ByPrefix(Generic[T]):
    """The results of ``make`` for the types in ``type.types_by_prefix``, which maps prefixes to types as module:name.

    `find` imports a type, and calls ``make``, when it first gets a key with that prefix.

    >>> class Note:
    ...     types_by_prefix = {"settings/": "datetime:date"}
    >>> ByPrefix(Note, repr).find("settings/a"), ByPrefix(Note, repr).find("a")
    ("<class 'datetime.date'>", None)
    """

    def __init__(self, type: Any, make: Callable[[Any], T]) -> None:
        self._names: dict[str, str] = type.types_by_prefix
        self._prefixes = tuple(self._names)
        self._make = make
        self._made: dict[str, T] = {}

    def find(self, key: str) -> T | None:
        """Return the object for the type of the documents under ``key``, or None if no prefix fits."""
        if not key.startswith(self._prefixes):
            return None
        prefix = next(each for each in self._prefixes if key.startswith(each))
        if prefix not in self._made:
            module, _, name = self._names[prefix].partition(":")
            self._made[prefix] = self._make(getattr(import_module(module), name))
        return self._made[prefix]
