"""Views over a socket: their rows and keys by page, stale answers, and a refresh."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import quote

import pytest

import holdall
from holdall.query import MapReduce, View
from holdall.server import Scope, Tokens, app
from holdall.server.groups import read_group, write_group

DAY = date(2026, 9, 30)
MOMENT = datetime(2026, 9, 30, 12, tzinfo=UTC)
GROUPS = [
    None,
    False,
    True,
    -7,
    0,
    1.5,
    "EUR",
    DAY,
    MOMENT,
    (),
    ("EUR",),
    ("EUR", 7),
    ("EUR", DAY),
    ("USD", None),
]


def by_group(key, document):
    yield read_group("key", document["group"]), document["n"]


@pytest.fixture(scope="module")
def stores():
    return {"notes": holdall.Json(holdall.Memory()), "none": holdall.Memory()}


@pytest.fixture(scope="module")
def views(stores):
    store = stores["notes"]
    for number, group in enumerate(GROUPS):
        for each in "ab":
            store[f"{number:02}{each}"] = {"group": bytes(write_group(group)).decode(), "n": number}
    return [
        View(store, MapReduce(by_group, "sum"), name="sums"),
        View(store, MapReduce(by_group, None), name="all"),
        View(store, MapReduce(by_group, max), name="largest"),
        View(store, MapReduce(by_group, "count"), name="old"),
        View(store, MapReduce(by_group, "count"), name="part", prefix="0"),
    ]


@pytest.fixture(scope="module")
def http(serving, stores, views):
    with serving(stores, views={"notes": views}) as client:
        yield client


def read(http, name, **asked):
    query = "&".join(f"{each}={quote(str(value))}" for each, value in asked.items())
    return http("GET", f"/v1/notes/views/{name}?{query}")


def test_views_are_listed(http):
    listed = http("GET", "/v1/notes/views").json()["views"]
    assert [(each["name"], each["prefix"]) for each in listed] == [
        *(("all", ""), ("largest", ""), ("old", ""), ("part", "0"), ("sums", ""))
    ]
    assert http("GET", "/v1/none/views").json() == {"views": []}


def test_rows_are_those_of_the_view(http, views):
    page = read(http, "sums").json()
    assert [(read_group("key", json.dumps(each["key"])), each["value"]) for each in page["rows"]] == [
        (row.key, row.value) for row in views[0].rows()
    ]
    assert (page["stale"], "next" in page) == (False, False)
    assert datetime.fromisoformat(page["refreshed"]) <= datetime.now(UTC)


@pytest.mark.parametrize("name", ["sums", "all"])
@pytest.mark.parametrize("limit", [1, 3])
def test_pages_join(http, views, name, limit):
    view = next(each for each in views if each.name == name)
    told, link = [], f"/v1/notes/views/{name}?limit={limit}"
    while link:
        page = http("GET", link).json()
        assert len(page["rows"]) <= limit
        told += [(read_group("key", json.dumps(each["key"])), each["value"]) for each in page["rows"]]
        link = page.get("next")
    assert told == [(row.key, row.value) for row in view.rows()]


@pytest.mark.parametrize(
    "asked", [{"group": 1}, {"start": '"EUR"', "stop": '["EUR"]'}, {"key": '["EUR"]'}, {"group": 0}]
)
def test_ranges_and_levels(http, views, asked):
    level = asked.get("group")
    key = ("EUR",) if "key" in asked else ...
    between = ("EUR", ("EUR",)) if "start" in asked else (..., ...)
    expected = [(row.key, row.value) for row in views[0].rows(level, at=key, between=between)]
    told, link = (
        [],
        "/v1/notes/views/sums?limit=1&" + "&".join(f"{n}={quote(str(v))}" for n, v in asked.items()),
    )
    while link:
        page = http("GET", link).json()
        told += [(read_group("key", json.dumps(each["key"])), each["value"]) for each in page["rows"]]
        link = page.get("next")
    assert told == expected
    assert expected


def test_the_keys_behind_a_row(http):
    first = read(http, "sums", keys='["EUR", 7]', limit=1).json()
    assert first["items"] == [{"key": "11a"}]
    assert http("GET", first["next"]).json()["items"] == [{"key": "11b"}]
    assert read(http, "sums", keys='"none"').json()["items"] == []


def test_a_stale_answer_is_labelled(http, stores):
    fresh = read(http, "old", group=0).json()
    stores["notes"]["30"] = {"group": "7", "n": 1}
    stale = read(http, "old", group=0, stale="ok")
    assert (stale.json()["stale"], stale.json()["rows"]) == (True, fresh["rows"])
    assert int(stale.headers["Age"]) >= 0
    assert http("POST", "/v1/notes/views/old:refresh").json()["documents"] == 1
    assert read(http, "old", group=0, stale="ok").json()["rows"] != fresh["rows"]
    del stores["notes"]["30"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("key=EUR", "key is not a group; write it as JSON"),
        ("key={}", "key is not a group"),
        ('key={"date":"x"}', "key is not a group"),
        ('key={"date":7}', "key is not a group"),
        ('key={"number":"1"}', "key is not a group"),
        ("key=[[1]]", "key is not a group"),
        ("key=" + "[" * 5000, "key is not a group"),
        ("key=1&start=1", "give only one of the parameters key, start"),
        ("keys=1&group=1", "give only one of the parameters keys, group"),
        ("group=-1", "group is not a whole number from 0 to 100"),
        ("stale=1", "stale is not ok"),
        ("limit=0", "limit is not a whole number"),
        ("cursor=eA", "cursor"),
        ("cursor=MSA", "cursor"),
        ("other=1", "the parameter 'other' is unknown"),
    ],
)
def test_a_parameter_that_is_not_valid_is_named(http, query, told):
    answer = http("GET", f"/v1/notes/views/sums?{quote(query, safe='=&')}")
    assert (answer.status, told in answer.json()["detail"]) == (400, True), answer.data


def test_a_reversed_range_has_no_rows(http):
    assert read(http, "sums", start=2, stop=1).json()["rows"] == []


def test_other_names_are_404(http):
    assert http("GET", "/v1/notes/views/other").status == 404
    assert http("POST", "/v1/notes/views/other:refresh").status == 404
    assert http("GET", "/v1/none/views/sums").status == 404
    assert http("POST", "/v1/notes/views/sums").status == 405


def test_a_view_needs_the_scope_of_its_documents(serving, stores, views):
    kept = holdall.Memory()
    part = Tokens(kept).add("part", [Scope("notes", "0")])
    writer = Tokens(kept).add("writer", [Scope("notes", "", write=True)])
    with serving(stores, views={"notes": views}, tokens=kept) as http:
        by = {"Authorization": f"Bearer {part}"}
        assert [each["name"] for each in http("GET", "/v1/notes/views", **by).json()["views"]] == ["part"]
        assert http("GET", "/v1/notes/views/part", **by).status == 200
        assert http("GET", "/v1/notes/views/sums", **by).status == 403
        assert http("POST", "/v1/notes/views/part:refresh", **by).status == 403
        by = {"Authorization": f"Bearer {writer}"}
        assert http("POST", "/v1/notes/views/part:refresh", **by).status == 200


def test_a_value_that_json_cannot_write_says_so(serving):
    store = holdall.Json(holdall.Memory())
    store["a"] = {}
    strange = View(store, MapReduce(lambda key, value: [(1, value)], Strange()), name="strange")
    with serving({"notes": store}, views={"notes": [strange]}) as http:
        assert read(http, "strange").status == 501


class Strange:
    """Its results are numbers that JSON does not have."""

    def fold(self, values):
        return len(values)

    def merge(self, left, right):
        return left + right

    def result(self, partial):
        return partial * 1j


@pytest.mark.parametrize(
    "group", [*GROUPS, Decimal("1.50"), float("inf"), -float("inf"), ("a", Decimal("0.1"))]
)
def test_a_group_is_written_and_read_back(group):
    text = bytes(write_group(group)).decode()
    assert read_group("key", text) == group
    assert text.count("1.50") == (group == Decimal("1.50") and isinstance(group, Decimal))


def test_views_of_a_store_that_is_not_served_are_refused(stores, views):
    with pytest.raises(holdall.errors.InvalidQuery, match="no store of this name"):
        app({"none": stores["none"]}, views={"notes": views})
