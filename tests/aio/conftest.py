"""Each test with ``run`` runs in an event loop of asyncio, and in one of trio."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import pytest

from tests.servers.s3 import credentials, seaweed

__all__ = ["credentials", "seaweed"]

T = TypeVar("T")
Run = Callable[[Callable[[], Awaitable[T]]], T]


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run[T]:
    """Run a coroutine function to its end."""

    def run(main: Callable[[], Awaitable[T]]) -> T:
        async def limited() -> T:
            with anyio.fail_after(60):
                return await main()

        return anyio.run(limited, backend=request.param)

    return run
