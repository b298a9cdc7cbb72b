"""Interrupts at any moment of the work of stores that need no server."""

import sys

import pytest

import holdall
from tests.adapters.signals import check_interrupts
from tests.soak import SOAK

ADDRESSES = {
    "memory": "memory://",
    "file": "file://{}/f",
    "sqlite": "sqlite:///{}/s.db",
    "dbm": "dbm:///{}/d?flavor=dumb",
    "lmdb": "lmdb://{}/l",
    "fsspec memory": "fsspec+memory://interrupts",
    "fsspec file": "fsspec+file://{}/f",
    "shove": "shove+file://{}/v",
    "shove lite": "shove+lite://{}/v.db",
    "slatedb": "slatedb+file://{}/l?flush_interval=0.001",
}

BY_NUMBER = {"file", "fsspec file"}
"""They hold open files by number, so an interrupt between an open and the next step loses one."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it looks at /proc")
# An interrupt can leave an open file or a generator to the garbage collector, which says so.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(900 if SOAK else 120)
@pytest.mark.parametrize("name", ADDRESSES)
def test_after_an_interrupt_every_key_has_its_own_value(name, tmp_path):
    with holdall.open(ADDRESSES[name].format(tmp_path)) as store:
        check_interrupts(store, longest=0.003, lost=0.25 if name in BY_NUMBER else 0)
