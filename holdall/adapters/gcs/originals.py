"""Whether methods of a library are still the library's own, or a mock or a wrapper took the place of one."""

from collections.abc import Mapping
from itertools import chain
from operator import attrgetter, is_
from types import ModuleType
from typing import Any, NamedTuple

from holdall.adapters._shared.originals import folder_of, is_original


class _Finding(NamedTuple):
    """Whether these ``methods`` are the library's own."""

    methods: tuple[Any, ...]
    own: bool


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
        self._folders = tuple(map(folder_of, packages))
        # A second name makes `attrgetter` return a tuple, even for a class of which one method is named.
        self._getters = [(owner, attrgetter("__init__", *names)) for owner, names in methods.items()]
        self._names = frozenset(name for names in methods.values() for name in names)
        self._finding = _Finding((None,), own=False)

    def are_intact(self, *instances: object) -> bool:
        """Whether nothing replaced a method in its class, or in one of ``instances``."""
        return all(self._names.isdisjoint(vars(one)) for one in instances) and self._are_own()

    def _are_own(self) -> bool:
        methods = tuple(chain.from_iterable(find(owner) for owner, find in self._getters))
        found = self._finding
        # A wrapper of wrapt equals the function in it, so equality does not tell.
        if not all(map(is_, found.methods, methods)):
            found = self._finding = _Finding(
                methods, own=all(is_original(each, self._folders) for each in methods)
            )
        return found.own
