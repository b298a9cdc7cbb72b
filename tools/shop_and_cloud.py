"""``make show-sync``: a shop's SQLite and a bucket in the cloud that are both written while their link is cut.

It then restores the SQLite file of a laptop to yesterday noon from its bucket. The bucket is one of SeaweedFS, behind
a proxy that cuts the link. Every command is printed with its output.
"""

import os
import shlex
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from unittest import mock

from holdall.cli.run import run
from holdall.middleware.versions import stamp
from tests.faults.proxy import Exchange, Proxy, nothing
from tests.servers.s3 import VARIABLES, seaweedfs

_LAYERS: Final = "serializer=json&history=on"
SHOP: Final = f"sqlite:///shop.db?{_LAYERS}"


def main() -> None:
    """Show both."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(mock.patch.dict(os.environ, VARIABLES))
        (folder / "cloud").mkdir()
        endpoint = stack.enter_context(seaweedfs(folder / "cloud"))
        proxy = stack.enter_context(Proxy(endpoint))
        stack.callback(os.chdir, Path.cwd())
        os.chdir(folder)
        show_sync(endpoint, proxy)
        show_restore(endpoint)


def show_sync(endpoint: str, proxy: Proxy) -> None:
    """Write the shop and the cloud while the link is cut, sync them, and settle the conflicts."""
    cloud, linked = (
        f"s3://shop/orders?endpoint_url={each}&create=on&{_LAYERS}" for each in (endpoint, proxy.endpoint)
    )
    both = ("sync", "--both", "--conflict", "merge-fields", "--workers", "1", SHOP, f"{linked}&retries=0")
    call("set", SHOP, "orders/1", '{"customer": "Ada", "total": "10.00"}')
    call("set", SHOP, "orders/2", '{"customer": "Bob", "state": "open"}')
    call(*both)
    print("\n# The link is cut. The shop goes on, and so does the cloud.")
    proxy.always = _cut
    call("set", SHOP, "orders/1", '{"customer": "Ada", "total": "12.00"}')
    call("set", cloud, "orders/1", '{"customer": "Ada Lovelace", "total": "10.00"}')
    call("set", SHOP, "orders/2", '{"customer": "Bob", "state": "paid"}')
    call("set", cloud, "orders/2", '{"customer": "Bob", "state": "cancelled"}')
    call(*both)
    print("\n# The link is back. One conflict is merged by field, and one is settled by hand.")
    proxy.always = nothing
    call(*both)
    call("conflicts", SHOP)
    Path("order.json").write_text('{"customer": "Bob", "state": "refunded"}')
    call("settle", SHOP, "orders/2", "--value", "order.json", "-m", "Bob was called")
    call(*both)
    call("conflicts", cloud)
    for store in (SHOP, cloud):
        call("get", store, "orders/1")
        call("get", store, "orders/2")


def show_restore(endpoint: str) -> None:
    """Back up a laptop's SQLite yesterday and today, and restore it to yesterday noon."""
    laptop, bucket = "sqlite:///laptop.db", f"s3://laptop/notes?endpoint_url={endpoint}&create=on"
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    for text, hours in (("the draft of the morning", -2), ("what the cat typed in the afternoon", 3)):
        when = noon + timedelta(hours=hours)
        print(f"\n# Yesterday at {when:%H:%M}")
        with _clock(when):
            call("set", laptop, "letter", text)
            call("backup", laptop, bucket)
    print("\n# Today")
    call("del", laptop, "letter")
    call("backup", laptop, bucket)
    call("restore", "--as-of", noon.isoformat(), bucket, laptop)
    call("get", laptop, "letter")
    print()


def call(*arguments: str) -> None:
    """Print a command, and run it."""
    print(f"$ holdall {shlex.join(arguments)}", flush=True)
    code = run(arguments)
    if code:
        print(f"(exit code {code})", flush=True)


@contextmanager
def _clock(now: datetime) -> Iterator[None]:
    """Let the clock that stamps revisions show ``now``."""
    ahead = int(now.timestamp() * 1e9) - time.time_ns()
    true = time.time_ns
    with mock.patch.object(stamp, "time") as shifted:
        shifted.time_ns = lambda: true() + ahead
        yield


def _cut(exchange: Exchange) -> None:
    exchange.reset()


if __name__ == "__main__":
    main()
