"""Bulk calls when no thread can be started any more: in a thread that outlives the main one, and at exit."""

import subprocess
import sys

import pytest

from holdall.adapters.s3.multipart import THRESHOLD

SCRIPT = """
import atexit, sys, threading
import holdall

address, mocked, large = sys.argv[1], sys.argv[2] == "mocked", bytes(int(sys.argv[3]))
if mocked:
    from moto import mock_aws
    mock_aws().start()
store = holdall.open(address)

def use(when):
    values = {f"{when}/{number}": b"%d" % number for number in range(20)} | {f"{when}/large": large}
    store.update(values)
    assert dict(store.get_many(values)) == dict(store.scan_items(f"{when}/")) == values
    store.delete_many(values)
    assert list(store.scan(f"{when}/")) == []
    print(when, flush=True)

def late():
    threading.main_thread().join()
    use("late")

atexit.register(use, "at exit")
threading.Thread(target=late).start()
"""


def said(address: str, mocked: str = "", large: int = 0) -> str:
    command = [sys.executable, "-c", SCRIPT, address, mocked, str(large)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert not done.returncode, done.stderr
    return done.stdout + done.stderr


@pytest.mark.servers  # slow, so not in `make test`
@pytest.mark.usefixtures("credentials")
def test_s3_works_when_no_thread_can_be_started():
    assert said("s3://books?create=true", "mocked", THRESHOLD + 1) == "late\nat exit\n"


def test_gcs_works_when_no_thread_can_be_started(fake_gcs):
    assert said(f"gs://at-exit?create=true&endpoint_url={fake_gcs.endpoint}") == "late\nat exit\n"


def test_shove_works_when_no_thread_can_be_started(tmp_path):
    assert said(f"shove+lite://{tmp_path}/v.db") == "late\nat exit\n"
