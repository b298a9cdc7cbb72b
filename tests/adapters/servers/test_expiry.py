"""Servers that delete values after their deadlines: Redis with the next writes, DynamoDB by its time to live."""

import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import holdall
from holdall import Cache, Conflict, Expires, Metrics, Prefix, StoreFull, Versions, Zstd
from holdall.adapters.dynamodb import DynamoDB
from holdall.errors import Mismatch
from holdall.store import ABSENT, Delete, Expect, Put
from holdall.testing.follower import Follower
from tests.adapters.servers.redis_feeds import client, prefix, short
from tests.faults import proxy as faults
from tests.faults.proxy import Proxy

__all__ = ["client", "prefix", "short"]

pytestmark = pytest.mark.servers

HOUR = 3600.0


def an_hour_ago():
    return time.time() - HOUR


def long_ago(store):
    """The values that are written through it expired an hour ago."""
    return Expires(store, 1, clock=an_hour_ago)


# ---- Redis -----------------------------------------------------------------------------------------


@pytest.fixture
def store(redis_server, prefix):
    with redis_server.store(prefix=prefix) as store:
        yield store


@pytest.fixture
def held(client, prefix):
    """A function that returns how many members each Redis key of the store has."""

    def count():
        return {
            "order": client.zcard(f"{prefix}:order"),
            "values": client.hlen(f"{prefix}:values"),
            "tags": client.hlen(f"{prefix}:tags"),
            "deadlines": client.zcard(f"{prefix}:deadlines"),
        }

    return count


def test_redis_deletes_expired_values_with_the_next_writes_and_the_feed_tells_it(store, held):
    follower = Follower()
    store["lasts"] = b"1"
    long_ago(store).update((f"k{number}", b"1") for number in range(10))
    follower.follow(store)
    assert held() == {"order": 11, "values": 11, "tags": 11, "deadlines": 10}
    living = Expires(store, HOUR)
    living["a"] = b"2"
    assert held() == {"order": 7, "values": 7, "tags": 7, "deadlines": 6}
    living.swap("b", b"3", ABSENT)
    assert held() == {"order": 3, "values": 3, "tags": 3, "deadlines": 2}
    follower.follow(store)
    assert follower.held == dict(store.scan_tags())
    assert sorted(follower.held) == list(store) == ["a", "b", "lasts"]


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.__setitem__("a", b"2"),
        lambda store: store.update(a=b"2"),
        lambda store: store.swap("a", b"2", store.tag("a")),
        lambda store: store.transact([Put("a", b"2")]),
        lambda store: store.modify("a", lambda value: b"2", default=b"1"),
    ],
)
@pytest.mark.parametrize("below", [False, True], ids=["by the layer", "below the layer"])
def test_a_value_that_is_written_again_lasts(store, held, write, below):
    long_ago(store)["a"] = b"1"
    write(store if below else Expires(store))
    assert held()["deadlines"] == below
    for _ in range(3):
        Expires(store, HOUR)["b"] = b"1"
    assert store["a"].endswith(b"2")
    assert held() == {"order": 2, "values": 2, "tags": 2, "deadlines": 1}


@pytest.mark.parametrize(
    "delete",
    [
        lambda store: store.__delitem__("a"),
        lambda store: store.discard("a"),
        lambda store: store.delete_many(["a"]),
        lambda store: store.remove("a", store.tag("a")),
        lambda store: store.transact([Delete("a")]),
        lambda store: store.pop("a"),
        lambda store: store.delete_prefix("a"),
        lambda store: store.clear(),
    ],
)
def test_a_deleted_value_leaves_no_deadline(store, held, delete):
    living = Expires(store, HOUR)
    living["a"] = b"1"
    delete(living)
    assert held() == {"order": 0, "values": 0, "tags": 0, "deadlines": 0}


def test_values_stay_until_a_minute_after_their_deadlines(store):
    Expires(store, 1, clock=lambda: time.time() - 2)["a"] = b"1"
    Expires(store, HOUR)["b"] = b"1"
    assert ("a" in store, "a" in Expires(store)) == (True, False)


def test_a_batch_deletes_as_many_as_it_writes_and_more(store, held):
    long_ago(store).update((f"k{number:04}", b"1") for number in range(3000))
    Expires(store, HOUR).update((f"a{number:04}", b"1") for number in range(1500))
    assert held() == {"order": 1500, "values": 1500, "tags": 1500, "deadlines": 1500}


def test_a_first_write_after_a_new_start_deletes_too(store, held, client, prefix):
    long_ago(store)["a"] = b"1"
    client.delete(*client.keys(f"{prefix}:log:*"))
    Expires(store, HOUR)["b"] = b"1"
    Expires(store, HOUR)["c"] = b"1"
    assert list(store) == ["b", "c"]
    assert held()["deadlines"] == 2


def test_a_full_server_takes_a_value_in_place_of_expired_ones(store, client):
    long_ago(store).update((f"k{number}", b"1" * 1000) for number in range(2))
    client.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreFull):
            store["plain"] = b"1"
        Expires(store, HOUR)["a"] = b"1"
        with pytest.raises(StoreFull):
            Expires(store, HOUR)["b"] = b"1"
    finally:
        client.config_set("maxmemory", "0")
    assert list(store) == ["a"]


def test_other_data_under_the_name_of_the_deadlines_stays(store, client, prefix):
    client.set(f"{prefix}:deadlines", "theirs")
    store["a"] = b"1"
    with pytest.raises(Mismatch, match="prefix"):
        Expires(store, HOUR)["b"] = b"1"
    assert (list(store), client.get(f"{prefix}:deadlines")) == (["a"], b"theirs")


def test_an_expired_key_is_created_again_although_another_writer_deletes_it(store):
    class Late(type(store)):
        """Has another writer delete the value between the look at its tag and the write."""

        def swap(self, *args):
            Expires(store, HOUR)["other"] = b"1"
            return super().swap(*args)

        def transact(self, *args):
            Expires(store, HOUR)["other"] = b"1"
            return super().transact(*args)

    late = object.__new__(Late)
    late.__dict__ |= store.__dict__
    long_ago(store)["a"] = b"1"
    tag = Expires(late, HOUR).swap("a", b"2", ABSENT)
    assert store.tag("a") == tag
    with pytest.raises(Conflict):
        Expires(late, HOUR).swap("a", b"3", ABSENT)
    long_ago(store)["b"] = b"1"
    Expires(late, HOUR).transact([Expect("b", ABSENT), Put("b", b"2"), Delete("a")])
    assert dict(Expires(store).scan_items()) == {"b": b"2", "other": b"1"}
    with pytest.raises(Conflict):
        Expires(late, HOUR).transact([Expect("b", ABSENT), Put("b", b"3")])


def test_history_and_records_stay(redis_server, prefix, held):
    address = (
        f"redis://127.0.0.1:{redis_server.port}/0?prefix={prefix}&serializer=json&compress=zstd&expires=1h"
    )
    with holdall.open(address) as store:
        store["a"] = 1
    counts = held()
    assert (counts["order"], counts["deadlines"]) == (2, 1)  # the key, and the manifest
    with redis_server.store() as plain:
        old = Versions(long_ago(plain))
        old["a"] = b"1"
        Versions(Expires(plain, HOUR))["b"] = b"1"
        assert next(old.history("a")).number == 1
        assert "a" in list(plain)


def test_the_layers_below_pass_deadlines_on(store, held):
    stack = Metrics(Zstd(Prefix(Cache(store, 60), "app")))
    Expires(stack, 1, clock=an_hour_ago)["a"] = b"1"
    Expires(stack, HOUR)["b"] = b"2"
    assert (list(stack), held()["deadlines"]) == (["b"], 1)


class Writers(RuleBasedStateMachine):
    """Writes with and without deadlines; everything that has not expired is there, and nothing else is listed."""

    keys = st.sampled_from(["a", "b", "c", "é/d"])

    def __init__(self, make):
        super().__init__()
        self.store = make()
        self.living, self.old = Expires(self.store, HOUR), long_ago(self.store)
        self.wants = {}
        self.follower = Follower()

    @rule(key=keys)
    def lasts(self, key):
        self.living.lasting(None)[key] = b"1"
        self.wants[key] = b"1"

    @rule(key=keys)
    def lives(self, key):
        self.living[key] = b"2"
        self.wants[key] = b"2"

    @rule(key=keys)
    def has_expired(self, key):
        self.old[key] = b"3"
        self.wants.pop(key, None)

    @rule(key=keys)
    def creates(self, key):
        try:
            self.living.swap(key, b"4", ABSENT)
        except Conflict:
            assert key in self.wants
        else:
            assert self.wants.setdefault(key, b"4") == b"4"

    @rule(key=keys)
    def deletes(self, key):
        self.living.discard(key)
        self.wants.pop(key, None)

    @rule(some=st.sets(keys))
    def transacts(self, some):
        self.living.transact([Put(key, b"5") for key in some])
        self.wants |= dict.fromkeys(some, b"5")

    @invariant()
    def is_equal(self):
        assert dict(self.living.scan_items()) == self.wants
        self.follower.follow(self.store)
        assert self.follower.held == dict(self.store.scan_tags())

    def teardown(self):
        self.store.close()


def test_what_is_left_is_always_what_a_writer_wants(redis_server, short):
    few = settings(
        max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(lambda: Writers(redis_server.store), settings=few)


# ---- DynamoDB --------------------------------------------------------------------------------------


def second_of(store, key):
    """The second after which DynamoDB may delete the item of ``key``."""
    item = store._table.ask("get_item", key, Key=store._table.item(key))["Item"]
    return int(item["expires"]["N"]) if "expires" in item else None


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.__setitem__("a", b"2"),
        lambda store: store.update(a=b"2"),
        lambda store: store.swap("a", b"2", store.tag("a")),
        lambda store: store.transact([Put("a", b"2")]),
        lambda store: store.modify("a", lambda value: b"2", default=b""),
    ],
)
def test_an_item_has_the_time_after_which_dynamodb_may_delete_it(dynamodb, write):
    with dynamodb.store() as store:
        living = Expires(store, 0.5, clock=lambda: 1_700_000_000.0)
        write(living)
        assert second_of(store, "a") == 1_700_000_061
        write(living.lasting(None))
        assert second_of(store, "a") is None
        write(living)
        living.raw()["a"] = b"3"
        assert second_of(store, "a") is None


def test_a_value_with_a_deadline_has_a_little_less_room(dynamodb):
    with dynamodb.store() as store:
        most = 400 * 1024 - len("storekeyvaluetagk") - len(store._table.store) - 16
        store._item("k", bytes(most))
        expiring = store._expiring(lambda: 1_700_000_000)
        expiring._item("k", bytes(most - len("expires1700000000")))
        with pytest.raises(holdall.TooLarge, match="'k'"):
            expiring._item("k", bytes(most - len("expires1700000000") + 1))


def test_a_new_table_deletes_expired_values_and_another_one_says_how(dynamodb):
    named = {"region": "eu-west-1", "endpoint_url": dynamodb.endpoint}
    with DynamoDB("expiring", create=True, **named) as store:
        assert store.info()["expired values"] == "deleted by DynamoDB"
        client = store._table._client()
        client.update_time_to_live(
            TableName="expiring", TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"}
        )
    with DynamoDB("expiring", create=True, **named) as store:  # it exists, so its settings stay
        assert "enable time to live for the attribute expires" in store.info()["expired values"]


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnknownOperationException"])
def test_a_table_is_made_by_a_user_who_may_not_enable_expiry(dynamodb, code, prefix):
    refusal = faults.answer(400, body=b'{"__type": "#%s", "message": "no"}' % code.encode())

    def refuse(exchange):
        (refusal if "TimeToLive" in exchange.headers["X-Amz-Target"] else faults.nothing)(exchange)

    with Proxy(dynamodb.endpoint) as proxy:
        proxy.inject(*[refuse] * 6)
        table = prefix.replace(":", "-")
        with DynamoDB(
            table, region="eu-west-1", endpoint_url=proxy.endpoint, create=True, retries=0
        ) as store:
            store["a"] = b"1"
            assert store["a"] == b"1"
