"""Leases over a socket: one client holds each, until it gives it back or is late."""

from datetime import UTC, datetime

import pytest

import holdall
from holdall import Lease
from holdall.server import Scope, Tokens


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return {
        "notes": holdall.Json(holdall.Memory()),
        "none": holdall.open(f"dbm:{tmp_path_factory.mktemp('d')}/a?flavor=dumb"),
    }


@pytest.fixture(scope="module")
def kept():
    return holdall.Memory()


@pytest.fixture(scope="module")
def token(kept):
    tokens = Tokens(kept)
    return {
        name: {"Authorization": f"Bearer {tokens.add(name, scopes)}"}
        for name, scopes in {
            "ada": [Scope("*", write=True)],
            "bob": [Scope("*", write=True)],
            "reader": [Scope("*")],
            "part": [Scope("notes", "part/", write=True)],
        }.items()
    }


@pytest.fixture(scope="module")
def http(serving, stores, kept):
    with serving(stores, tokens=kept) as client:
        yield client


@pytest.fixture
def path(request):
    return f"/v1/notes/leases/{request.node.name[:80]}"


def take(http, path, by, ttl=60):
    return http("POST", path, doc={"ttl": ttl}, **by)


def test_one_client_at_a_time_holds_a_lease(http, token, path):
    mine = take(http, path, token["ada"])
    assert (mine.status, mine.json()["fence"], mine.json()["holder"]) == (201, 1, "ada")
    refused = take(http, path, token["bob"])
    problem = refused.json()
    assert (refused.status, problem["type"], problem["holder"]) == (409, "urn:holdall:Held", "ada")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert datetime.fromisoformat(problem["until"]) > datetime.now(UTC)
    assert mine.headers["ETag"] not in str(problem)
    held = {"If_Match": mine.headers["ETag"]}
    renewed = http("PUT", path, doc={"ttl": 30}, **held, **token["ada"])
    assert (renewed.status, renewed.json()["fence"], renewed.json()["ttl"]) == (200, 1, 30)
    assert http("DELETE", path, **held, **token["ada"]).status == 204
    yours = take(http, path, token["bob"])
    assert (yours.status, yours.json()["fence"]) == (201, 2)
    assert http("PUT", path, doc={"ttl": 30}, **held, **token["ada"]).status == 412
    assert http("DELETE", path, **held, **token["ada"]).status == 412


def test_a_lease_of_a_client_that_died_is_free_after_its_time(http, token, path):
    assert take(http, path, token["ada"], 0.2).status == 201
    while (answer := take(http, path, token["bob"])).status == 409:
        pass
    assert (answer.status, answer.json()["fence"]) == (201, 2)


def test_a_program_and_a_client_compete_for_the_same_lease(http, token, stores, path):
    name = path.rpartition("/")[2]
    with Lease(stores["notes"], name, 60, holder="a job für alle") as lease:
        assert take(http, path, token["ada"]).json()["holder"] == "a job für alle"
        lease.check()
    mine = take(http, path, token["ada"])
    assert mine.status == 201
    other = Lease(stores["notes"], name, 60)
    assert not other.acquire(timeout=0)
    assert other.rival.holder == "ada"


def test_another_worker_of_the_service_renews_it(serving, http, token, stores, kept, path):
    mine = take(http, path, token["ada"])
    with serving(stores, tokens=kept) as second:
        held = {"If_Match": mine.headers["ETag"]}
        assert second("PUT", path, doc={"ttl": 30}, **held, **token["ada"]).status == 200
        assert take(second, path, token["bob"]).status == 409
        assert second("DELETE", path, **held, **token["ada"]).status == 204


def test_a_request_that_is_not_valid_is_refused(http, token, path):
    for body in (b"", b"{}", b'{"ttl": "1"}', b'{"ttl": 1, "x": 1}', b"[]"):
        assert http("POST", path, body, Content_Type="application/json", **token["ada"]).status == 400
    for ttl in (0, -1, 86_401):
        assert take(http, path, token["ada"], ttl).status == 422
    assert http("PUT", path, doc={"ttl": 1}, **token["ada"]).status == 428
    assert http("DELETE", path, **token["ada"]).status == 428
    for tag in ("*", "x", '"1.x"', 'W/"1.' + "0" * 32 + '"', '"1.' + "0" * 32 + '"'):
        assert http("DELETE", path, If_Match=tag, **token["ada"]).status == 412
    assert http("GET", path, **token["ada"]).status == 405
    assert take(http, f"{path}?x=1", token["ada"]).status == 400
    assert take(http, "/v1/notes/leases/a%5cb", token["ada"]).status == 400


def test_a_lease_needs_the_right_to_write_its_name(http, token):
    assert take(http, "/v1/notes/leases/part/1", token["reader"]).status == 403
    assert take(http, "/v1/notes/leases/part/1", token["part"]).status == 201
    assert take(http, "/v1/notes/leases/other", token["part"]).status == 403
