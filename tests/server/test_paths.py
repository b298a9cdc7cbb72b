"""A path names one key: the one that its percent-encoded UTF-8 spells, or none."""

from urllib.parse import unquote

import pytest
from hypothesis import given, settings

import holdall
from holdall.testing.keyspace import GOOD, keys
from tests.server.keys import INVALID_UTF8, REFUSED_KEYS, TRAVERSALS, spellings

HEAD = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


@pytest.fixture(scope="module")
def stores():
    return {"open": holdall.Memory(), "secret": holdall.Memory()}


@pytest.fixture(scope="module")
def http(serving, stores):
    with serving(stores) as client:
        yield client


def test_every_legal_key_is_one_path_however_it_is_spelled(http, stores):
    for number, key in enumerate(GOOD):
        assert http("PUT", f"/v1/open/docs/{min(spellings(key))}", b"%d" % number).status == 201, key
    assert dict(stores["open"]) == {key: b"%d" % number for number, key in enumerate(GOOD)}
    for number, key in enumerate(GOOD):
        for path in {min(spellings(key)), max(spellings(key))}:
            assert http("GET", f"/v1/open/docs/{path}").data == b"%d" % number, path
    stores["open"].clear()


@given(key=keys())
@settings(max_examples=8, deadline=None)
def test_any_legal_key(http, stores, key):
    value = key.encode()
    for path in spellings(key):
        assert http("PUT", f"/v1/open/docs/{path}", value).status in (201, 204)
    assert dict(stores["open"]) == {key: value}
    assert http("DELETE", f"/v1/open/docs/{path}").status == 204


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_path_that_is_no_key_is_refused(http, stores, method):
    stores["open"]["a"] = b"safe"
    for key in REFUSED_KEYS:
        for path in spellings(key):
            answer = http.raw(f"{method} /v1/open/docs/{path} {HEAD}\r\n".encode()).split(b"\r\n")
            assert answer[0].split()[1] in (b"400", b"405"), path
    assert dict(stores["open"]) == {"a": b"safe"}


@pytest.mark.parametrize("path", INVALID_UTF8)
def test_a_path_that_is_not_utf_8_is_400(http, path):
    answer = http.raw(f"PUT /v1/open/docs/{path} {HEAD}\r\n".encode())
    assert b" 400 " in answer.splitlines()[0]


@pytest.mark.parametrize("target", [b"a\tb", b"a\x01", b"a\xe9", b"a\xc3\xa9", b"a#b"])
def test_a_character_that_must_be_encoded_names_no_other_key(http, stores, target):
    before = dict(stores["open"])
    answer = http.raw(
        b"PUT /v1/open/docs/%b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % target
    )
    assert b" 400 " in answer.splitlines()[0]
    assert dict(stores["open"]) == before


@pytest.mark.parametrize("path", TRAVERSALS)
def test_a_path_that_climbs_reaches_nothing_else(http, stores, path):
    stores["open"].clear()
    stores["open"]["a"] = stores["secret"]["a"] = b"safe"
    answer = http.raw(f"PUT /v1/open/docs/{path} {HEAD}Content-Length: 3\r\n\r\nbad".encode())
    status = int(answer.split()[1])
    spelled = {unquote(path)} if status == 201 else set()
    assert status in (201, 400, 404, 405)
    assert dict(stores["secret"]) == {"a": b"safe"}
    assert dict(stores["open"]) == {"a": b"safe", **dict.fromkeys(spelled, b"bad")}
