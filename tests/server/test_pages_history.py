"""The pages of a key's history: its revisions, the differences of two, and the revert."""

import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from

import holdall
from holdall.server import Scope, Tokens
from holdall.server.pages.comparison import compare
from tests.server.pages import Browser


@pytest.fixture
def notes():
    store = holdall.Json(holdall.Versions(holdall.Memory()))
    for number in range(1, 4):
        with holdall.note(author="ada", message=f"number <{number}>"):
            store["a/b"] = {"n": number, "same": "x"}
    return store


def test_revisions_are_listed_shown_and_compared(notes):
    browser = Browser({"notes": notes})
    assert "/notes/history/a/b" in browser.get("/notes/docs/a/b").links()
    page = browser.get("/notes/history/a/b")
    assert "number <3> current" in page.text
    assert "/notes/revert/a/b?number=3" not in page.links()
    assert '"n": 1' in browser.get("/notes/revision/a/b?number=1").text
    assert "/notes/diff/a/b?from=2&to=3" in page.links()
    difference = browser.get("/notes/diff/a/b?from=2&to=3")
    assert 'removed: "n": 2,' in difference.text
    assert 'added: "n": 3,' in difference.text
    assert browser.get("/notes/diff/a/b?from=2&to=2").text.count("values are equal") == 1
    for path in ("history/missing", "revision/a/b?number=9", "diff/a/b?from=1", "revision/a/b?number=x"):
        assert browser.get(f"/notes/{path}").status in (400, 404)


def test_a_long_history_has_pages(notes):
    for number in range(4, 121):
        notes["a/b"] = {"n": number}
    browser = Browser({"notes": notes})
    path, seen = "/notes/history/a/b", []
    while path:
        page = browser.get(path)
        seen += [int(link.partition("number=")[2]) for link in page.links() if "/revision/" in link]
        path = next((tag["href"] for _, tag in page.tags if tag.get("rel") == "next"), None)
    assert seen == list(range(120, 0, -1))


def test_a_revert_is_confirmed_and_writes_a_new_revision(notes):
    browser = Browser({"notes": notes})
    asked = browser.get("/notes/revert/a/b?number=1")
    assert 'added: "n": 1,' in asked.text
    assert notes["a/b"]["n"] == 3
    done = browser.post("/notes/revert/a/b", asked.fields())
    assert (done.status, done.headers["location"]) == (303, "/notes/history/a/b")
    newest = next(notes.history("a/b"))
    assert notes["a/b"]["n"] == 1
    assert (newest.number, newest.message) == (4, "revert to 1")


def test_a_revert_overwrites_no_change_that_the_visitor_did_not_see(notes):
    browser = Browser({"notes": notes})
    form = browser.get("/notes/revert/a/b?number=1").fields()
    notes["a/b"] = {"n": 99}
    page = browser.post("/notes/revert/a/b", form)
    assert page.status == 409
    assert "Nothing was written" in page.text
    assert notes["a/b"] == {"n": 99}
    assert browser.post("/notes/revert/a/b", page.fields()).status == 303
    assert notes["a/b"]["n"] == 1


def test_a_deletion_is_reverted_and_brought_back(notes):
    browser = Browser({"notes": notes})
    del notes["a/b"]
    assert "deleted" in browser.get("/notes/history/a/b").text
    assert browser.post("/notes/revert/a/b", browser.get("/notes/revert/a/b?number=2").fields()).status == 303
    assert notes["a/b"]["n"] == 2
    assert browser.post("/notes/revert/a/b", browser.get("/notes/revert/a/b?number=4").fields()).status == 303
    assert "a/b" not in notes


def test_only_a_writer_reverts(notes):
    tokens = holdall.Memory()
    token = Tokens(tokens).add("ada", [Scope("notes")])
    browser = Browser({"notes": notes}, tokens=tokens)
    headers = {"Authorization": f"Bearer {token}"}
    page = browser.get("/notes/history/a/b", **headers)
    assert page.status == 200
    assert not [link for link in page.links() if "/revert/" in link]
    assert browser.get("/notes/revert/a/b?number=1", **headers).status == 403
    form = {**page.fields(), "number": "1", "tag": notes.tag("a/b")}
    assert browser.post("/notes/revert/a/b", form, **headers).status == 403
    assert Browser({"notes": notes}, remote="192.0.2.1").get("/notes/revert/a/b?number=1").status == 403


def test_a_store_without_history_has_no_such_pages():
    browser = Browser({"plain": holdall.Text(_filled())})
    assert not [link for link in browser.get("/plain/docs/a").links() if "history" in link]
    assert browser.get("/plain/history/a").status == 501


def _filled():
    memory = holdall.Memory()
    memory["a"] = b"x"
    return memory


def test_equal_lines_far_from_a_change_are_one_row():
    lines = [str(number) for number in range(100)]
    rows = compare(lines, [*lines[:50], "new", *lines[50:]])
    assert [row.skipped for row in rows if row.kind == "skip"] == [47, 47]
    assert [row.new.text for row in rows if row.kind == "change"] == ["new"]
    assert len(rows) == 9


def test_values_that_difflib_alone_compares_for_minutes_are_compared_at_once():
    old, new = ["x"] * 3000, ["y" if number % 2 else "x" for number in range(3000)]
    rows = compare(old, new)
    assert len([row for row in rows if row.new.text == "y"]) == 1000


@given(lists(sampled_from("abc"), max_size=30), lists(sampled_from("abc"), max_size=30))
def test_a_comparison_has_every_line_of_both_sides_once(old, new):
    rows = compare(old, new)
    assert all(row.old.text == row.new.text for row in rows if row.kind == "equal")
    skipped = sum(row.skipped for row in rows)
    for lines, sides in ((old, [row.old for row in rows]), (new, [row.new for row in rows])):
        shown = [side for side in sides if side.number]
        assert [lines[side.number - 1] for side in shown] == [side.text for side in shown]
        assert len(shown) + skipped == len(lines)
