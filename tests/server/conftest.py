"""The service over real sockets: in a thread of this process, under waitress unless a test names another server."""

import shutil
import threading
from contextlib import contextmanager
from unittest.mock import patch

import pytest
import urllib3

from holdall.server import Limits, app
from holdall.server.serving import Server, listen
from tests.cli.conftest import folder as folder
from tests.server.client import Client
from tests.soak import SOAK

MAX_BODY = 100_000
# The folder `schemathesis` contains no test and takes a second to import. The test of load takes two minutes;
# `make soak` runs it.
collect_ignore = ["schemathesis", *([] if SOAK else ["test_load.py"])]


@contextmanager
def serving(
    stores, max_body=MAX_BODY, max_long=4, threads=4, server=Server, limits=(), through=None, **options
):
    """A client of a service of ``stores``, which ends with the block. ``through`` wraps the application."""
    ending = options.pop("ending", None) or threading.Event()
    limits = Limits(body=max_body, long=max_long, **dict(limits))
    service = app(stores, limits=limits, ending=ending, **options)
    running = server(
        through(service) if through else service,
        listen("127.0.0.1:0"),
        limits=limits,
        threads=threads,
    )
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        with urllib3.PoolManager(retries=False, timeout=30) as pool:
            yield Client(running.url, pool)
    finally:
        ending.set()
        with patch("holdall.server.serving.LINGER", 0):  # an answer that a test keeps holds its connection
            running.stop()
            thread.join()


@pytest.fixture(scope="module", name="serving")
def _serving():
    return serving


@pytest.fixture(scope="module")
def chromium():
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()
