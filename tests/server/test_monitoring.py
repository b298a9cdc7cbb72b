"""The probes and the metrics, and who may see them."""

import logging
import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

import holdall
from holdall.server import Scope, Tokens
from holdall.server.access import ADMIN
from tests.server.test_tokens import by


class Silent(holdall.PassThrough):
    """Answers a scan only after ``told``."""

    def __init__(self, store):
        super().__init__(store)
        self.told = threading.Event()
        self.scans = 0

    def scan(self, prefix="", *, start="", stop=None):
        self.scans += 1
        self.told.wait()
        return self._inner.scan(prefix, start=start, stop=stop)


class Away(holdall.PassThrough):
    def scan(self, prefix="", *, start="", stop=None):
        raise holdall.Unavailable("no answer from /srv/data")


def numbers(http, **headers):
    answer = http("GET", "/metrics", **headers)
    assert answer.status == 200
    families = text_string_to_metric_families(answer.data.decode())
    return {
        (each.name, *sorted(each.labels.items())): each.value
        for family in families
        for each in family.samples
    }


def test_the_probes_need_no_token_and_no_host(serving):
    with serving({"secret-name": holdall.Memory()}, tokens=holdall.Memory()) as http:
        for path in ("/healthz", "/readyz"):
            answer = http("GET", path, Host="10.0.0.7")
            assert (answer.status, answer.json()) == (200, {"status": "ok"})
            assert http("POST", path, b"").status == 401


def test_a_service_whose_store_is_away_is_not_ready(serving, caplog):
    with serving({"good": holdall.Memory(), "secret-name": Away(holdall.Memory())}) as http:
        assert http("GET", "/healthz").status == 200
        with caplog.at_level(logging.WARNING, "holdall.server"):
            answer = http("GET", "/readyz")
    assert (answer.status, answer.json()) == (503, {"status": "unavailable"})
    assert "'secret-name' is not ready: Unavailable" in caplog.text


def test_a_store_that_does_not_answer_is_asked_once(serving, monkeypatch):
    monkeypatch.setattr("holdall.server.probes._PATIENCE", 0.01)
    store = Silent(holdall.Memory())
    with serving({"a": store}) as http:
        assert [http("GET", "/readyz").status for _ in range(3)] == [503, 503, 503]
        assert store.scans == 1
        monkeypatch.setattr("holdall.server.probes._PATIENCE", 60)
        store.told.set()
        assert http("GET", "/readyz").status == 200


def test_a_service_that_ends_is_not_ready(serving):
    ending = threading.Event()
    with serving({"a": holdall.Memory()}, ending=ending) as http:
        ending.set()
        assert (http("GET", "/readyz").status, http("GET", "/healthz").status) == (503, 200)


def test_the_metrics_count_requests(serving):
    with serving({"a": holdall.Metrics(holdall.Memory())}) as http:
        http("PUT", "/v1/a/docs/x", b"12345")
        for path in ("/v1/a/docs/x", "/v1/a/docs/x", "/v1/a/docs/none", "/v1/unknown/docs/x"):
            http("GET", path)
        http("BREW", "/v1/a/docs/x")
        http.raw(b"PUT /v1/a/docs/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n")
        found = numbers(http)
    requests = "holdall_http_requests_total"
    assert found[requests, ("method", "PUT"), ("status", "201"), ("store", "a")] == 1
    assert found[requests, ("method", "GET"), ("status", "200"), ("store", "a")] == 2
    assert found[requests, ("method", "GET"), ("status", "404"), ("store", "a")] == 1
    assert found[requests, ("method", "GET"), ("status", "404"), ("store", "")] == 1
    assert found["holdall_http_requests_in_flight",] == 1
    assert found["holdall_http_long_requests",] == found["holdall_http_waiting_requests",] == 0
    assert found["holdall_http_received_bytes_total", ("store", "a")] == 5
    assert found["holdall_http_sent_bytes_total", ("store", "a")] >= 10
    assert found["holdall_http_request_seconds_count", ("method", "GET"), ("store", "a")] == 3
    assert (
        found["holdall_http_request_seconds_bucket", ("le", "+Inf"), ("method", "GET"), ("store", "a")] == 3
    )
    assert found["holdall_store_operations_total", ("operation", "get_tagged"), ("store", "a")] == 3
    assert not any("unknown" in str(each) or "BREW" in str(each) for each in found)


def test_only_an_administrator_sees_the_metrics(serving):
    kept = holdall.Memory()
    admin, writer = (Tokens(kept).add(*each) for each in (("boss", [ADMIN]), ("ada", [Scope(write=True)])))
    with serving({"a": holdall.Memory()}, tokens=kept) as http:
        assert http("GET", "/metrics").status == 401
        assert http("GET", "/metrics", **by(writer)).status == 403
        assert numbers(http, **by(admin))
        assert http("GET", "/v1/a/docs", **by(admin)).status == 403
    with serving({"a": holdall.Memory()}) as http:
        assert http("GET", "/metrics", X_Forwarded_For="203.0.113.7").status == 403
        assert http("GET", "/metrics", Host="evil.example").status == 421


PAGE = "https://books.example"
ASK = {"Origin": PAGE, "Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "if-match"}


def allowed(answer):
    return answer.headers.get("Access-Control-Allow-Origin")


def test_cross_origin_requests_are_off_unless_named(serving):
    with serving({"a": holdall.Memory()}) as http:
        for answer in (http("OPTIONS", "/v1/a/docs/x", **ASK), http("GET", "/v1/a/docs", Origin=PAGE)):
            assert [each for each in answer.headers if each.startswith("Access-Control")] == []
        assert http("PUT", "/v1/a/docs/x", b"", Origin=PAGE).status == 403


def test_pages_of_a_named_site_may_call(serving):
    with serving({"a": holdall.Memory()}, cors=[PAGE]) as http:
        ask = http("OPTIONS", "/v1/a/docs/x", **ASK)
        assert (ask.status, allowed(ask)) == (204, PAGE)
        assert "PUT" in ask.headers["Access-Control-Allow-Methods"]
        assert "If-Match" in ask.headers["Access-Control-Allow-Headers"]
        put = http("PUT", "/v1/a/docs/x", b"1", Origin=PAGE)
        assert (put.status, allowed(put)) == (201, PAGE)
        assert "ETag" in put.headers["Access-Control-Expose-Headers"]
        refused = http("GET", "/v1/a/docs/none", Origin=PAGE)
        assert (refused.status, allowed(refused), refused.headers["Vary"]) == (404, PAGE, "Origin")
        for other in ("https://evil.example", f"{PAGE}.evil.example", "null"):
            answer = http("PUT", "/v1/a/docs/x", b"2", Origin=other)
            assert (answer.status, allowed(answer)) == (403, None)
            assert allowed(http("OPTIONS", "/v1/a/docs/x", **{**ASK, "Origin": other})) is None
        assert "Access-Control-Allow-Credentials" not in put.headers


def test_a_preflight_needs_no_token_and_the_request_does(serving):
    kept = holdall.Memory()
    token = Tokens(kept).add("ada", [Scope(write=True)])
    with serving({"a": holdall.Memory()}, tokens=kept, cors=["*"]) as http:
        assert http("OPTIONS", "/v1/a/docs/x", **ASK).status == 204
        refused = http("PUT", "/v1/a/docs/x", b"", Origin=PAGE)
        assert (refused.status, allowed(refused)) == (401, "*")
        assert http("PUT", "/v1/a/docs/x", b"", Origin=PAGE, **by(token)).status == 201


def test_every_site_may_not_write_without_a_token(serving):
    with (
        pytest.raises(holdall.Invalid, match="would let the page of any site write"),
        serving({}, cors=["*"]),
    ):
        pass
