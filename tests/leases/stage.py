"""A store whose calls meet events: before each call of an operation, and after it, the next event of a plan happens."""

from collections import deque
from collections.abc import Callable
from typing import Any

from holdall.middleware.interceptor import Interceptor
from holdall.store import Store


class Stage(Interceptor[bytes]):
    """The events of ``plan`` are functions. One that raises is a request that fails, or an answer that is lost."""

    def __init__(self, store: Store[bytes]) -> None:
        super().__init__(store)
        self.plan: deque[Callable[[], object]] = deque()

    def _call(self, name: str, call: Callable[..., Any], /, *args: Any) -> Any:
        self._meet()
        result = call(*args)
        self._meet()
        return result

    def _meet(self) -> None:
        if self.plan:
            self.plan.popleft()()
