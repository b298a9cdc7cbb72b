"""DynamoDB through a proxy that loses, refuses and spoils answers."""

import json

import pytest

from holdall.errors import (
    Conflict,
    Corrupt,
    PermissionDenied,
    StoreNotFound,
    Throttled,
    TooLarge,
    Unavailable,
)
from holdall.store import ABSENT, Expect, Put
from tests.faults import proxy as faults
from tests.faults.proxy import Proxy


def said(status, code, **more):
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "injected", **more}
    return faults.answer(status, body=json.dumps(body).encode())


def unprocessed(**rest):
    return faults.answer(200, body=json.dumps({"Responses": {}, **rest}).encode())


@pytest.fixture
def proxy(dynamodb):
    with Proxy(dynamodb.endpoint) as proxy:
        yield proxy


@pytest.fixture
def direct(dynamodb):
    with dynamodb.store() as direct:
        direct["a"] = b"1"
        yield direct


@pytest.fixture
def store(dynamodb, direct, proxy):
    with through(proxy, dynamodb, direct) as store:
        yield store


def through(proxy, dynamodb, direct, **options):
    name = direct._table.store
    return dynamodb.store(name=name, endpoint_url=proxy.endpoint, create=False, retries=2, **options)


def test_what_was_throttled_is_asked_again(store, proxy):
    slow = said(400, "ProvisionedThroughputExceededException")
    proxy.inject(slow, slow)
    assert store["a"] == b"1"
    assert not proxy.calm()
    proxy.inject(slow, slow, slow)
    with pytest.raises(Throttled):
        store["a"] = b"2"
    assert store["a"] == b"1"


@pytest.mark.parametrize("fault", [said(500, "InternalServerError"), faults.reset_in_body])
def test_a_server_that_fails_is_unavailable_after_its_tries(store, proxy, fault):
    proxy.inject(fault, fault, fault)
    with pytest.raises(Unavailable):
        store.get("a")
    assert store["a"] == b"1"


def test_a_server_that_says_nothing_is_unavailable_after_its_tries(dynamodb, direct, proxy):
    with through(proxy, dynamodb, direct, timeout=faults.HASTY) as hasty:
        proxy.inject(faults.hang, faults.hang, faults.hang)
        with pytest.raises(Unavailable):
            hasty.get("a")
        assert not proxy.calm()


def test_a_swap_whose_answer_was_lost_recognises_its_own_write(store, proxy):
    proxy.inject(faults.then(500))
    tag = store.swap("new", b"2", ABSENT)
    assert store.get_tagged("new") == (b"2", tag)
    proxy.inject(faults.then(500))
    again = store.swap("new", b"3", tag)
    assert store.get_tagged("new") == (b"3", again)
    with pytest.raises(Conflict):
        store.swap("new", b"4", tag)


def test_a_removal_whose_answer_was_lost_does_not_guess(store, proxy):
    tag = store.get_tagged("a").tag
    proxy.inject(faults.then(500))
    with pytest.raises(Unavailable, match="'a'"):
        store.remove("a", tag)
    store["a"] = b"2"
    proxy.inject(faults.then(500))
    with pytest.raises(Unavailable, match="'a'"):
        del store["a"]
    with pytest.raises(KeyError):
        del store["a"]


def overtaken(change):
    """The server carries a request out, then another writer's ``change``, and the answer is lost."""

    def fault(exchange):
        exchange.forward()
        change()
        faults.answer(500)(exchange)

    return fault


@pytest.mark.parametrize(
    "write", [lambda store, tag: store.swap("a", b"2", tag), lambda store, tag: store.remove("a", tag)]
)
def test_what_happened_and_was_overwritten_is_no_conflict(store, direct, proxy, write):
    proxy.inject(overtaken(lambda: direct.__setitem__("a", b"3")))
    with pytest.raises(Unavailable, match="'a'"):
        write(store, direct.tag("a"))


def test_what_was_throttled_and_sent_again_is_in_no_doubt(store, proxy):
    slow = said(400, "ProvisionedThroughputExceededException")
    proxy.inject(slow)
    with pytest.raises(KeyError):
        del store["nowhere"]
    for write in (lambda: store.swap("a", b"2", ABSENT), lambda: store.remove("a", "another")):
        proxy.inject(slow)
        with pytest.raises(Conflict):
            write()


def test_a_transaction_whose_earlier_try_is_under_way_is_unavailable(store, proxy):
    under_way = said(400, "TransactionInProgressException")
    proxy.inject(under_way, under_way, under_way)
    with pytest.raises(Unavailable, match="find out"):
        store.transact([Put("b", b"2")])


def test_a_transaction_whose_answer_was_lost_is_carried_out_once(store, proxy):
    before = store.get_tagged("a").tag
    proxy.inject(
        said(400, "TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}])
    )
    store.transact([Expect("a", before), Put("b", b"2")])
    assert dict(store.items()) == {"a": b"1", "b": b"2"}


def test_the_unprocessed_rest_of_a_batch_is_sent_again(store, proxy):
    table, item = store._table.name, store._table.item
    put = {
        "PutRequest": {
            "Item": {
                "store": item("b")["store"],
                "key": {"S": "b"},
                "value": {"B": "Mg=="},
                "tag": {"S": "t"},
            }
        }
    }
    proxy.inject(unprocessed(UnprocessedItems={table: [put]}))
    store.set_many([("b", b"2")])
    assert store["b"] == b"2"
    keys = {"Keys": [item("a"), item("b")]}
    proxy.inject(unprocessed(UnprocessedKeys={table: keys}))
    assert list(store.get_many(["b", "nowhere", "a", "b"])) == [("b", b"2"), ("a", b"1"), ("b", b"2")]


def test_a_refusal_is_permission_denied(store, proxy):
    proxy.inject(said(400, "AccessDeniedException"))
    with pytest.raises(PermissionDenied):
        store.get("a")


def test_a_table_that_is_missing_is_named_with_the_remedy(dynamodb):
    from holdall.adapters.dynamodb import DynamoDB

    with DynamoDB("nowhere", endpoint_url=dynamodb.endpoint) as store:
        for call in (lambda: store["a"], lambda: store.__setitem__("a", b"1"), lambda: list(store)):
            with pytest.raises(StoreNotFound, match=r"nowhere.*create=true"):
                call()


def test_what_is_over_a_limit_is_too_large(store, proxy):
    before = sum(proxy.counts.values())
    with pytest.raises(TooLarge, match="'k'"):
        store["k"] = bytes(400 * 1024 - len("storekeyvaluetagk") - len(store._table.store) - 16 + 1)
    with pytest.raises(TooLarge):
        store.transact(Put(f"k{number}", b"") for number in range(101))
    assert sum(proxy.counts.values()) == before


def test_an_item_that_no_store_wrote_is_corrupt_and_not_missing(store):
    store._table.ask("put_item", "x", Item=store._table.item("x"))
    for call in (
        lambda: store["x"],
        lambda: store.get("x"),
        lambda: store.get_tagged("x"),
        lambda: dict(store.items()),
    ):
        with pytest.raises(Corrupt, match="'x'"):
            call()
