"""A proxy that makes a server seem far away: each request arrives later, by a fixed time."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from urllib.parse import urlsplit

_CHUNK = 2**16

Started = tuple[str, asyncio.AbstractEventLoop, asyncio.Event]


@contextmanager
def slowed(endpoint: str, seconds: float) -> Iterator[str]:
    """Yield an endpoint on loopback that passes all bytes on to ``endpoint``; requests are ``seconds`` late."""
    started: SimpleQueue[Started] = SimpleQueue()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(endpoint, seconds, started)))
    thread.start()
    address, loop, stop = started.get()
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _serve(endpoint: str, seconds: float, started: "SimpleQueue[Started]") -> None:
    target, stop = urlsplit(endpoint), asyncio.Event()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_connection(target.hostname, target.port)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(_pass(reader, onward, seconds), _pass(there, writer, 0))

    server = await asyncio.start_server(join, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    started.put((f"http://127.0.0.1:{port}", asyncio.get_running_loop(), stop))
    await stop.wait()
    server.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    try:
        while chunk := await reader.read(_CHUNK):
            await asyncio.sleep(seconds)
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()
