"""Bearer tokens: what each may do, and that a store keeps only their hashes."""

import json
import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest

import holdall
from holdall.server import Scope, Tokens
from tests.cli.console import good, refusal

ITEM = {"op": "put", "key": "ada/3", "value": "x"}


@pytest.fixture(scope="module")
def kept():
    return holdall.Memory()


@pytest.fixture(scope="module")
def token(kept):
    tokens = Tokens(kept)
    hour = timedelta(hours=1)
    return {
        "writer": tokens.add("writer", [Scope("notes", "", write=True)]),
        "ada": tokens.add("ada", [Scope("notes", "ada/", write=True), Scope("notes", "shared/")]),
        "reader": tokens.add("reader", [Scope("*")], datetime.now(UTC) + hour),
        "expired": tokens.add("expired", [Scope("*", write=True)], datetime.now(UTC) - hour),
    }


@pytest.fixture(scope="module")
def stores():
    return {"notes": holdall.Versions(holdall.Text(holdall.Memory())), "other": holdall.Memory()}


@pytest.fixture(scope="module")
def http(serving, stores, kept):
    with serving(stores, tokens=kept) as client:
        yield client


@pytest.fixture(autouse=True)
def _notes(stores):
    stores["notes"].update({"ada/1": "a", "shared/1": "s", "bob/1": "b"})


def by(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_request_without_a_token_that_holds_is_401(http, token):
    wrong = token["ada"][:-1] + ("A" if token["ada"][-1] != "A" else "B")
    swapped = token["ada"].replace("ada", "writer", 1)
    for given in ("", "x", "holdall_ada.x", wrong, swapped, token["expired"], "é"):
        refused = http("PUT", "/v1/notes/docs/ada/1", b"bad", **by(given))
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer"), given
    assert http("GET", "/v1/none").status == 401
    assert http("GET", "/v1/notes/docs/ada/1").status == 401
    assert http("GET", "/v1/notes/docs/ada/1", Authorization="Basic " + token["ada"]).status == 401
    assert http("GET", "/v1/notes/docs/ada/1", Authorization="bearer " + token["ada"]).status == 200


ALLOWED = [
    ("ada", "GET", "docs/ada/1", True),
    ("ada", "PUT", "docs/ada/1", True),
    ("ada", "GET", "docs/shared/1", True),
    ("ada", "PUT", "docs/shared/1", False),
    ("ada", "DELETE", "docs/shared/1", False),
    ("ada", "GET", "docs/bob/1", False),
    ("ada", "PUT", "docs/ada", False),
    ("ada", "PUT", "docs/adam/1", False),
    ("ada", "GET", "docs", False),
    ("ada", "GET", "docs?prefix=ada/", True),
    ("ada", "GET", "docs/ada/", True),
    ("ada", "GET", "docs?prefix=ada", False),
    ("ada", "POST", "docs/ada/", True),
    ("ada", "POST", "docs", False),
    ("ada", "GET", "changes", False),
    ("ada", "GET", "changes?prefix=ada/", True),
    ("ada", "DELETE", "docs?prefix=ada/", True),
    ("ada", "DELETE", "docs/ada/?all=true", True),
    ("ada", "DELETE", "docs?prefix=ada", False),
    ("ada", "DELETE", "docs/bob/?all=true", False),
    ("ada", "DELETE", "docs?all=true", False),
    ("reader", "DELETE", "docs?prefix=ada/", False),
    ("reader", "GET", "docs", True),
    ("reader", "PUT", "docs/ada/1", False),
    ("reader", "POST", "docs", False),
    ("writer", "PUT", "docs/bob/1", True),
]


@pytest.mark.parametrize(("who", "method", "path", "allowed"), ALLOWED)
def test_a_token_reaches_its_scopes(http, token, stores, who, method, path, allowed):
    before = dict(stores["notes"])
    answer = http(
        method, f"/v1/notes/{path}", b"new" if method in ("PUT", "POST") else None, **by(token[who])
    )
    assert (answer.status < 400) == allowed
    assert allowed or (answer.status, dict(stores["notes"])) == (403, before)


def test_a_token_of_one_store_does_not_reach_another(http, token):
    assert http("GET", "/v1/other/docs", **by(token["writer"])).status == 403
    assert http("GET", "/v1/none/docs", **by(token["writer"])).status == 403
    assert http("GET", "/v1/other/docs", **by(token["reader"])).status == 200
    assert http("GET", "/v1/none/docs", **by(token["reader"])).status == 404


def test_each_operation_of_a_batch_is_checked(http, token, stores):
    operations = [{"op": "get", "key": "bob/1"}, ITEM, {"op": "delete", "key": "shared/1"}]
    answer = http("POST", "/v1/notes:batch", doc={"operations": operations}, **by(token["ada"])).json()
    assert [each["status"] for each in answer["results"]] == [403, 204, 403]
    operations = [ITEM, {"op": "expect", "key": "bob/1", "tag": None}]
    assert (
        http("POST", "/v1/notes:transact", doc={"operations": operations}, **by(token["ada"])).status == 403
    )


def test_a_token_that_is_revoked_is_refused_at_once(http, kept):
    tokens = Tokens(kept)
    given = tokens.add("gone", [Scope("*")])
    assert http("GET", "/v1/notes/docs", **by(given)).status == 200
    tokens.revoke("gone")
    assert http("GET", "/v1/notes/docs", **by(given)).status == 401
    again = tokens.add("gone", [Scope("other")])
    assert http("GET", "/v1/notes/docs", **by(given)).status == 401
    assert http("GET", "/v1/notes/docs", **by(again)).status == 403
    tokens.revoke("gone")


def test_a_store_keeps_no_token_and_serves_none(serving, kept, token):
    stored = b"".join(kept.raw().values())
    for each in token.values():
        assert each.partition(".")[2].encode() not in stored
    assert len(kept) == 0
    with serving({"tokens": kept}) as http:
        assert http("GET", "/v1/tokens/docs").json() == {"items": []}
        assert http("GET", "/v1/tokens/docs/.holdall/tokens/ada").status == 400


def test_a_read_only_service_lets_no_token_write(serving, stores, kept, token):
    with serving(stores, tokens=kept, readonly=True) as http:
        assert http("PUT", "/v1/notes/docs/bob/1", b"x", **by(token["writer"])).status == 403
        assert http("GET", "/v1/notes/docs/bob/1", **by(token["writer"])).status == 200


def test_a_write_through_a_proxy_needs_a_token_alone(http, token):
    sent = {"X_Forwarded_For": "203.0.113.7", **by(token["writer"])}
    assert http("PUT", "/v1/notes/docs/bob/1", b"x", **sent).status == 204


def test_a_wrong_secret_costs_no_slow_hash(http, token, monkeypatch):
    monkeypatch.setattr("holdall.server.tokens._hash", None)
    wrong = token["ada"][:-8] + "A" * 8
    assert http("GET", "/v1/notes/docs/ada/1", **by(wrong)).status == 401


def test_a_right_secret_costs_one_slow_hash(kept, token, monkeypatch):
    hashed = []
    slow = holdall.server.tokens._hash
    monkeypatch.setattr("holdall.server.tokens._hash", lambda *given: hashed.append(1) or slow(*given))
    tokens = Tokens(kept)
    threads = [threading.Thread(target=tokens.access, args=(token["ada"],)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert tokens.access(token["ada"]).name == "ada"
    assert hashed == [1]


def test_the_token_is_the_author_of_what_it_writes(http, token, stores, caplog):
    with caplog.at_level(logging.INFO, "holdall.server.audit"):
        http("PUT", "/v1/notes/docs/ada/1", b"by ada", **by(token["ada"]))
        http("PUT", "/v1/notes/docs/bob/1", b"by ada", **by(token["ada"]))
        http("GET", "/v1/notes/docs/ada/1", **by(token["ada"]))
    assert next(stores["notes"].history("ada/1")).author == "ada"
    lines = [json.loads(each.getMessage()) for each in caplog.records if each.name.endswith("audit")]
    told = [(each["token"], each["method"], each["path"], each["status"]) for each in lines]
    assert told == [("ada", "PUT", "/v1/notes/docs/ada/1", 204), ("ada", "PUT", "/v1/notes/docs/bob/1", 403)]
    assert token["ada"] not in caplog.text


def test_the_commands(folder):
    kept = ["--tokens", "sqlite:///tokens.db"]
    given = good("token", "add", "ada", *kept, "--allow", "write:notes:ada/", "--allow", "read:*").strip()
    with holdall.open("sqlite:///tokens.db") as store:
        access = Tokens(store).access(given)
    assert access.scopes == (Scope("notes", "ada/", write=True), Scope())
    (row,) = json.loads(good("token", "list", *kept, "--json"))
    assert (row["name"], row["allows"], row["expires"]) == ("ada", "write:notes:ada/ read:*", "never")
    assert "has a token already" in refusal("token", "add", "ada", *kept, "--allow", "read:*")
    assert "is not a scope" in refusal("token", "add", "bob", *kept, "--allow", "admin:*", code=2)
    assert good("token", "add", "boss", *kept, "--allow", "admin")
    assert "is not a name" in refusal("token", "add", "a b", *kept, "--allow", "read:*")
    good("token", "revoke", "ada", *kept)
    assert "has no token" in refusal("token", "revoke", "ada", *kept)
