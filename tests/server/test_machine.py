"""The service against a dict: after any requests, both hold the same."""

from urllib.parse import quote

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import holdall
from holdall.testing.keyspace import near_keys

_documents = st.integers(0, 9) | st.lists(st.sampled_from(["x", "é"]), max_size=2)


class Machine(RuleBasedStateMachine):
    """Each rule is one request, and says what it must answer."""

    keys = Bundle("keys")

    def __init__(self, http, store):
        super().__init__()
        self.http, self.store, self.model = http, store, {}
        store.clear()

    def ask(self, method, key, **headers):
        return self.http(method, f"/v1/documents/docs/{quote(key, safe='/')}", **headers)

    @rule(target=keys, key=near_keys())
    def name(self, key):
        return key

    @rule(key=keys, value=_documents, condition=st.sampled_from(["", "new", "known", "stale", "any"]))
    def put(self, key, value, condition):
        there = key in self.model
        known = self.ask("GET", key).headers.get("ETag", '"none"')
        headers = {
            "": {},
            "new": {"If_None_Match": "*"},
            "known": {"If_Match": known},
            "stale": {"If_Match": '"stale"'},
            "any": {"If_Match": "*"},
        }[condition]
        fits = {"": True, "new": not there, "known": there, "stale": False, "any": there}[condition]
        answer = self.ask("PUT", key, doc=value, **headers)
        assert answer.status == ((204 if there else 201) if fits else 412)
        if fits:
            self.model[key] = value
            assert self.ask("GET", key, If_None_Match=answer.headers["ETag"]).status == 304

    @rule(key=keys)
    def get(self, key):
        answer = self.ask("GET", key)
        assert answer.status == (200 if key in self.model else 404)
        if key in self.model:
            assert answer.json() == self.model[key]

    @rule(key=keys)
    def delete(self, key):
        assert self.ask("DELETE", key).status == (204 if key in self.model else 404)
        self.model.pop(key, None)

    @rule(key=keys, value=_documents)
    def patch(self, key, value):
        answer = self.ask("PATCH", key, doc={"patched": value}, Content_Type="application/merge-patch+json")
        assert answer.status == (200 if key in self.model else 404)
        if key in self.model:
            before = self.model[key]
            self.model[key] = {**(before if isinstance(before, dict) else {}), "patched": value}

    @rule(value=_documents)
    def post(self, value):
        location = self.http("POST", "/v1/documents/docs", doc=value).headers["Location"]
        self.model[location.removeprefix("/v1/documents/docs/")] = value

    @rule(
        puts=st.dictionaries(keys, _documents, max_size=3),
        gone=st.lists(keys, max_size=2),
        new=st.none() | keys,
    )
    def transact(self, puts, gone, new):
        operations = [{"op": "put", "key": key, "value": value} for key, value in puts.items()]
        operations += [{"op": "delete", "key": key} for key in gone]
        operations += [{"op": "expect", "key": new, "tag": None}] if new else []
        answer = self.http("POST", "/v1/documents:transact", doc={"operations": operations})
        assert answer.status == (409 if new in self.model else 204)
        if answer.status == 204:
            self.model.update(puts)
            self.model = {key: value for key, value in self.model.items() if key not in gone}

    @rule(gets=st.lists(keys, max_size=3), puts=st.dictionaries(keys, _documents, max_size=3))
    def batch(self, gets, puts):
        operations = [{"op": "get", "key": key} for key in gets]
        operations += [{"op": "put", "key": key, "value": value} for key, value in puts.items()]
        results = self.http("POST", "/v1/documents:batch", doc={"operations": operations}).json()["results"]
        expected = [
            {"status": 200, "value": self.model[key]} if key in self.model else {"status": 404}
            for key in gets
        ] + [{"status": 204}] * len(puts)
        assert [{k: v for k, v in each.items() if k in ("status", "value")} for each in results] == expected
        self.model.update(puts)

    @invariant()
    def the_listing_is_the_dict(self):
        items = self.http("GET", "/v1/documents/docs?include=values&limit=1000").json()["items"]
        assert [(each["key"], each["value"]) for each in items] == sorted(self.model.items())


@pytest.fixture(scope="module")
def store():
    return holdall.Json(holdall.Memory())


def test_the_service_is_a_dict(serving, store):
    with serving({"documents": store}) as http:
        run_state_machine_as_test(
            lambda: Machine(http, store),
            settings=settings(max_examples=10, stateful_step_count=10, deadline=None),
        )
