"""A fault between any two requests of a write: it is wholly there or not at all, and the next goes on."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from holdall import Versions
from holdall.adapters.s3 import S3
from holdall.errors import Corrupt, Unavailable
from holdall.store import Store
from tests.faults.proxy import (
    HASTY,
    PATIENT,
    Fault,
    Proxy,
    answer,
    cut_body,
    late,
    lose,
    nothing,
    reset_in_body,
    then,
)
from tests.servers.s3 import Server

FAULTS: dict[str, Fault] = {
    "refused": answer(503, "ServiceUnavailable"),
    "carried out, and refused": then(500, "InternalError"),
    "carried out, and no answer": lose,
    "reset": reset_in_body,
    "cut": cut_body,
    "late": late(0.05),
}
WRITES: dict[str, tuple[str, bytes | None]] = {
    "create": ("new", b"2"),
    "overwrite": ("a", b"2"),
    "delete": ("a", None),
    "create again": ("gone", b"2"),
    "overwrite what was found": ("bare", b"2"),
}
MOST = 40  # requests, and no write makes as many
BUCKET = "holdall-faults"


@pytest.fixture(scope="module")
def proxy(seaweed: Server) -> Iterator[Proxy]:
    assert seaweed.endpoint
    with Proxy(seaweed.endpoint) as proxy:
        with Server(proxy.endpoint).store(bucket=BUCKET) as patient:
            assert patient.features  # what the server honours is known before the faults
        yield proxy


@pytest.mark.parametrize(("fault", "retries"), [*((fault, 0) for fault in FAULTS), ("reset", 2)])
@pytest.mark.parametrize("write", WRITES)
def test_a_fault_between_any_two_requests(
    seaweed: Server, proxy: Proxy, write: str, fault: str, retries: int
) -> None:
    key, value = WRITES[write]
    timeout = HASTY if FAULTS[fault] is lose else PATIENT
    for turn in range(MOST):
        prefix = uuid4().hex
        with seaweed.store(prefix, BUCKET) as near:
            begin(near, key)
            far = S3(BUCKET, prefix, endpoint_url=proxy.endpoint, timeout=timeout, retries=retries)
            before = line(near, key)
            proxy.inject(*[nothing] * turn, FAULTS[fault])
            answered = written(far, key, value)
            check(near, key, before, value if answered else ANYTHING)
            if proxy.calm():
                return
    raise AssertionError("it makes more requests than faults were tried")


ANYTHING = object()


def begin(near: Store[bytes], key: str) -> None:
    near["beside"] = b"1"
    match key:
        case "bare":
            near[key] = b"1"
        case "a":
            Versions(near)[key] = b"0"
            Versions(near)[key] = b"1"
        case "gone":
            Versions(near)[key] = b"1"
            del Versions(near)[key]


def line(below: Store[bytes], key: str) -> list[bytes | None]:
    """What ``key`` held, from the first revision on."""
    store = Versions(below)
    try:
        revisions = list(store.history(key))
    except KeyError:
        return []
    assert [one.number for one in revisions] == list(range(len(revisions), 0, -1))
    held = [None if one.deleted else store.at(key, one.number) for one in reversed(revisions)]
    assert store.get(key) == held[-1]
    return held


def written(far: S3, key: str, value: bytes | None) -> bool:
    """Whether it said that it was."""
    with far:
        try:
            if value is None:
                del Versions(far)[key]
            else:
                Versions(far)[key] = value
        except (Unavailable, Corrupt):  # Corrupt: a listing that was cut
            return False
    return True


def check(below: Store[bytes], key: str, before: list[bytes | None], last: object) -> None:
    after = line(below, key)
    assert after[: len(before)] == before
    assert len(after) <= len(before) + 1
    if last is not ANYTHING:
        assert after[len(before) :] == [last]
    Versions(below)[key] = b"next"
    then = line(below, key)
    assert then[: len(after)] == after
    assert then[-1] == b"next"
    assert len(before) < len(then) <= len(before) + 2
