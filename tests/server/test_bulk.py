"""Batches, in which each operation has its status, and transactions, which are all or nothing."""

import base64

import pytest
from formencode import Schema, validators

import holdall
from holdall.server.operations import MOST


class Account(Schema):
    code = validators.Regex(r"^[0-9]{4}$")


class Late(holdall.PassThrough):
    """Reads several keys, and raises an error at the key ``bad``."""

    def get_many(self, keys):
        for key in keys:
            if key == "bad":
                raise holdall.Corrupt("damaged", key=key)
            yield key, self._inner[key]


class Broken(holdall.PassThrough):
    """Cannot read nor write the key ``bad``, and counts its bulk calls."""

    calls = 0

    def get_many(self, keys):
        self.calls += 1
        keys = list(keys)
        if "bad" in keys:
            raise holdall.Corrupt("damaged at /srv/data", key="bad")
        return self._inner.get_many(keys)

    def set_many(self, items):
        self.calls += 1
        for key, value in items:
            if key == "bad":
                raise holdall.StoreFull("no room in /srv/data")
            self._inner[key] = value


@pytest.fixture(scope="module")
def stores():
    return {
        "bytes": holdall.Memory(),
        "documents": holdall.Json(holdall.Memory()),
        "accounts": holdall.Validate(holdall.Json(holdall.Memory()), Account()),
        "broken": Broken(holdall.Memory()),
        "large": holdall.Memory(),
        "late": Late(holdall.Memory()),
    }


@pytest.fixture(scope="module")
def http(serving, stores):
    with serving(stores, max_body=1 << 20) as client:
        yield client


def batch(http, store, *operations):
    answer = http("POST", f"/v1/{store}:batch", doc={"operations": operations})
    assert answer.status == 200
    return answer.json()["results"]


def put(key, value):
    return {"op": "put", "key": key, "value": value}


def get(key):
    return {"op": "get", "key": key}


def delete(key):
    return {"op": "delete", "key": key}


def test_a_batch_runs_in_order(http, stores):
    results = batch(
        http,
        "documents",
        put("a", [1]),
        put("b", {"x": 2}),
        get("a"),
        get("none"),
        delete("a"),
        get("a"),
        put("a", 3),
    )
    assert [each["status"] for each in results] == [204, 204, 200, 404, 204, 404, 204]
    assert results[2]["value"] == [1]
    assert dict(stores["documents"]) == {"a": 3, "b": {"x": 2}}


def test_bytes_are_base64_in_a_batch(http, stores):
    value = bytes(range(256))
    results = batch(
        http, "bytes", put("a", base64.b64encode(value).decode()), get("a"), put("b", "*"), put("c", 7)
    )
    assert [each["status"] for each in results] == [204, 200, 422, 422]
    assert base64.b64decode(results[1]["value"]) == value
    assert dict(stores["bytes"]) == {"a": value}


def test_an_operation_that_fails_leaves_the_others(http, stores):
    results = batch(
        http,
        "accounts",
        put("a", {"code": "8200"}),
        put("b", {"code": "x"}),
        put("../c", {"code": "1"}),
        get("a"),
    )
    assert [each["status"] for each in results] == [204, 422, 400, 200]
    assert results[1]["errors"].keys() == {"code"}
    assert list(stores["accounts"]) == ["a"]
    results = batch(
        http, "broken", put("a", ""), put("bad", ""), put("c", ""), get("a"), get("bad"), get("c")
    )
    assert [each["status"] for each in results] == [204, 507, 204, 200, 500, 200]
    assert "srv" not in str(results)


def test_neighbours_are_one_call_of_the_store(http, stores):
    stores["broken"].calls = 0
    batch(http, "broken", *(put(f"k{n}", "") for n in range(500)), *(get(f"k{n}") for n in range(500)))
    assert stores["broken"].calls == 2


def test_an_answer_has_a_limit(http, stores, monkeypatch):
    monkeypatch.setattr("holdall.server.batch._LARGEST", 16 << 10)
    stores["large"].update((f"{n}", b"x" * (3 << 10)) for n in range(6))
    results = batch(http, "large", *(get(f"{n}") for n in range(6)))
    assert [each["status"] for each in results] == [200, 200, 200, 413, 413, 413]


def test_a_value_counts_once_towards_the_limit(http, stores, monkeypatch):
    monkeypatch.setattr("holdall.server.batch._LARGEST", 16 << 10)
    stores["late"].update((f"{n}", b"x" * (3 << 10)) for n in range(3))
    results = batch(http, "late", *(get(key) for key in ("0", "1", "2", "bad")))
    assert [each["status"] for each in results] == [200, 200, 200, 500]


def test_a_key_counts_as_often_as_it_is_asked_for(http, stores, monkeypatch):
    monkeypatch.setattr("holdall.server.batch._LARGEST", 16 << 10)
    stores["large"]["many"] = b"x" * (3 << 10)
    results = batch(http, "large", *(get("many") for _ in range(1000)))
    assert {each["status"] for each in results} == {413}
    assert [each["status"] for each in batch(http, "large", get("many"), get("many"))] == [200, 200]


MALFORMED = [
    b"",
    b"{",
    b"[]",
    b"7",
    b"{}",
    b'{"operations": {}}',
    b'{"operations": [7]}',
    b'{"operations": [{"op": "other", "key": "a"}]}',
    b'{"operations": [{"key": "a"}]}',
    b'{"operations": [{"op": "put", "key": "a"}]}',
    b'{"operations": [{"op": "put", "key": 7, "value": ""}]}',
    b'{"operations": [{"op": "delete", "key": "a", "other": 1}]}',
    b'{"operations": [{"op": "expect", "key": "a", "tag": ""}]}',
    b'{"operations": [{"op": "put", "key": "a", "value": ' + b"[" * 100_000,
]


@pytest.mark.parametrize("kind", ["batch", "transact"])
@pytest.mark.parametrize("body", MALFORMED)
def test_a_body_that_is_not_valid_is_400(http, kind, body):
    answer = http("POST", f"/v1/documents:{kind}", body, Content_Type="application/json")
    assert answer.status == 400


def test_too_many_operations_are_413(http):
    operations = [delete("a")] * (MOST + 1)
    assert http("POST", "/v1/documents:batch", doc={"operations": operations}).status == 413


def transact(http, store, *operations):
    return http("POST", f"/v1/{store}:transact", doc={"operations": operations}).status


def expect(key, tag):
    return {"op": "expect", "key": key, "tag": tag}


def test_a_transaction_is_all_or_nothing(http, stores):
    store = stores["documents"]
    store.clear()
    assert transact(http, "documents", expect("a", None), put("a", 1), put("b", {"x": 1})) == 204
    assert dict(store) == {"a": 1, "b": {"x": 1}}
    tag = store.tag("a")
    assert transact(http, "documents", expect("a", None), put("b", 2)) == 409
    assert transact(http, "documents", expect("a", "other"), delete("b")) == 409
    assert transact(http, "documents", put("b", 2), put("..", 3)) == 400
    assert dict(store) == {"a": 1, "b": {"x": 1}}
    assert transact(http, "documents", expect("a", tag), put("a", 2), delete("b"), delete("none")) == 204
    assert dict(store) == {"a": 2}


def test_a_transaction_with_a_value_that_is_not_valid_changes_nothing(http, stores):
    stores["accounts"].clear()
    assert transact(http, "accounts", put("a", {"code": "8200"}), put("b", {"code": "x"})) == 422
    assert transact(http, "bytes", put("z", "AAAA"), put("y", "*")) == 422
    assert not stores["accounts"]
    assert "z" not in stores["bytes"]


def test_a_store_without_transactions_answers_501(serving, tmp_path):
    with serving({"files": f"file://{tmp_path}/files"}) as http:
        assert transact(http, "files", put("a", "AAAA")) == 501


def test_a_read_only_service_still_reads_batches(serving, stores):
    stores["documents"]["a"] = 1
    with serving(stores, readonly=True) as http:
        results = batch(http, "documents", get("a"), put("a", 2), delete("a"))
        assert [each["status"] for each in results] == [200, 403, 403]
        assert transact(http, "documents", put("a", 2)) == 403
    assert stores["documents"]["a"] == 1
