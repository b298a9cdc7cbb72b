"""views: the declared views are listed, refreshed, shown, swept and dropped."""

import json

import pytest

import holdall
from tests.cli.console import call, good, refusal

QUERIES = """
from holdall.query import MapReduce, together

def amounts(key, document):
    yield (document["currency"], document["code"]), document["amount"]

def pairs(key, document):
    yield "pairs", 1

def broken(key, document):
    raise ValueError(key)

billed, counted, broken = MapReduce(amounts, "sum"), MapReduce(pairs, "count"), MapReduce(broken)
both = together(billed, counted)
"""
FILE = """
[store.lines]
uri = "sqlite:///{here}/lines.db?serializer=json"

[view.billed]
store = "lines"
query = "view_queries:billed"
prefix = "lines/"
index = "sqlite:///{here}/views.db"

[view.all]
store = "lines"
query = "view_queries:counted"

[view.broken]
store = "lines"
query = "view_queries:broken"

[view.other]
store = "lines"
query = "view_queries:amounts"
"""


@pytest.fixture(autouse=True)
def project(folder, monkeypatch):
    """A project that declares views of three documents."""
    (folder / "view_queries.py").write_text(QUERIES)
    monkeypatch.syspath_prepend(folder)
    declare(folder, FILE)
    with holdall.open("lines") as store:
        for number, (code, amount) in enumerate([("4400", 10), ("4400", 5), ("VAT", 2)]):
            store[f"lines/{number}"] = {"currency": "EUR", "code": code, "amount": amount}
        store["other"] = {}
    return folder


def declare(folder, text):
    (folder / "holdall.toml").write_text(text)
    (folder / "holdall.toml").chmod(0o644)
    assert call("trust", "holdall.toml").code == 0


def listed(*options):
    return json.loads(good("views", "list", *options, "--json"))


def test_a_view_is_refreshed_and_shown(project):
    assert good("views", "refresh", "billed") == "billed: 3 documents read\n"
    with holdall.open("lines") as store:
        store["lines/3"] = {"currency": "EUR", "code": "VAT", "amount": 1}
    assert good("views", "refresh", "billed") == "billed: 1 document read\n"
    rows = [{"group": '["EUR", "4400"]', "value": "15"}, {"group": '["EUR", "VAT"]', "value": "3"}]
    assert json.loads(good("views", "show", "billed", "--json")) == rows
    assert good("views", "show", "billed", "--level", "1", "--csv") == 'group,value\n"[""EUR""]",18\n'


def test_a_stale_view_is_shown_as_it_is_with_its_age(project):
    good("views", "show", "all")
    with holdall.open("lines") as store:
        store["lines/3"] = {}
    stale = call("views", "show", "all", "--stale", "--csv")
    assert stale.out == "group,value\npairs,4\n"
    assert stale.err.startswith("holdall: all was refreshed ")
    assert good("views", "show", "all", "--csv") == "group,value\npairs,5\n"


def test_the_list_says_what_is_declared_and_what_is_kept(project):
    assert [(row["name"], row["store"], row["query"]) for row in listed()] == [
        ("all", "lines", "view_queries:counted"),
        ("billed", "lines", "view_queries:billed"),
        ("broken", "lines", "view_queries:broken"),
        ("other", "lines", "view_queries:amounts"),
    ]
    assert listed("--index", "sqlite:///views.db") == []
    good("views", "refresh", "billed")
    good("views", "refresh", "all")
    (billed,) = listed("--index", "sqlite:///views.db")
    counts = {"documents": "3", "groups": "2", "query": ""}
    assert {**billed, **counts, "name": "billed", "state": "complete"} == billed
    assert 100 < int(billed["bytes"]) < 10_000
    assert billed["age"].startswith("0:00:")
    assert billed["refreshed"].endswith("+00:00")
    (whole,) = listed("--from", "lines")
    assert (whole["name"], whole["groups"]) == ("all", "1")
    assert whole["position"] != ""
    assert whole["definition"] != billed["definition"]


def test_a_view_of_several_queries_has_a_line_for_each(project):
    declare(
        project,
        FILE.replace("view_queries:counted", "view_queries:both").replace(
            "[view.all]", "[view.all]\nprefix = 'lines/'"
        ),
    )
    assert good("views", "refresh", "all") == "all: 3 documents read\n"
    assert (
        good("views", "show", "all", "--level", "1", "--csv")
        == 'query,group,value\n1,"[""EUR""]",17\n2,pairs,3\n'
    )
    lines = listed("--from", "lines")
    assert [(line["name"], line["query"], line["groups"]) for line in lines] == [
        ("all", "1", "2"),
        ("all", "2", "1"),
    ]


def test_a_build_that_failed_is_listed_as_building(project):
    assert "map failed at 'lines/0'" in refusal("views", "refresh", "broken")
    (broken,) = listed("--from", "lines")
    assert (broken["name"], broken["state"], broken["groups"], broken["refreshed"]) == (
        "broken",
        "building",
        "0",
        "",
    )


def test_a_new_definition_is_built_next_to_the_old_one_and_the_old_one_is_swept(project):
    good("views", "refresh", "all")
    declare(project, FILE.replace("view_queries:counted", "view_queries:billed"))
    with holdall.open("lines") as store:
        del store["other"]
    assert good("views", "show", "all", "--level", "0", "--csv") == "group,value\n,17\n"
    assert good("views", "sweep", "all") == "all: 0 indexes deleted\n"
    assert len(listed("--from", "lines")) == 2
    assert good("views", "sweep", "all", "--now") == "all: 1 index deleted\n"
    (left,) = listed("--from", "lines")
    assert left["groups"] == "2"


def test_a_view_is_dropped_by_its_name_or_from_its_index(project):
    for options in ([], ["--index", "sqlite:///views.db"]):
        good("views", "refresh", "billed")
        assert call("views", "drop", "billed", *options).err == "holdall: dropped the view billed\n"
        assert listed("--index", "sqlite:///views.db") == []
    line = refusal("views", "drop", "billed", "--from", "lines")
    assert "keeps no view 'billed'; name one of those that it keeps: none" in line
    with holdall.open("lines") as store:
        assert len(store) == 4


def test_what_is_not_a_view_is_refused(project):
    assert "no view is named 'bill'" in refusal("views", "refresh", "bill")
    assert "view_queries:amounts is neither a MapReduce nor several together" in refusal(
        "views", "refresh", "other"
    )
    declare(project, FILE.replace("view_queries:counted", "view_queries:nothing"))
    assert "'view_queries:nothing' cannot be imported" in refusal("views", "show", "all")


def test_a_view_needs_trust(project):
    good("trust", "--revoke", "holdall.toml")
    assert "view.all in" in refusal("views", "show", "all")
    assert "query may run code" in refusal("views", "refresh", "billed")
    done = call("trust", "holdall.toml")
    assert done.err.endswith(
        "stores that needed it: none; views that needed it: billed, all, broken, other\n"
    )
