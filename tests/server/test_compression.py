"""Compressed answers, for clients that accept them."""

import gzip

import pytest

import holdall
from tests.adapters.http.service import running


@pytest.fixture(scope="module")
def http(serving):
    store = holdall.Json(holdall.Memory())
    store.update((f"k{number}", {"text": "holdall " * 10}) for number in range(50))
    with serving({"notes": store}) as client:
        yield client


LISTING = "/v1/notes/docs?include=values"


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "deflate,gzip ; q=1.0, *;q=0"])
def test_a_listing_is_compressed_for_who_accepts_it(http, accepted):
    plain = http("GET", LISTING, Accept_Encoding="identity")
    found = http("GET", LISTING, Accept_Encoding=accepted)
    assert found.headers["Content-Encoding"] == "gzip"
    assert int(found.headers["Content-Length"]) < len(plain.data) / 5
    assert found.data == plain.data
    assert found.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "gzip;q=0.000", "xgzip", "br"])
def test_it_is_not_for_others(http, accepted):
    assert "Content-Encoding" not in http("GET", LISTING, Accept_Encoding=accepted).headers


def test_a_value_with_an_etag_and_a_short_answer_are_sent_as_they_are(http):
    http("PUT", "/v1/notes/docs/long", doc={"text": "x" * 5000})
    for path in ("/v1/notes/docs/long", "/v1/notes/docs?limit=1"):
        assert "Content-Encoding" not in http("GET", path, Accept_Encoding="gzip").headers


def test_a_compressed_body_of_a_request_is_refused(http):
    body = gzip.compress(b'{"a": 1}')
    answer = http("PUT", "/v1/notes/docs/a", body, Content_Encoding="gzip", Content_Type="application/json")
    assert answer.status == 415


def test_the_client_accepts_compressed_answers_of_other_machines(monkeypatch):
    monkeypatch.setattr("holdall.adapters.http.link.is_local", lambda host: False)
    with running(stores=1) as service, service.open() as store:
        values = {f"k{number}": b"holdall " * 20 for number in range(400)}
        store.update(values)
        assert dict(store.items()) == dict(store.get_many(values)) == values
