"""Faults between client and server: each has its outcome, and none loses or doubles a write."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError, from_http_status

from holdall import Conflict, Corrupt, PermissionDenied, Throttled, Unavailable
from holdall.adapters._shared.throttle import Pace
from holdall.adapters.gcs import GCS
from holdall.adapters.gcs.attempts import Attempts
from holdall.store import ABSENT, Feature
from tests.faults.proxy import (
    HASTY,
    PATIENT,
    Fault,
    Proxy,
    answer,
    cut_body,
    drop,
    hang,
    lose,
    nothing,
    reset_in_body,
    then,
)
from tests.servers.gcs import Server

SLOW_DOWN = answer(503)
BROKEN = answer(500)
NONSENSE = answer(200, body=b"<html>Log in to this network</html>")
UPLOAD, READ, LOOK = "POST /upload/", "GET /download/storage/v1/b/", "GET /storage/"


@pytest.fixture(scope="module")
def shared_proxy(fake_gcs: Server) -> Iterator[Proxy]:
    with Proxy(fake_gcs.endpoint) as proxy:
        yield proxy


@pytest.fixture
def proxy(shared_proxy: Proxy) -> Iterator[Proxy]:
    yield shared_proxy
    assert not shared_proxy.calm(), "a fault was not met"


@pytest.fixture
def timeout(request: pytest.FixtureRequest) -> float:
    """Seconds in which an answer must come: few, if the fault of the test is that none comes."""
    call = getattr(request.node, "callspec", None)
    return HASTY if call and call.params.get("fault") in (hang, lose) else PATIENT


no_answer = pytest.mark.parametrize("timeout", [HASTY])


@pytest.fixture
def store(proxy: Proxy, timeout: float) -> Iterator[GCS]:
    with Server(proxy.endpoint).store() as patient:
        assert patient.features  # what the server honours is known before faults begin
        patient["there"] = b"value" * 100
    with GCS(patient._bucket.name, endpoint_url=proxy.endpoint, timeout=timeout, retries=2) as store:
        yield store


def beside(store: GCS, proxy: Proxy) -> GCS:
    """The same bucket, reached without the proxy."""
    return GCS(store._bucket.name, endpoint_url=f"http://{proxy.upstream}")


# ---- Reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [SLOW_DOWN, BROKEN, hang, cut_body, reset_in_body])
def test_a_passing_fault_of_a_read_is_not_noticed(store: GCS, proxy: Proxy, fault: Fault):
    proxy.inject(fault, on="GET")
    assert store["there"] == b"value" * 100


def test_nonsense_is_no_history(store: GCS, proxy: Proxy):
    bucket = store.client.get_bucket(store._bucket.name)
    bucket.versioning_enabled = True
    bucket.patch()
    past = store.past()
    proxy.always = answer(200, body=b"{}")
    for listing in (past.of("there"), past.scan("", "", None)):
        with pytest.raises(Corrupt):
            list(listing)


def altered(exchange: Any) -> None:
    """One byte of the body is another, as if by a broken machine on the way."""
    got = exchange.forward()
    exchange.reply(got._replace(body=b"V" + got.body[1:]))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (SLOW_DOWN, Throttled),
        (answer(429), Throttled),
        (BROKEN, Unavailable),
        (hang, Unavailable),
        (cut_body, Corrupt),
        (altered, Corrupt),
        (reset_in_body, Unavailable),
        (answer(401), PermissionDenied),
        (answer(403), PermissionDenied),
        (NONSENSE, Corrupt),
    ],
)
def test_a_lasting_fault_of_a_read_is_named_and_never_a_missing_key(
    store: GCS, proxy: Proxy, fault: Fault, error: type[Exception]
):
    proxy.always = fault
    with pytest.raises(error) as raised:
        store["there"]
    assert raised.type is error
    assert raised.value.key == "there"
    with pytest.raises(error):
        list(store.get_many(["there"]))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (NONSENSE, Corrupt),
        (answer(200, body=b"{}"), Corrupt),
        (answer(200, body=b'{"kind": "storage#obj'), Corrupt),
        (cut_body, Corrupt),
        (BROKEN, Unavailable),
        (answer(403), PermissionDenied),
    ],
)
def test_a_listing_that_is_none(store: GCS, proxy: Proxy, fault: Fault, error: type[Exception]):
    proxy.always = fault
    with pytest.raises(error):
        list(store)


@pytest.mark.parametrize(("fault", "error"), [(answer(403), PermissionDenied), (NONSENSE, Corrupt)])
def test_a_look_that_fails_is_no_missing_key(store: GCS, proxy: Proxy, fault: Fault, error: type[Exception]):
    proxy.inject(fault, on=LOOK)
    with pytest.raises(error):
        assert "missing" not in store


def test_a_refusal_says_what_grants_a_plain_answer(store: GCS, proxy: Proxy):
    proxy.inject(answer(403), on="GET")
    with pytest.raises(PermissionDenied, match=r"storage\.objects\.list"):
        store["missing"]


# ---- Writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [SLOW_DOWN, BROKEN, hang, lose, then(500)])
def test_a_passing_fault_of_a_write_is_not_noticed(store: GCS, proxy: Proxy, fault: Fault):
    proxy.inject(fault, on=UPLOAD)
    store["new"] = b"1"
    assert store["new"] == b"1"


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("fault", [SLOW_DOWN, BROKEN, drop, then(500)])
def test_a_passing_fault_of_a_large_write_is_not_noticed(proxy: Proxy, fault: Fault, method: str):
    large = bytes(9 * 2**20)
    with Server(proxy.endpoint).store() as store:
        proxy.inject(fault, on=f"{method} /upload/")
        store["large"] = large
        assert store["large"] == large


@pytest.mark.parametrize("fault", [hang, lose, SLOW_DOWN])
def test_a_write_without_answer_is_unavailable(store: GCS, proxy: Proxy, fault: Fault):
    proxy.inject(fault, fault, fault, on=UPLOAD)
    with pytest.raises(Unavailable):
        store["new"] = b"1"


@pytest.mark.parametrize("fault", [lose, then(500), then(503)])
@pytest.mark.parametrize("times", [1, 3])
def test_a_swap_knows_its_own_write_again(store: GCS, proxy: Proxy, fault: Fault, times: int):
    proxy.inject(*[fault] * times, on=UPLOAD)
    first = store.swap("new", b"1", ABSENT)
    assert store.get_tagged("new") == (b"1", first)
    proxy.inject(*[fault] * times, on=UPLOAD)
    second = store.swap("new", b"2", first)
    assert store.get_tagged("new") == (b"2", second)
    with pytest.raises(Conflict):
        store.swap("new", b"3", first)


def test_a_lost_answer_to_a_delete_proves_no_condition(proxy: Proxy):
    """It was deleted against the condition, and the second try found nothing."""
    with Server(proxy.endpoint).store(timeout=HASTY) as store:
        store["there"] = b"1"
        proxy.inject(lose, on="DELETE")
        assert store.features & (Feature.SWAP | Feature.REMOVE) == Feature.SWAP


def test_a_swap_that_was_answered_with_nonsense_knows_its_own_write_again(store: GCS, proxy: Proxy):
    def garbled(exchange: Any) -> None:
        exchange.forward()
        NONSENSE(exchange)

    proxy.inject(garbled, on=UPLOAD)
    tag = store.swap("new", b"1", ABSENT)
    assert store.get_tagged("new") == (b"1", tag)


@no_answer
def test_a_swap_that_never_arrived_is_unavailable(store: GCS, proxy: Proxy):
    tag = store.swap("new", b"1", ABSENT)
    proxy.inject(hang, hang, hang, on=UPLOAD)
    with pytest.raises(Unavailable):
        store.swap("new", b"2", tag)
    assert store.swap("new", b"3", tag)


@no_answer
def test_a_swap_knows_its_write_under_those_of_others(store: GCS, proxy: Proxy):
    """The answer is lost, and others have counted on before anyone looks."""
    store.modify("counter", count, default=b"0")

    def overtaken(exchange: Any) -> None:
        exchange.forward()
        for _ in range(5):
            other.modify("counter", count)
        exchange.hang()

    with beside(store, proxy) as other:
        proxy.inject(overtaken, on=UPLOAD)
        store.modify("counter", count)
    assert store["counter"] == b"7"


def test_a_swap_that_lost_knows_it_under_the_writes_of_others(store: GCS, proxy: Proxy):
    store.modify("counter", count, default=b"0")

    def outrun(exchange: Any) -> None:
        for _ in range(5):
            other.modify("counter", count)
        BROKEN(exchange)

    with beside(store, proxy) as other:
        proxy.inject(outrun, on=UPLOAD)
        store.modify("counter", count)
    assert store["counter"] == b"7"


@pytest.mark.parametrize("value", [b"by one who asked nothing", bytes(9 * 2**20)])
def test_a_swap_says_so_where_nobody_can_know(store: GCS, proxy: Proxy, value: bytes):
    def overwritten(exchange: Any) -> None:
        exchange.forward()
        other["new"] = value
        BROKEN(exchange)

    with GCS(store._bucket.name, endpoint_url=proxy.endpoint) as patient, beside(store, proxy) as other:
        proxy.inject(overwritten, on=UPLOAD)
        with pytest.raises(Unavailable, match="may or may not"):
            patient.swap("new", b"2", ABSENT)


@no_answer
def test_a_delete_without_answer_is_no_missing_key(store: GCS, proxy: Proxy):
    proxy.inject(lose, on="DELETE")
    with pytest.raises(Unavailable, match="may or may not"):
        del store["there"]
    assert "there" not in store
    with pytest.raises(KeyError):
        del store["there"]


@no_answer
def test_a_discard_without_answer_is_sent_again(store: GCS, proxy: Proxy):
    proxy.inject(lose, on="DELETE")
    store.discard("there")
    assert "there" not in store


# ---- Many at once ------------------------------------------------------------------------------


def count(value: bytes) -> bytes:
    return b"%d" % (int(value) + 1)


def test_bulk_reads_slow_down_where_they_are_throttled(store: GCS, proxy: Proxy):
    store.set_many((f"k{n:03}", b"1") for n in range(100))
    pace = store._bucket.pace
    pace._now = float(pace.most)
    proxy.inject(*[SLOW_DOWN] * 5, on=f"{READ}{store._bucket.name}/o/k")
    assert len(list(store.scan_items("k"))) == 100
    assert pace.now < pace.most


def test_answers_that_a_key_is_missing_quicken_the_pace_too(store: GCS):
    pace = store._bucket.pace
    pace.slower()
    slow = pace.now
    assert list(store.get_many(f"k{n:03}" for n in range(100))) == []
    assert pace.now > slow


def test_a_key_that_vanishes_between_list_and_read_is_left_out(store: GCS, proxy: Proxy):
    held = {f"k{n}": b"1" for n in range(5)}
    store.set_many(held.items())
    proxy.inject(answer(404), on=f"{READ}{store._bucket.name}/o/k2")
    assert [key for key, _ in store.scan_items("k")] == ["k0", "k1", "k3", "k4"]


def test_counters_under_faults_lose_and_double_nothing(store: GCS, proxy: Proxy):
    """Every third write is lost on the way there or back, or throttled; none of them twice."""
    store.modify("counter", count, default=b"0")
    faults = [lose, then(500), SLOW_DOWN, BROKEN, hang]
    turn = iter(range(1_000_000))
    met = set()

    def unreliable(exchange: Any) -> None:
        number = next(turn)
        bad = exchange.command == "POST" and number % 3 == 0 and exchange.body not in met
        met.add(exchange.body)
        (faults[number // 3 % len(faults)] if bad else nothing)(exchange)

    proxy.always = unreliable
    hardy = GCS(store._bucket.name, endpoint_url=proxy.endpoint, timeout=HASTY, retries=9)
    count_together(hardy, processes=4, times=5)
    assert store["counter"] == b"21"


def test_sixteen_processes_on_one_counter(fake_gcs: Server):
    with fake_gcs.store() as store:
        store["counter"] = b"0"
        count_together(store, processes=16, times=5)
        assert store["counter"] == b"80"


def count_together(store: GCS, processes: int, times: int) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=count_up, args=(store, times)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * processes


def count_up(store: GCS, times: int) -> None:
    for _ in range(times):
        store.modify("counter", count)


@pytest.mark.parametrize("use", [lambda store: store["a"], list, lambda store: store.discard("a")])
def test_an_endpoint_that_is_down_is_unavailable_in_time(use: Callable[[GCS], object]):
    with GCS("bucket", endpoint_url="http://127.0.0.1:9", timeout=1, retries=1) as store:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            use(store)
        assert time.monotonic() - began < 30  # the client alone would wait for 120


@pytest.mark.parametrize(("status", "again"), [(200, 16), (404, 16), (429, 8), (503, 8)])
def test_after_throttling_answers_raise_the_pace_again_and_refusals_for_load_do_not(status: int, again: int):
    pace = Pace(16)
    pace.slower()

    def send(retry: object) -> None:
        if status != 200:
            raise from_http_status(status, "refused")

    for _ in range(200):
        with suppress(GoogleAPICallError):
            Attempts(0, pace)(send)
    assert pace.now == again
