"""Import Shove 0.6.6, which needs names that Python 3.10 and setuptools have removed."""

import collections
import collections.abc
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from holdall.extras import needs

__all__ = ["PLUGINS", "as_it_was", "shove"]

_lock = threading.RLock()


@contextmanager
def as_it_was() -> Iterator[None]:
    """During the block, `collections` has the abstract base classes, and pkg_resources finds plug-ins.

    After the block, both are as they were before. Modules that were imported in the block keep working.

    >>> with as_it_was():
    ...     from collections import MutableMapping
    >>> hasattr(collections, "MutableMapping")
    False
    """
    with _lock, warnings.catch_warnings(action="ignore"):
        moved = [name for name in collections.abc.__all__ if not hasattr(collections, name)]
        before = sys.modules.get("pkg_resources")
        for name in moved:
            setattr(collections, name, getattr(collections.abc, name))
        sys.modules["pkg_resources"] = _Plugins("pkg_resources")
        try:
            yield
        finally:
            for name in moved:
                delattr(collections, name)
            del sys.modules["pkg_resources"]
            if before is not None:
                sys.modules["pkg_resources"] = before


class _Plugins(ModuleType):
    """The part of pkg_resources that Shove uses."""

    @staticmethod
    def iter_entry_points(group: str) -> Iterable["_Plugin"]:
        return map(_Plugin, entry_points(group=group))


class _Plugin:
    """An entry point whose module may be as old as Shove."""

    def __init__(self, entry: EntryPoint) -> None:
        self.name = entry.name
        self._entry = entry

    def load(self) -> Any:
        with as_it_was():
            return self._entry.load()


with needs("shove"), as_it_was():
    import shove
    import shove._imports
    import shove.base
    import shove.core
    import shove.store

PLUGINS = shove._imports.stores
"""Every kind of store that is installed, by the scheme of its addresses."""
