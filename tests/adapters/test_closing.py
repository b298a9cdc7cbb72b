"""Stores on this machine that are closed while other threads use them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import holdall
from holdall import Store
from tests.forks import needs_fork, run_in_child

ADDRESSES = [
    "sqlite:///{}/s.db?durability=os",
    "file:{}/s?durability=os",
    "lmdb:{}/s?durability=os",
    "dbm:{}/s?flavor=dumb&durability=os",
    "dbm:{}/s?flavor=sqlite3&durability=os",
]
HELD = {f"k{number}": b"%d" % number * 50 for number in range(30)}


def read(store: Store[bytes]) -> None:
    for _ in range(40):
        assert dict(store.scan_items()) == HELD
        assert store["k7"] == HELD["k7"]


def read_and_close(address: str) -> None:
    with holdall.open(address) as store, ThreadPoolExecutor(2) as pool:
        store.update(HELD)
        readers = [pool.submit(read, store) for _ in range(2)]
        while not all(reader.done() for reader in readers):
            store.close()
        for reader in readers:
            reader.result()


@needs_fork
@pytest.mark.parametrize("address", ADDRESSES)
def test_close_lets_the_calls_of_other_threads_end(address: str, tmp_path: object) -> None:
    """In a child, because a library in C may crash."""
    assert run_in_child(lambda: read_and_close(address.format(tmp_path))) == 0
