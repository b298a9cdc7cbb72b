"""A pytest plugin that hides every installed package that the requirements in ONLY do not need.

Importing a hidden package raises ModuleNotFoundError, as in an environment that has only those requirements. The
packages that run the tests stay: pytest and sybil. `tools/test_pages.py` uses this plugin.
"""

import os
import sys
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TOOLS = ("pytest", "sybil", "packaging", "pip", "setuptools")


def needed(name: str, extras: frozenset[str], seen: set[tuple[str, str]]) -> Iterator[str]:
    """Yield the distributions that ``name`` with ``extras`` needs, including itself."""
    yield canonicalize_name(name)
    try:
        wanted = [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:
        return
    for extra in extras | {""}:
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for each in wanted:
            if each.marker is None or each.marker.evaluate({"extra": extra}):
                yield from needed(canonicalize_name(each.name), frozenset(each.extras), seen)


def hidden(requirements: list[str]) -> set[str]:
    """The top-level modules that ``requirements`` do not need."""
    seen: set[tuple[str, str]] = set()
    asked = [Requirement(text) for text in (*TOOLS, *requirements)]
    kept = {name for each in asked for name in needed(each.name, frozenset(each.extras), seen)}
    found = packages_distributions()
    return {
        module
        for module, names in found.items()
        if not kept & {canonicalize_name(name) for name in names} and not (ROOT / module).exists()
    }


class Hiding(MetaPathFinder):
    """Makes every import of ``modules``, and of their submodules, fail."""

    def __init__(self, modules: set[str]) -> None:
        self._modules = modules

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] in self._modules:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


sys.meta_path.insert(0, Hiding(hidden(os.environ["ONLY"].split())))
