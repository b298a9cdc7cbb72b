"""A far store that holds each call of an operation until it is let through, before or after it happened."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Event
from typing import Any

from holdall.middleware.interceptor import Interceptor
from holdall.store import Store

PATIENCE = 60  # seconds, after which a test has failed


class Gate(Interceptor[bytes]):
    """Holds ``name`` after it has happened below; ``calls`` has the names of all operations."""

    def __init__(self, store: Store[bytes], name: str) -> None:
        super().__init__(store)
        self.name = name
        self.calls: list[str] = []
        self.held: SimpleQueue[Event] = SimpleQueue()

    def _call(self, name: str, call: Callable[..., Any], /, *args: Any) -> Any:
        self.calls.append(name)
        result = call(*args)
        if name == self.name:
            gate = Event()
            self.held.put(gate)
            assert gate.wait(PATIENCE)
        return result

    def arrived(self) -> Event:
        """Of a call that has come to the gate, what lets it through; waits for one."""
        return self.held.get(timeout=PATIENCE)
