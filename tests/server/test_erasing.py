"""DELETE of the keys under a prefix, over a socket: only if the request says so."""

import pytest

import holdall

KEYS = ["a", "a/1", "a/2", "a/b/3", "b/1"]
HIDDEN = "a/.holdall/x"


@pytest.fixture(scope="module")
def store():
    return holdall.Memory()


@pytest.fixture(scope="module")
def http(serving, store):
    with serving({"notes": store}, raw=True) as client:
        yield client


@pytest.fixture(autouse=True)
def _fill(store):
    store.raw().clear()
    store.update(dict.fromkeys(KEYS, b"x"))
    store.raw()[HIDDEN] = b"x"


DELETED = {
    "docs?prefix=a/": KEYS[1:4],
    "docs?prefix=a": KEYS[:4],
    "docs/a/?prefix=b/": KEYS[3:4],
    "docs/a/?all=true": KEYS[1:4],
    "docs?prefix=a/&start=a/2&seconds=1": KEYS[2:4],
    "docs?all=true": KEYS,
    "docs?prefix=none": [],
    "docs?prefix=.holdall/": [],
    "docs/?prefix=a//": [],
}


@pytest.mark.parametrize("path", DELETED)
def test_the_keys_under_a_prefix_are_deleted(http, store, path):
    answer = http("DELETE", f"/v1/notes/{path}")
    assert (answer.status, answer.json()) == (200, {})
    assert list(store.raw()) == sorted({*KEYS, HIDDEN} - {*DELETED[path]})


REFUSED = ["", "?prefix=", "?all=", "?all=false", "?all=true&prefix=a", "?all=true&prefix=", "?start=a"]
REFUSED += ["?prefix=a&seconds=9", "?prefix=a&prefix=b", "?all=true&limit=1", "?prefix=%ED%A0%80"]


@pytest.mark.parametrize("query", REFUSED)
@pytest.mark.parametrize("path", ["docs", "docs/", "docs/a/"])
def test_a_request_that_does_not_say_which_keys_deletes_none(http, store, path, query):
    assert http("DELETE", f"/v1/notes/{path}{query}").status == 400
    assert list(store.raw()) == sorted([*KEYS, HIDDEN])


@pytest.mark.parametrize("condition", ["If_Match", "If_None_Match"])
def test_a_condition_is_refused(http, store, condition):
    assert http("DELETE", "/v1/notes/docs?prefix=a", **{condition: "*"}).status == 400
    assert list(store) == KEYS


def test_a_raw_store_deletes_reserved_keys_too(http, store):
    assert http("DELETE", "/v1/notes:raw/docs?prefix=a/").status == 200
    assert list(store.raw()) == ["a", "b/1"]


def test_a_full_service_deletes_and_a_read_only_one_does_not(serving, store):
    with serving({"notes": store}, readonly=True) as http:
        assert http("DELETE", "/v1/notes/docs?prefix=a").status == 403
    with serving({"notes": holdall.ReadOnly(store)}) as http:
        assert http("DELETE", "/v1/notes/docs?prefix=a").status == 403
    assert list(store) == KEYS
