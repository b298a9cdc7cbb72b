"""A bucket on a real server that speaks S3: listings, bulk reads, single reads, memory, and a distant server."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.buckets_by_hand import Boto3, Obstore, S3fs, client
from benchmarks.measure import (
    FASTER_WAITING,
    OVER,
    OVER_WAITING,
    Row,
    Work,
    at_least,
    at_most,
    compare,
    memory_row,
)
from benchmarks.slow import slowed
from holdall import Store
from holdall.adapters.s3 import S3
from tests.servers.s3 import VARIABLES, seaweedfs

GROUP = "S3 on SeaweedFS"
COUNT, SIZE = 10_000, 1024
ROUNDS = 3
LATENCY = 0.02  # seconds
FAR = 2000


def buckets(folder: Path) -> Iterator[Row]:
    """Every contest that has a goal for S3."""
    with pytest.MonkeyPatch.context() as patch, seaweedfs(folder) as endpoint:
        for name, value in environment().items():
            patch.setenv(name, value)
        with S3("bench", endpoint_url=endpoint, create=True) as made:
            made["filled"] = b"soon"
            del made["filled"]
        Obstore(endpoint, "bench").fill(COUNT, SIZE)
        yield from _listing(endpoint)
        yield from _bulk(endpoint)
        yield from _single(endpoint)
        yield _memory(endpoint)
        yield _latency(endpoint)


def environment() -> dict[str, str]:
    """The variables by which boto3 finds the server of a benchmark."""
    return {
        **VARIABLES,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _listing(endpoint: str) -> Iterator[Row]:
    store = S3("bench", endpoint_url=endpoint)

    def ours(round: int) -> int:
        return sum(1 for _ in store.scan())

    for name, peer, scale, goal in (
        ("boto3's paginator", Boto3(endpoint, "bench").count, FASTER_WAITING, at_least(4)),
        ("obstore by hand", Obstore(endpoint, "bench").count, OVER_WAITING, None),
    ):
        yield compare(GROUP, f"list of {COUNT:,} / {name}", ours, peer, rounds=9, scale=scale, goal=goal)


def _reading(store: Store[bytes]) -> Work:
    return lambda round: sum(1 for _ in store.scan_items())


def _bulk(endpoint: str) -> Iterator[Row]:
    fast = _reading(S3("bench", endpoint_url=endpoint, transport="rust"))
    plain = _reading(S3("bench", endpoint_url=endpoint, transport="boto3"))
    by_boto3 = Boto3(endpoint, "bench").read
    task = f"list + get of {COUNT:,}"
    for name, ours, peer, scale, goal in (
        ("rust / boto3 with 16 threads", fast, by_boto3, FASTER_WAITING, at_least(4)),
        ("rust / s3fs bulk cat", fast, S3fs(endpoint, "bench").read, FASTER_WAITING, at_least(6)),
        (
            "rust / obstore by hand, processor time",
            fast,
            Obstore(endpoint, "bench").read,
            OVER,
            at_most(1.05),
        ),
        ("boto3 / boto3 with 16 threads", plain, by_boto3, OVER_WAITING, at_most(1.15)),
    ):
        yield compare(GROUP, f"{task}: {name}", ours, peer, rounds=ROUNDS, scale=scale, goal=goal)


def _single(endpoint: str) -> Iterator[Row]:
    """Single requests, one after another, to 200 objects."""
    fast = S3("bench", endpoint_url=endpoint, transport="rust")
    plain = S3("bench", endpoint_url=endpoint, transport="boto3")
    peer, bare, raw = Boto3(endpoint, "bench", threads=1), Obstore(endpoint, "bench"), client(endpoint)
    value = bytes(SIZE)

    def head(name: str) -> Any:
        return raw.head_object(Bucket="bench", Key=name)

    def put(name: str) -> Any:
        return raw.put_object(Bucket="bench", Key=name, Body=value)

    def swap(name: str) -> Any:
        tag = head(name)["ETag"]
        return raw.put_object(Bucket="bench", Key=name, Body=value, IfMatch=tag)

    for contest, ours, theirs, scale, goal in (
        ("get: rust / client.get_object", fast.__getitem__, peer.get, FASTER_WAITING, at_least(2)),
        ("get: rust / obstore by hand", fast.__getitem__, bare.get, OVER_WAITING, None),
        ("get: boto3 / client.get_object", plain.__getitem__, peer.get, OVER_WAITING, at_most(1.05)),
        ("in: rust / client.head_object", fast.__contains__, head, FASTER_WAITING, None),
        (
            "put: rust / client.put_object",
            lambda name: fast.__setitem__(name, value),
            put,
            FASTER_WAITING,
            None,
        ),
        (
            "tag + swap: rust / client.head_object + put_object",
            lambda name: fast.swap(name, value, fast.tag(name)),
            swap,
            FASTER_WAITING,
            None,
        ),
    ):
        works = _each(ours), _each(theirs)
        yield compare(GROUP, contest, *works, rounds=15, scale=scale, goal=goal)


def _each(request: Callable[[str], object]) -> Work:
    def work(round: int) -> int:
        names = [f"{number:06}" for number in range(200)]
        for name in names:
            request(name)
        return len(names)

    return work


def _memory(endpoint: str) -> Row:
    """Compare the peak memory of two processes instead of times; one scans ten times as many objects."""
    few = _peak(endpoint)
    Obstore(endpoint, "bench").fill(10 * COUNT, SIZE)
    many = _peak(endpoint)
    name = f"peak memory of a scan of {10 * COUNT:,} / of {COUNT:,} ({many} KiB, {few} KiB)"
    return memory_row(GROUP, name, many / few)


_SCAN = r"""
import re, sys
from pathlib import Path
from typing import Any
from holdall.adapters.s3 import S3
with S3("bench", endpoint_url=sys.argv[1]) as store:
    count = sum(1 for _ in store.scan_items())
print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""


def _peak(endpoint: str) -> int:
    """The greatest number of KiB that a process held while it scanned the bucket, as Linux counts it.

    ``getrusage`` is not used here, because its value for a child begins with the memory of its parent.
    """
    command = [sys.executable, "-c", _SCAN, endpoint]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


def _latency(endpoint: str) -> Row:
    """A bucket 20 ms away: all requests at once against one request after another."""
    with slowed(endpoint, LATENCY) as far, S3("far", endpoint_url=endpoint, create=True) as near:
        near["filled"] = b"soon"
        del near["filled"]
        Obstore(endpoint, "far").fill(FAR, SIZE)
        ours = _reading(S3("far", endpoint_url=far))
        peer = Boto3(far, "far", threads=1).read
        name = f"list + get of {FAR:,}, {LATENCY * 1000:.0f} ms away / one after another"
        return compare(GROUP, name, ours, peer, rounds=2, scale=FASTER_WAITING, goal=at_least(25))
