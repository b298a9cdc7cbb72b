"""The asynchronous interface: any store, with any layers, in programs of asyncio or trio.

    async with holdall.aio.open("sqlite:///books.db?serializer=json") as books:
        await books.set("invoices/2026/17", {"total": "120.00"})
        async for key, invoice in books.scan_items("invoices/2026/"):
            ...

Each `AsyncStore` has threads of its own, in which it calls the store. So its event loop never waits for a store,
and never decodes a value.
"""

from holdall.extras import needs

with needs("aio"):
    from holdall.aio.files import AsyncReader, AsyncWriter
    from holdall.aio.opening import open as open
    from holdall.aio.scan import AsyncChanges, AsyncScan
    from holdall.aio.store import AsyncStore

__all__ = ["AsyncChanges", "AsyncReader", "AsyncScan", "AsyncStore", "AsyncWriter"]
