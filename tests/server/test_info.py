"""What a client needs to know of a store, and its reserved keys."""

import pytest

import holdall
from holdall.server import Scope, Tokens

FEATURES = {"SEEK", "BATCH", "TAGS", "UNIQUE_TAGS", "SWAP", "REMOVE", "ATOMIC", "CHANGES", "SHARED"}


@pytest.fixture(scope="module")
def kept():
    return holdall.Memory()


@pytest.fixture(scope="module")
def token(kept):
    tokens = Tokens(kept)
    return {
        "writer": tokens.add("writer", [Scope("bytes", "", write=True)]),
        "part": tokens.add("part", [Scope("bytes", "a/", write=True)]),
        "reader": tokens.add("reader", [Scope("*")]),
    }


@pytest.fixture(scope="module")
def stores():
    memory = holdall.Memory
    return {"bytes": memory(), "text": holdall.Text(memory()), "documents": holdall.Json(memory())}


@pytest.fixture(scope="module")
def http(serving, stores, kept):
    with serving(stores, tokens=kept, raw=True) as client:
        yield client


def by(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(("name", "values"), [("bytes", "bytes"), ("text", "text"), ("documents", "json")])
def test_a_store_is_described(http, token, name, values):
    answer = http("GET", f"/v1/{name}:info", **by(token["reader"]))
    found = answer.json()
    assert (answer.status, found["name"], found["values"]) == (200, name, values)
    assert found["media_type"] == http("GET", f"/v1/{name}:info", **by(token["reader"])).json()["media_type"]
    assert set(found["features"]) >= FEATURES - {"SEEK"}
    assert (found["key_bytes"], found["body"], found["page"], found["operations"]) == (
        400,
        100_000,
        1000,
        10_000,
    )
    assert answer.headers["Holdall"] == "1"


def test_the_description_needs_the_right_to_read(http, token):
    assert http("GET", "/v1/text:info", **by(token["writer"])).status == 403
    assert http("GET", "/v1/bytes:info", **by(token["part"])).status == 200
    missing = http("GET", "/v1/none:info", **by(token["reader"]))
    assert (missing.status, missing.json()["type"]) == (404, "urn:holdall:StoreNotFound")


def test_a_missing_key_and_a_missing_store_differ(http, token):
    missing = http("GET", "/v1/bytes/docs/none", **by(token["writer"]))
    assert (missing.status, missing.json()["type"]) == (404, "urn:holdall:KeyError")


def test_reserved_keys_need_the_right_to_write_all(http, token, stores):
    stores["bytes"].raw()[".holdall/manifest"] = b"m"
    path = "/v1/bytes:raw/docs/.holdall/manifest"
    for name in ("part", "reader"):
        assert http("GET", path, **by(token[name])).status == 403
        assert http("GET", "/v1/bytes:raw/docs", **by(token[name])).status == 403
        assert http("GET", "/v1/bytes:raw:info", **by(token[name])).status == 403
        assert http("GET", "/v1/bytes:raw/changes", **by(token[name])).status == 403
        write = {"operations": [{"op": "put", "key": ".holdall/manifest", "value": "eA=="}]}
        results = http("POST", "/v1/bytes:raw:batch", doc=write, **by(token[name]))
        assert results.status == 403
        assert http("POST", "/v1/bytes:raw:transact", doc=write, **by(token[name])).status == 403
    assert http("GET", path, **by(token["writer"])).data == b"m"
    assert http("GET", "/v1/bytes/docs/.holdall/manifest", **by(token["writer"])).status == 400


def test_a_service_shows_no_reserved_keys_unless_it_is_told_to(serving, stores):
    with serving(stores) as plain:
        for path in ("docs/.holdall/manifest", "docs", "changes"):
            answer = plain("GET", f"/v1/bytes:raw/{path}")
            assert (answer.status, answer.json()["type"]) == (501, "urn:holdall:Unsupported")


def test_a_client_asks_for_the_existence_of_a_key_alone(serving):
    class Unread(holdall.PassThrough):
        def get_tagged(self, key):
            raise AssertionError("the value was read")

        __getitem__ = get_tagged

    stores = {"tagged": Unread(holdall.Memory()), "plain": Unread(_Untagged())}
    with serving(stores) as http:
        for name, store in stores.items():
            store["a"] = b"1"
            found = http("GET", f"/v1/{name}/docs/a", If_None_Match="*")
            assert (found.status, found.data) == (304, b"")
            assert ("ETag" in found.headers) == (name == "tagged")
            assert http("GET", f"/v1/{name}/docs/b", If_None_Match="*").status == 404


class _Untagged(holdall.PassThrough):
    features = holdall.Feature.NONE

    def __init__(self):
        super().__init__(holdall.Memory())

    def tag(self, key):
        raise holdall.Unsupported("no tags")
