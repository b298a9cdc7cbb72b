"""Faults between client and server: each has its outcome, and none loses or doubles a write.

A request of rust that was not answered is sent again by boto3, so `attempts` are as many with both transports.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from holdall import Conflict, Corrupt, PermissionDenied, Throttled, Unavailable
from holdall.adapters.s3 import S3
from holdall.store import ABSENT, Feature
from tests.faults.proxy import (
    GONE,
    HASTY,
    PATIENT,
    Exchange,
    Fault,
    Proxy,
    answer,
    cut_body,
    hang,
    lose,
    nothing,
    reset_in_body,
    then,
)
from tests.servers.s3 import Server

SLOW_DOWN = answer(503, "SlowDown")
BROKEN = answer(500, "InternalError")


@pytest.fixture(scope="module")
def shared_proxy(seaweed: Server) -> Iterator[Proxy]:
    with Proxy(seaweed.endpoint) as proxy:
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
def first(transport: str) -> int:
    """How many attempts of a request end before boto3 names a fault that it does not retry."""
    return {"boto3": 1, "rust": 2}[transport]


@pytest.fixture
def store(proxy: Proxy, timeout: float, transport: str) -> Iterator[S3]:
    """A store that sends each request up to three times."""
    with Server(proxy.endpoint).store(transport="boto3") as patient:
        assert patient.features  # what the server honours is known before faults begin
        patient["there"] = b"value" * 100
    retries = {"boto3": 2, "rust": 1}[transport]
    with S3(
        patient._bucket.name,
        endpoint_url=proxy.endpoint,
        timeout=timeout,
        retries=retries,
        transport=transport,
    ) as store:
        yield store


# ---- Reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [SLOW_DOWN, BROKEN, hang, cut_body, reset_in_body])
def test_a_passing_fault_of_a_read_is_not_noticed(store: S3, proxy: Proxy, fault: Fault):
    proxy.inject(fault, on="GET")
    assert store["there"] == b"value" * 100


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (SLOW_DOWN, Throttled),
        (BROKEN, Unavailable),
        (hang, Unavailable),
        (cut_body, Corrupt),
        (reset_in_body, Unavailable),
        (answer(403, "AccessDenied"), PermissionDenied),
        (answer(200, body=b"<html>Log in to this network</html>"), Corrupt),
        (answer(404, body=b"<html><h1>Not Found</h1></html>"), Corrupt),
        (answer(404, body=b"404 page not found"), Corrupt),
    ],
)
def test_a_lasting_fault_of_a_read_is_named_and_never_a_missing_key(
    store: S3, proxy: Proxy, fault: Fault, error: type[Exception]
):
    proxy.always = fault
    with pytest.raises(error) as raised:
        store["there"]
    assert raised.type is error
    assert raised.value.key == "there"
    with pytest.raises(error):
        list(store.get_many(["there"]))


@pytest.mark.parametrize("transport", ["boto3"], indirect=True)  # rust keeps it, for the next request
def test_an_answer_that_is_no_object_leaves_no_connection_open(store: S3, proxy: Proxy):
    closed: SimpleQueue[bool] = SimpleQueue()

    def nonsense(exchange: Exchange) -> None:
        answer(200, body=b"<html>Log in to this network</html>")(exchange)
        closed.put(exchange.hang())

    proxy.inject(nonsense, on="GET")
    with pytest.raises(Corrupt) as raised:
        store["there"]
    assert closed.get(timeout=2 * GONE)
    assert raised.value.key == "there"  # which is held until here, and with it all that its traceback names


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answer(200, body=b"<html>Log in to this network</html>"), Corrupt),
        (answer(200, body=b"<ListBucketRes"), Corrupt),
        (answer(200, "InternalError"), Unavailable),
        (cut_body, Corrupt),
    ],
)
def test_a_listing_that_is_none(store: S3, proxy: Proxy, fault: Fault, error: type[Exception]):
    proxy.always = fault
    with pytest.raises(error):
        list(store)


def test_nonsense_is_no_history(store: S3, proxy: Proxy):
    store.client.put_bucket_versioning(
        Bucket=store._bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )
    past = store.past()
    proxy.always = answer(200, body=b"<html>Log in to this network</html>")
    for listing in (past.of("there"), past.scan("", "", None)):
        with pytest.raises(Corrupt):
            list(listing)


def test_a_refusal_that_breaks_off_is_no_missing_key(store: S3, proxy: Proxy, first: int):
    proxy.inject(*[reset_in_body] * first, on="GET")
    with pytest.raises(Unavailable):
        store["missing"]


def test_a_head_that_is_refused_is_no_missing_key(store: S3, proxy: Proxy, first: int):
    proxy.inject(*[answer(403)] * first, on="HEAD")
    with pytest.raises(PermissionDenied, match="s3:ListBucket"):
        store.__contains__("missing")


# ---- Writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [b"1", bytes(17 * 2**20)])
def test_a_write_that_no_s3_server_answers_is_no_missing_key(store: S3, proxy: Proxy, value: bytes):
    proxy.always = answer(404, body=b"404 page not found")
    with pytest.raises(Corrupt, match="does not come from S3"):
        store["there"] = value


@pytest.mark.parametrize("fault", [SLOW_DOWN, BROKEN, hang, lose, then(500)])
def test_a_passing_fault_of_a_write_is_not_noticed(store: S3, proxy: Proxy, fault: Fault):
    proxy.inject(fault, on="PUT")
    store["new"] = b"1"
    assert store["new"] == b"1"


@pytest.mark.parametrize("fault", [hang, lose, SLOW_DOWN])
def test_a_write_without_answer_is_unavailable(store: S3, proxy: Proxy, fault: Fault):
    proxy.inject(fault, fault, fault, on="PUT")
    with pytest.raises(Unavailable):
        store["new"] = b"1"


@pytest.mark.parametrize("fault", [lose, then(500), then(503, "SlowDown")])
@pytest.mark.parametrize("times", [1, 3])
def test_a_swap_knows_its_own_write_again(store: S3, proxy: Proxy, fault: Fault, times: int):
    proxy.inject(*[fault] * times, on="PUT")
    first = store.swap("new", b"1", ABSENT)
    assert store.get_tagged("new") == (b"1", first)
    proxy.inject(*[fault] * times, on="PUT")
    second = store.swap("new", b"2", first)
    assert store.get_tagged("new") == (b"2", second)
    with pytest.raises(Conflict):
        store.swap("new", b"3", first)


def garbled(exchange: Any) -> None:
    """The server carries it out, and what is answered is none of its answers."""
    exchange.forward()
    answer(200, body=b"<html>Log in to this network</html>")(exchange)


def test_a_swap_that_was_answered_with_nonsense_knows_its_own_write_again(
    store: S3, proxy: Proxy, first: int
):
    proxy.inject(*[garbled] * first, on="PUT")
    tag = store.swap("new", b"1", ABSENT)
    assert store.get_tagged("new") == (b"1", tag)
    proxy.inject(*[garbled] * first, on="PUT")
    with pytest.raises(Corrupt, match="check that an S3 server is at this endpoint"):
        store["new"] = b"2"


@no_answer
def test_a_swap_that_never_arrived_is_unavailable(store: S3, proxy: Proxy):
    tag = store.swap("new", b"1", ABSENT)
    proxy.inject(hang, hang, hang, on="PUT")
    with pytest.raises(Unavailable):
        store.swap("new", b"2", tag)
    assert store.swap("new", b"3", tag)


@no_answer
def test_a_swap_knows_its_write_under_those_of_others(store: S3, proxy: Proxy):
    """The answer is lost, and others have counted on before anyone looks."""
    store.modify("counter", count, default=b"0")

    def overtaken(exchange):
        exchange.forward()
        for _ in range(5):
            other.modify("counter", count)
        exchange.hang()

    with S3(store._bucket.name, endpoint_url=f"http://{proxy.upstream}") as other:
        proxy.inject(overtaken, on="PUT")
        store.modify("counter", count)
    assert store["counter"] == b"7"


def test_a_swap_that_lost_knows_it_under_the_writes_of_others(store: S3, proxy: Proxy):
    store.modify("counter", count, default=b"0")

    def outrun(exchange):
        for _ in range(5):
            other.modify("counter", count)
        answer(500, "InternalError")(exchange)

    with S3(store._bucket.name, endpoint_url=f"http://{proxy.upstream}") as other:
        proxy.inject(outrun, on="PUT")
        store.modify("counter", count)
    assert store["counter"] == b"7"


@pytest.mark.parametrize("value", [b"by one who asked nothing", bytes(17 * 2**20)])
def test_a_swap_says_so_where_nobody_can_know(store: S3, proxy: Proxy, value: bytes, transport: str):
    def overwritten(exchange: Exchange) -> None:
        exchange.forward()
        other["new"] = value
        BROKEN(exchange)

    bucket = store._bucket.name
    with (
        S3(bucket, endpoint_url=proxy.endpoint, transport=transport) as patient,
        S3(bucket, endpoint_url=f"http://{proxy.upstream}") as other,
    ):
        proxy.inject(overwritten, on="PUT")
        with pytest.raises(Unavailable, match="may or may not"):
            patient.swap("new", b"2", ABSENT)


def test_a_swap_says_so_where_an_old_value_came_back(store: S3, proxy: Proxy, transport: str):
    """Its tag came back with it, and a writer that knew it from before has written since."""
    bucket, server = store._bucket.name, f"http://{proxy.upstream}"
    with (
        S3(bucket, endpoint_url=proxy.endpoint, transport=transport) as patient,
        S3(bucket, endpoint_url=server) as other,
    ):
        tag = other.swap("new", b"1", ABSENT)

        def returned(exchange: Exchange) -> None:
            exchange.forward()
            other["new"] = b"1"
            other.modify("new", lambda value: value + b"2")
            BROKEN(exchange)

        assert patient.get_tagged("new").tag == other.get_tagged("new").tag == tag
        proxy.inject(returned, on="PUT")
        with pytest.raises(Unavailable, match="may or may not"):
            patient.swap("new", b"3", tag)


def test_a_conditional_write_that_met_another_is_sent_again(store: S3, proxy: Proxy):
    proxy.inject(answer(409, "ConditionalRequestConflict"), on="PUT")
    assert store.swap("new", b"1", ABSENT)
    proxy.inject(*[answer(409, "ConditionalRequestConflict")] * 3, on="PUT")
    with pytest.raises(Conflict):
        store.swap("other", b"1", ABSENT)


def test_a_bucket_that_another_makes_at_the_same_time_is_made(proxy: Proxy):
    with Server(proxy.endpoint).store() as store:
        proxy.inject(answer(409, "OperationAborted"), on=f"PUT /{store._bucket.name}")
        store["new"] = b"1"
        assert store["new"] == b"1"


@no_answer
def test_a_remove_without_answer_is_no_conflict(store: S3, proxy: Proxy):
    tag = store.get_tagged("there").tag
    proxy.inject(lose, on="DELETE")
    with pytest.raises(Unavailable, match="may or may not"):
        store.remove("there", tag)


@pytest.mark.parametrize("on", ["PUT", "DELETE"])
@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_lost_answer_belies_no_condition(proxy: Proxy, on: str, number: int, transport: str):
    with Server(proxy.endpoint).store(transport=transport) as store:
        store["there"] = b"1"
        proxy.inject(*[nothing] * number, then(500), on=on)
        assert Feature.SWAP | Feature.REMOVE in store.features
        assert list(store.raw()) == ["there"]


def test_what_a_bulk_delete_leaves_is_deleted_by_itself(store: S3, proxy: Proxy):
    left = b"<DeleteResult><Error><Key>there</Key><Code>SlowDown</Code></Error></DeleteResult>"
    proxy.inject(answer(200, body=left), on="POST")
    store.delete_many(["there"])
    assert "there" not in store
    refused = b"<DeleteResult><Error><Key>there</Key><Code>AccessDenied</Code></Error></DeleteResult>"
    proxy.inject(answer(200, body=refused), on="POST")
    proxy.inject(answer(403, "AccessDenied"), on="DELETE")
    with pytest.raises(PermissionDenied):
        store.delete_many(["there"])


@pytest.mark.parametrize(("status", "code"), [(501, "NotImplemented"), (405, "MethodNotAllowed")])
def test_a_server_without_bulk_deletes_deletes_one_by_one(store: S3, proxy: Proxy, status: int, code: str):
    store.update({f"k{number}": b"1" for number in range(3)})
    proxy.inject(answer(status, code), on="POST")
    proxy.counts.clear()
    store.delete_many(["k0", "missing", "k1", "k2"])
    assert proxy.counts == {"POST": 1, "DELETE": 4}
    assert list(store) == ["there"]
    proxy.inject(answer(status, code), on="POST")
    store.clear()
    assert list(store) == []


def test_a_delete_of_what_was_changed_in_between_looks_again(store: S3, proxy: Proxy):
    def changed(exchange: Exchange) -> None:
        with proxy_less(store, proxy) as other:
            other["there"] = b"newer"
        nothing(exchange)

    proxy.inject(changed, on="DELETE")
    proxy.counts.clear()
    del store["there"]
    assert proxy.counts == {"HEAD": 2, "DELETE": 2}
    assert "there" not in store


def test_a_delete_of_what_was_deleted_in_between_is_a_missing_key(store: S3, proxy: Proxy):
    def deleted(exchange: Exchange) -> None:
        with proxy_less(store, proxy) as other:
            other.discard("there")
        nothing(exchange)

    proxy.inject(deleted, on="DELETE")
    with pytest.raises(KeyError):
        del store["there"]


def proxy_less(store: S3, proxy: Proxy) -> S3:
    """Another store of the same objects, which asks the server itself."""
    return S3(store._bucket.name, endpoint_url=f"http://{proxy.upstream}")


# ---- Many at once ------------------------------------------------------------------------------


def count(value: bytes) -> bytes:
    return b"%d" % (int(value) + 1)


def test_bulk_reads_slow_down_where_they_are_throttled(store: S3, proxy: Proxy):
    store.set_many((f"k{n:03}", b"1") for n in range(100))
    store = S3(store._bucket.name, endpoint_url=proxy.endpoint, retries=9, transport="boto3")
    pace = store._bucket.pace
    proxy.inject(*[SLOW_DOWN] * 20, on=f"GET /{store._bucket.name}/k")
    assert len(list(store.scan_items("k"))) == 100
    assert pace.now < pace.most


def test_counters_under_faults_lose_and_double_nothing(store: S3, proxy: Proxy):
    """Every third write is lost on the way there or back, or throttled."""
    store = S3(store._bucket.name, endpoint_url=proxy.endpoint, timeout=HASTY, retries=9)
    store["counter"] = b"0"
    store.modify("counter", count)
    faults = [lose, then(500), SLOW_DOWN, BROKEN, hang]
    turn = iter(range(1_000_000))

    def unreliable(exchange):
        number = next(turn)
        bad = exchange.command == "PUT" and number % 3 == 0
        (faults[number // 3 % len(faults)] if bad else nothing)(exchange)

    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(5)
    workers = [context.Process(target=count_up, args=(store, ready)) for _ in range(4)]
    for worker in workers:
        worker.start()
    ready.wait(60)
    proxy.always = unreliable
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert store["counter"] == b"21"


def count_up(store: S3, ready: Any) -> None:
    assert store.features  # what the server honours is known before faults begin
    ready.wait(60)
    for _ in range(5):
        store.modify("counter", count)


@pytest.mark.parametrize("read", [lambda store: store["a"], lambda store: list(store)])
def test_an_endpoint_that_is_down_is_unavailable_in_time(credentials: None, read: Callable[[S3], object]):
    with S3("bucket", endpoint_url="http://127.0.0.1:9", timeout=1, retries=1) as store:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            read(store)
        assert time.monotonic() - began < 30  # two tries of a second, a pause between, and a slow machine
