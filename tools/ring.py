"""Copy documents from store to store by `holdall cp`, and show that the last store holds the same documents.

.venv/bin/python -m tools.ring --count 10000 file:/tmp/first sqlite:////tmp/last.db

The first store is filled, and each store is copied to the next. The exit status is 1 if two digests differ.
`make ring` does this with real servers, which tests/adapters/servers/test_ring.py starts.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise

import holdall


def main(addresses: list[str], count: int) -> int:
    """Fill the first store, copy along ``addresses``, print a line for each, and return the exit status."""
    with holdall.open(addresses[0]) as first:
        first.update(documents(count))
    digests = [shown(addresses[0], 0)]
    for here, there in pairwise(addresses):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "holdall", "cp", here, there], check=True)
        digests.append(shown(there, time.perf_counter() - began))
    return 0 if len(set(digests)) == 1 else 1


def documents(count: int) -> Iterator[tuple[str, bytes]]:
    """Keys of every length and script up to three bytes, and JSON of about 900 bytes."""
    for number in range(count):
        key = f"invoices/20{number % 30:02}/№ {number:06}{'é' * (number % 50)}"
        lines = [{"code": f"{4000 + line}", "amount": f"{number * line}.{line:02}"} for line in range(20)]
        yield key, json.dumps({"number": number, "customer": "Åse", "lines": lines}).encode()


def shown(address: str, seconds: float) -> str:
    """Print and return the digest of the store at ``address``; the line also shows ``seconds``."""
    total = hashlib.sha256()
    count = 0
    with holdall.open(address) as store:
        for key, value in store.scan_items():
            total.update(f"{key}\n{len(value)}\n".encode() + value)
            count += 1
    digest = total.hexdigest()
    print(f"{address.partition(':')[0]:14} {count:8,} {seconds:8.1f} s   sha256 {digest}", flush=True)
    return digest


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Copy documents from store to store and compare digests.")
    parser.add_argument("addresses", nargs="+", metavar="ADDRESS")
    parser.add_argument("--count", type=int, default=10_000)
    given = parser.parse_args()
    sys.exit(main(given.addresses, given.count))
