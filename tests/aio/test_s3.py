"""A thousand tasks on a real server that speaks S3: bounded threads and connections, and time limits."""

import threading
from pathlib import Path
from urllib.parse import urlsplit

import anyio

from holdall.aio import AsyncStore
from tests.aio.conftest import Run
from tests.servers.s3 import Server


def test_a_thousand_tasks_share_sixteen_connections(run: Run[None], seaweed: Server) -> None:
    port = urlsplit(seaweed.endpoint).port

    async def main() -> None:
        async with AsyncStore(seaweed.store()) as store:
            await store.set("first", b"")  # by now, everything that a store asks once is asked
            before = threading.active_count()
            done, late, connections, threads = [], [], [], []

            async def use(number: int) -> None:
                with anyio.move_on_after(0.02 if number % 10 == 9 else None) as limit:
                    await store.set(f"{number:04}", b"%d" % number)
                    assert await store[f"{number:04}"] == b"%d" % number
                    done.append(number)
                if limit.cancelled_caught:
                    late.append(number)
                if number % 50 == 0:
                    connections.append(count_connections(port))
                    threads.append(threading.active_count() - before)

            async with anyio.create_task_group() as tasks:
                for number in range(1000):
                    tasks.start_soon(use, number)
            assert sorted(done + late) == list(range(1000))
            assert len(done) >= 900
            written = {key async for key in store}
            assert written >= {f"{number:04}" for number in done}
            assert max(connections) <= 16
            assert max(threads) <= 16

    run(main)


def count_connections(port: int | None) -> int:
    """The number of established connections to ``port`` of this machine."""
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)
