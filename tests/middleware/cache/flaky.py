"""A far store whose next call fails: before it has happened, or after, as when its answer was lost."""

from collections.abc import Callable
from typing import Any

from holdall import Unavailable
from holdall.middleware.interceptor import Interceptor
from holdall.store import Store


class Flaky(Interceptor[bytes]):
    """``fails`` is "before", "after", or empty; it counts for one call."""

    def __init__(self, store: Store[bytes]) -> None:
        super().__init__(store)
        self.fails = ""

    def _call(self, name: str, call: Callable[..., Any], /, *args: Any) -> Any:
        fails, self.fails = self.fails, ""
        if fails == "before":
            raise Unavailable("it did not answer")
        result = call(*args)
        if fails:
            raise Unavailable("its answer was lost")
        return result
