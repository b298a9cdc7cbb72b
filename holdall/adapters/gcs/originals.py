"""Whether methods of a library are still the library's own, or a mock or a wrapper took the place of one."""

from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any


class Originals:
    """The named ``methods`` of classes, as the modules of ``packages`` define them.

    >>> import json
    >>> from unittest.mock import patch
    >>> encoder = Originals((json,), {json.JSONEncoder: ("encode", "default")})
    >>> encoder.are_intact()
    True
    >>> with patch.object(json.JSONEncoder, "encode"):
    ...     encoder.are_intact()
    False
    """

    def __init__(self, packages: tuple[ModuleType, ...], methods: Mapping[type, tuple[str, ...]]) -> None:
        self._folders = tuple(f"{Path(package.__file__ or '').parent}/" for package in packages)
        # A second name makes `attrgetter` return a tuple, even for a class of which one method is named.
        self._getters = [(owner, attrgetter("__init__", *names)) for owner, names in methods.items()]
        self._names = frozenset(name for names in methods.values() for name in names)
        self._are_own = lru_cache(maxsize=2)(self._check)

    def are_intact(self, *instances: object) -> bool:
        """Whether nothing replaced a method in its class, or in one of ``instances``."""
        return all(self._names.isdisjoint(vars(one)) for one in instances) and self._are_own(
            tuple(methods(owner) for owner, methods in self._getters)
        )

    def _check(self, found: tuple[tuple[Any, ...], ...]) -> bool:
        return all(map(self._is_own, (method for methods in found for method in methods)))

    def _is_own(self, method: Any) -> bool:
        # A wrapper of wrapt, by which most tracers replace methods, passes for a function in isinstance.
        return type(method) is FunctionType and method.__code__.co_filename.startswith(self._folders)
