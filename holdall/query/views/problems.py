"""The errors of a view: how a damaged index and lost races are reported."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from holdall.errors import Conflict, Corrupt
from holdall.query.views.nodes import Damaged
from holdall.store import ATTEMPTS, pause

T = TypeVar("T")


class Problems:
    """Turns problems of the view ``name`` into errors that name it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def guard(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return the result of ``function``. Raises Corrupt if it raises Damaged."""
        try:
            return function(*arguments)
        except Damaged as problem:
            raise self.corrupt(str(problem)) from problem

    def corrupt(self, problem: str) -> Corrupt:
        """Return the error for a damaged index."""
        return Corrupt(
            f"the index of the view {self._name!r} is damaged ({problem}); call drop() of the view, and the next "
            "refresh builds the index again"
        )

    def wait(self, attempt: int, problem: Exception) -> int:
        """Wait after lost attempt number ``attempt``, and return the next number. Raises Conflict after many."""
        if attempt == ATTEMPTS:
            raise Conflict(
                f"the view {self._name!r} was refreshed {ATTEMPTS} times by others in the meantime; try again"
            ) from problem
        time.sleep(pause(attempt))
        return attempt + 1
