"""Earlier values over a socket: revisions, reads of the past, revert and diff."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import pytest

import holdall
from holdall.server import Scope, Tokens


@pytest.fixture(scope="module")
def stores():
    return {
        "notes": holdall.Versions(holdall.Json(holdall.Memory())),
        "texts": holdall.Versions(holdall.Text(holdall.Memory())),
        "plain": holdall.Json(holdall.Memory()),
    }


@pytest.fixture(scope="module")
def http(serving, stores):
    with serving(stores) as client:
        yield client


@pytest.fixture
def key(stores, request):
    """A key with three revisions: two values and a deletion, and a later value."""
    key = f"{request.node.name[:40]}/é"
    with holdall.note(author="Ann", message="first"):
        stores["notes"][key] = {"n": 1}
    stores["notes"][key] = {"n": 2, "amount": 1.50}
    del stores["notes"][key]
    stores["notes"][key] = {"n": 4}
    return key


def get(http, path, **asked):
    query = "&".join(f"{name.rstrip('_')}={quote(str(value))}" for name, value in asked.items())
    return http("GET", f"/v1/notes{quote(path)}?{query}")


def test_history_lists_the_revisions(http, key):
    told = get(http, f"/history/{key}").json()
    assert [(each["revision"], each["deleted"]) for each in told["revisions"]] == [
        *((4, False), (3, True), (2, False), (1, False))
    ]
    first = told["revisions"][-1]
    assert (first["author"], first["message"]) == ("Ann", "first")
    assert datetime.fromisoformat(first["time"]).tzinfo == UTC
    assert "next" not in told


def test_pages_of_a_history_join(http, key):
    told, link = [], f"/v1/notes/history/{quote(key)}?limit=3"
    sizes = []
    while link:
        page = http("GET", link).json()
        told += [each["revision"] for each in page["revisions"]]
        sizes.append(len(page["revisions"]))
        link = page.get("next")
    assert (told, sizes) == ([4, 3, 2, 1], [3, 1])


def test_a_value_at_a_revision(http, key):
    assert [get(http, f"/docs/{key}", at=number).status for number in (1, 2, 3, 4, 5)] == [
        *(200, 200, 404, 200, 404)
    ]
    assert get(http, f"/docs/{key}", at=2).json() == {"n": 2, "amount": 1.5}
    assert get(http, "/docs/never", at=1).status == 404


def test_the_store_as_of_a_time(http, stores, key):
    moment = datetime.now(UTC)
    stores["notes"][key] = {"n": 5}
    stores["notes"][f"{key}later"] = {"n": 1}
    asked = {"as_of": moment.isoformat()}
    assert get(http, f"/docs/{key}", **asked).json() == {"n": 4}
    assert get(http, f"/docs/{key}later", **asked).status == 404
    page = get(http, "/docs", include="values", prefix=key, **asked).json()
    assert page["items"] == [{"key": key, "value": {"n": 4}}]
    assert get(http, "/docs", include="tags", **asked).status == 400


def test_a_link_to_the_next_page_keeps_the_time(http, stores, key):
    stores["notes"][f"{key}/2"] = {}
    moment = datetime.now(UTC).isoformat()
    stores["notes"][f"{key}/3"] = {}
    told, link = [], f"/v1/notes/docs?limit=1&prefix={quote(key)}&as_of={quote(moment)}"
    while link:
        page = http("GET", link).json()
        told += [each["key"] for each in page["items"]]
        link = page.get("next")
    assert told == [key, f"{key}/2"]


def revert(http, **asked):
    return http("POST", "/v1/notes:revert", doc=asked)


def test_revert_writes_an_earlier_value_again(http, stores, key):
    store = stores["notes"]
    assert revert(http, key=key, revision=2).status == 204
    assert store[key] == {"n": 2, "amount": 1.5}
    assert next(store.history(key)).message == "revert to 2"
    assert revert(http, key=key, revision=3, message="it was deleted").status == 204
    assert key not in store
    assert next(store.history(key)).message == "it was deleted"
    assert revert(http, key=key, revision=99).status == 404
    assert revert(http, key="never", revision=1).status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"key": "a"}',
        b'{"key": "a", "revision": 0}',
        b'{"key": "a", "revision": "1"}',
        b'{"key": "a", "revision": 1, "other": 1}',
        b'{"key": "..", "revision": 1}',
    ],
)
def test_a_revert_that_is_not_valid_is_400(http, body):
    assert http("POST", "/v1/notes:revert", body, Content_Type="application/json").status == 400


def diff(http, key, old, new):
    return get(http, ":diff", key=key, from_=old, to=new)


def test_a_diff_is_a_json_patch(http, key):
    answer = diff(http, key, 1, 2)
    assert answer.headers["Content-Type"] == "application/json-patch+json"
    assert {each["path"] for each in answer.json()} == {"/n", "/amount"}
    assert b"1.5" in answer.data
    assert diff(http, key, 4, 4).json() == []
    assert diff(http, key, 3, 4).json() == [{"op": "replace", "path": "", "value": {"n": 4}}]
    assert diff(http, key, 1, 9).status == 404
    assert diff(http, "never", 1, 2).status == 404


def test_numbers_of_a_diff_keep_their_digits(http, stores):
    stores["notes"]["digits"] = {"n": 12345678901234567890}
    stores["notes"]["digits"] = {"n": 12345678901234567891}
    assert b"12345678901234567891" in diff(http, "digits", 1, 2).data


def test_the_patch_between_large_documents_replaces_all(http, stores):
    stores["notes"]["large"] = list(range(40_000))
    stores["notes"]["large"] = rest = list(range(0, 40_000, 2))  # one by one, this would take minutes
    assert diff(http, "large", 1, 2).json() == [{"op": "replace", "path": "", "value": rest}]
    assert diff(http, "large", 2, 2).json() == []


def test_text_has_a_history_and_no_diff(http, stores):
    stores["texts"]["a"] = "one"
    stores["texts"]["a"] = "two"
    assert http("GET", "/v1/texts/docs/a?at=1").data == b"one"
    assert http("GET", "/v1/texts:diff?key=a&from=1&to=2").status == 501


def test_a_value_knows_when_it_was_modified(http, stores, key):
    written = next(stores["notes"].history(key)).time.replace(microsecond=0)
    assert parsedate_to_datetime(get(http, f"/docs/{key}").headers["Last-Modified"]) == written
    stores["plain"]["a"] = 1
    assert "Last-Modified" not in http("GET", "/v1/plain/docs/a").headers


def test_a_header_gives_the_message(http, stores, key):
    path = f"/v1/notes/docs/{quote(key)}"
    assert http("PUT", path, doc=1, Holdall_Message=quote("für Änn")).status == 204
    assert next(stores["notes"].history(key)).message == "für Änn"
    assert http("PUT", path, doc=1, Holdall_Message="%ff").status == 400
    assert http("PUT", path, doc=1, Holdall_Message="x" * 1001).status == 431


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("/docs/a?at=0", "at is not a whole number"),
        ("/docs/a?at=x", "at is not a whole number"),
        ("/docs/a?at=1&as_of=2026-01-01T00:00:00Z", "give only one of the parameters at, as_of"),
        ("/docs/a?as_of=2026-01-01", "as_of is not a time"),
        ("/docs/a?as_of=2026-01-01T00:00:00+01:00", "percent-encode a + as %2B"),
        ("/docs/a?at=1&at=2", "the parameter at is given twice"),
        ("/docs/a?ta=1", "the parameter 'ta' is unknown; choose from at, as_of"),
        ("/docs?at=1", "the parameter 'at' is unknown"),
        ("/history/a?cursor=x", "the cursor is not one that a page returned"),
        ("/history/a?limit=1001", "limit is not a whole number"),
        ("/history/a/", "key"),
        (":diff?key=a&from=1", "the parameter to is missing"),
        (":diff?key=a&from=1&to=0", "to is not a whole number"),
    ],
)
def test_a_parameter_that_is_not_valid_is_named(http, query, told):
    answer = http("GET", f"/v1/notes{query}")
    assert (answer.status, told in answer.json()["detail"]) == (400, True), answer.data


def test_a_write_takes_no_parameters(http):
    for method, path in [("PUT", "docs/a"), ("DELETE", "docs/a"), ("PATCH", "docs/a"), ("POST", "docs/")]:
        answer = http(method, f"/v1/notes/{path}?at=1", doc={})
        assert (answer.status, answer.json()["detail"]) == (
            400,
            "the parameter 'at' is unknown; this request takes none",
        )


def test_a_store_without_history_says_so(http):
    for path in ("history/a", "docs/a?at=1", "docs?as_of=2026-01-01T00:00:00Z"):
        answer = http("GET", f"/v1/plain/{path}")
        assert (answer.status, "keeps no history" in answer.json()["detail"]) == (501, True)
    assert http("GET", "/v1/plain:diff?key=a&from=1&to=2").status == 501
    assert http("POST", "/v1/plain:revert", doc={"key": "a", "revision": 1}).status == 501


def test_the_past_needs_the_scopes_of_the_present(serving, stores, key):
    kept = holdall.Memory()
    reader = Tokens(kept).add("reader", [Scope("notes", key)])
    other = Tokens(kept).add("other", [Scope("notes", "other/", write=True)])
    writer = Tokens(kept).add("writer", [Scope("notes", "", write=True)])
    path = f"/v1/notes/history/{quote(key)}"
    asked = {"key": key, "revision": 1}
    with serving(stores, tokens=kept) as http:

        def by(token, method, path, **sent):
            return http(method, path, Authorization=f"Bearer {token}", **sent).status

        for each in (
            path,
            f"/v1/notes/docs/{quote(key)}?at=1",
            f"/v1/notes:diff?key={quote(key)}&from=1&to=2",
        ):
            assert (by(reader, "GET", each), by(other, "GET", each)) == (200, 403)
        for token in (reader, other):
            assert by(token, "POST", "/v1/notes:revert", doc=asked) == 403
        assert by(writer, "POST", "/v1/notes:revert", doc=asked) == 204
        assert next(stores["notes"].history(key)).author == "writer"
