"""PATCH: merge patches and JSON patches of documents."""

import json
import threading
from decimal import Decimal

import msgspec
import pytest

import holdall
from holdall.server.operations import MOST

MERGE, JSON = "application/merge-patch+json", "application/json-patch+json"


class Account(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    total: Decimal = Decimal(0)


@pytest.fixture(scope="module")
def stores():
    return {
        "documents": holdall.Json(holdall.Memory()),
        "accounts": holdall.Json(holdall.Memory(), Account),
        "bytes": holdall.Memory(),
    }


@pytest.fixture(scope="module")
def http(serving, stores):
    with serving(stores) as client:
        yield client


# The cases of RFC 7396, appendix A, whose document is one that a key can hold.
MERGES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("document", "change", "merged"), MERGES)
def test_a_merge_patch(http, stores, document, change, merged):
    stores["documents"]["a"] = document
    answer = http("PATCH", "/v1/documents/docs/a", json.dumps(change).encode(), Content_Type=MERGE)
    assert (answer.status, answer.json(), stores["documents"]["a"]) == (200, merged, merged)


def test_a_json_patch(http, stores):
    stores["documents"]["a"] = {"lines": [1, 2], "old": {"x": 1}}
    steps = [
        {"op": "test", "path": "/lines/0", "value": 1},
        {"op": "add", "path": "/lines/-", "value": 3},
        {"op": "remove", "path": "/lines/0"},
        {"op": "copy", "from": "/old", "path": "/new"},
        {"op": "move", "from": "/old/x", "path": "/x"},
        {"op": "replace", "path": "/new/x", "value": 9},
    ]
    answer = http("PATCH", "/v1/documents/docs/a", doc=steps, Content_Type=JSON)
    expected = {"lines": [2, 3], "old": {}, "new": {"x": 9}, "x": 1}
    assert (answer.status, answer.json(), stores["documents"]["a"]) == (200, expected, expected)


REFUSED = {
    409: [
        [{"op": "test", "path": "/a", "value": 2}],
        [{"op": "remove", "path": "/b"}],
        [{"op": "add", "path": "/b/c", "value": 1}],
        [{"op": "replace", "path": "/a/0", "value": 1}],
        [{"op": "copy", "from": "/none", "path": "/b"}],
    ],
    400: [
        {"op": "remove", "path": "/a"},
        [{"op": "other", "path": "/a"}],
        [{"path": "/a"}],
        [7],
        [{"op": "add", "path": "a", "value": 1}],
        [{"op": "add", "path": 7, "value": 1}],
        [{"op": "add", "path": "/a"}],
        [{"op": "copy", "path": "/b"}],
        [{"op": "move", "path": "/b"}],
        [{"op": "copy", "from": 7, "path": "/b"}],
        [{"op": "copy", "from": "a", "path": "/b"}],
        {},
        "",
        "text",
        7,
        None,
    ],
}


@pytest.mark.parametrize(("status", "steps"), [(s, each) for s, all_ in REFUSED.items() for each in all_])
def test_a_json_patch_that_does_not_apply_changes_nothing(http, stores, status, steps):
    stores["documents"]["a"] = {"a": 1}
    body = json.dumps(steps).encode()
    assert http("PATCH", "/v1/documents/docs/a", body, Content_Type=JSON).status == status
    assert stores["documents"]["a"] == {"a": 1}


def test_a_patch_of_many_copies_is_refused_before_it_fills_the_memory(http, stores):
    stores["documents"]["a"] = {"a": ["x" * 100]}
    doubled = [{"op": "copy", "from": "/a", "path": "/a/-"} for _ in range(40)]
    assert http("PATCH", "/v1/documents/docs/a", doc=doubled, Content_Type=JSON).status == 413


def test_a_patch_of_too_many_operations_is_413(serving, stores):
    with serving(stores, max_body=1 << 20) as http:
        many = [{"op": "remove", "path": "/a"}] * (MOST + 1)
        assert http("PATCH", "/v1/documents/docs/a", doc=many, Content_Type=JSON).status == 413


NESTED = {"value": json.loads('{"a":' * 600 + "{}" + "}" * 600)}


@pytest.mark.parametrize(
    "steps",
    [
        [{"op": "copy", "from": "", "path": "/a"}] * 110,
        [{"op": "add", "path": "/a" * depth, **NESTED} for depth in (1, 601)],
    ],
)
def test_a_patch_that_nests_too_deeply_is_422(http, stores, steps):
    stores["documents"]["a"] = {"a": 1}
    assert http("PATCH", "/v1/documents/docs/a", doc=steps, Content_Type=JSON).status == 422
    assert stores["documents"]["a"] == {"a": 1}


def test_a_patch_keeps_digits_and_types(http, stores):
    stores["accounts"]["a"] = Account("8200", Decimal("1.10"))
    body = b'{"total": 12345678901234567890.10}'
    answer = http("PATCH", "/v1/accounts/docs/a", body, Content_Type=MERGE)
    assert answer.json() == {"code": "8200", "total": "12345678901234567890.10"}
    assert str(stores["accounts"]["a"].total) == "12345678901234567890.10"
    for change in ({"total": "x"}, {"code": None}, {"other": 1}, {"code": 7}):
        assert http("PATCH", "/v1/accounts/docs/a", doc=change, Content_Type=MERGE).status == 422
    assert stores["accounts"]["a"].code == "8200"


def test_a_patch_with_a_condition(http, stores):
    stores["documents"]["a"] = {"a": 1}
    tag = f'"{stores["documents"].tag("a")}"'
    first = http("PATCH", "/v1/documents/docs/a", doc={"b": 2}, Content_Type=MERGE, If_Match=tag)
    assert (first.status, first.headers["ETag"]) == (200, f'"{stores["documents"].tag("a")}"')
    again = http("PATCH", "/v1/documents/docs/a", doc={"b": 3}, Content_Type=MERGE, If_Match=tag)
    assert (again.status, stores["documents"]["a"]) == (412, {"a": 1, "b": 2})


def test_a_patch_that_cannot_begin(http):
    assert http("PATCH", "/v1/documents/docs/none", doc={}, Content_Type=MERGE).status == 404
    assert http("PATCH", "/v1/documents/docs/none", doc={}, Content_Type=MERGE, If_Match="*").status == 412
    assert http("PATCH", "/v1/documents/docs/a", b"{", Content_Type=MERGE).status == 400
    assert http("PATCH", "/v1/documents/docs/a", b"[" * 50_000, Content_Type=MERGE).status == 400
    other = http("PATCH", "/v1/documents/docs/a", doc={})
    assert (other.status, other.headers["Accept-Patch"]) == (415, f"{MERGE}, {JSON}")
    assert http("PATCH", "/v1/documents/docs/a", b"{}").status == 415
    assert http("PATCH", "/v1/bytes/docs/a", doc={}, Content_Type=MERGE).status == 405


def test_no_concurrent_patch_is_lost(http, stores):
    stores["documents"]["a"] = {}

    def patch(name):
        for number in range(5):
            http("PATCH", "/v1/documents/docs/a", doc={f"{name}{number}": 1}, Content_Type=MERGE)

    writers = [threading.Thread(target=patch, args=[name]) for name in "wxyz"]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert len(stores["documents"]["a"]) == 20
