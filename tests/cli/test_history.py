"""history, show, diff, revert, undelete, prune, fsck, on every kind of store."""

import csv
import io
import json
import os

import pytest

import holdall
from holdall import Json, Versions
from tests.cli.console import call, good, refusal


@pytest.fixture
def kept(uri):
    """The address of a store with an invoice that was corrected twice."""
    with holdall.open(uri) as store:
        books = Versions(Json(store), author="Ann")
        books["17"] = {"total": "119.00", "lines": [{"code": "4400"}]}
        with books.note(message="the discount was missing"):
            books["17"] = {"total": "107.10", "lines": [{"code": "4400"}]}
        with books.note(author="Bob", message="a line more"):
            books["17"] = {"total": "107.10", "lines": [{"code": "4400"}, {"code": "4730"}]}
    return uri


def test_history_tells_when_who_and_why(kept):
    rows = json.loads(good("history", kept, "17", "--json"))
    assert [row["revision"] for row in rows] == ["3", "2", "1"]
    assert [row["author"] for row in rows] == ["Bob", "Ann", "Ann"]
    assert [row["message"] for row in rows] == ["a line more", "the discount was missing", ""]
    assert {row["what"] for row in rows} == {"written"}
    assert all(row["time"].endswith("Z") for row in rows)
    assert list(csv.DictReader(io.StringIO(good("history", kept, "17", "--csv")))) == rows
    assert "the discount was missing" in good("history", kept, "17")


def test_show_writes_a_revision_byte_for_byte(kept):
    assert good("show", kept, "17", "--at", "1") == '{"total":"119.00","lines":[{"code":"4400"}]}'
    assert good("show", kept, "17") == good("show", kept, "17", "--at", 3)


def test_diff_shows_parts_in_colour_on_a_terminal_alone(kept):
    assert good("diff", kept, "17", "1", "2") == '~ /total: "119.00" → "107.10"\n'
    assert good("diff", kept, "17", "2", "3") == '+ /lines/1: {"code": "4730"}\n'
    assert good("diff", kept, "17", "3", "2") == '- /lines/1: {"code": "4730"}\n'
    assert good("diff", kept, "17", "1", "1") == ""
    patch = json.loads(good("diff", kept, "17", "1", "2", "--json"))
    assert patch == [{"op": "replace", "path": "/total", "value": "107.10"}]


def test_diff_of_what_is_no_json_is_by_lines(uri):
    with holdall.open(uri) as store:
        notes = Versions(store)
        notes["a"] = b"one\ntwo\n\xff\n"
        notes["a"] = b"one\nzwei\n\xff\n"
        del notes["a"]
    assert good("diff", uri, "a", "1", "2") == '~ /1: "two" → "zwei"\n'
    assert good("diff", uri, "a", "2", "3").startswith('~ /: ["one", "zwei", "\\\\xff"] → null')


def test_revert_and_undelete_are_revisions_with_an_author(kept, monkeypatch):
    monkeypatch.setenv("HOLDALL_AUTHOR", "Cy")
    assert good("revert", kept, "17", "1", "-m", "as billed") == ""
    assert json.loads(good("show", kept, "17"))["total"] == "119.00"
    with holdall.open(kept) as store:
        del Versions(store)["17"]
    assert good("undelete", kept, "17", "--author", "Dee") == ""
    rows = json.loads(good("history", kept, "17", "--json"))
    assert [(row["what"], row["author"], row["message"]) for row in rows[:3]] == [
        ("written", "Dee", "undelete"),
        ("deleted", "", ""),
        ("written", "Cy", "as billed"),
    ]
    assert "not deleted" in refusal("undelete", kept, "17")


def test_who_it_is_is_who_is_logged_in(kept, monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody")
    good("revert", kept, "17", "1")
    rows = json.loads(good("history", kept, "17", "--json"))
    assert (rows[0]["author"], rows[0]["message"]) == ("somebody", "revert to 1")


def test_who_has_no_name_is_asked_for_one(kept, monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2_147_480_000)
    for command in (["revert", kept, "17", "1"], ["undelete", kept, "17"]):
        assert "give one with --author or HOLDALL_AUTHOR" in refusal(*command)
    assert good("revert", kept, "17", "1", "--author", "Dee") == ""


def test_prune_drops_what_is_old(kept):
    done = call("prune", kept, "--keep", "2")
    assert (done.code, done.told) == (0, "dropped 1 revisions\n")
    assert len(json.loads(good("history", kept, "17", "--json"))) == 2
    assert "dropped" in refusal("show", kept, "17", "--at", "1")
    assert call("prune", kept, "--before", "2999-01-01").told == "dropped 1 revisions\n"
    assert "--keep" in refusal("prune", kept, code=2)
    assert "0" in refusal("prune", kept, "--keep", "0", code=2)


def test_fsck_reports_and_mends(kept):
    assert good("fsck", kept) == ""
    with holdall.open(kept) as store:
        store["17"] = store["17"][:-1] + b"!"
    reported = call("fsck", kept, "--json")
    assert reported.code == 1
    assert json.loads(reported.out) == [
        {"key": "17", "revision": "", "problem": "its current value is damaged", "mended": "no"}
    ]
    shown = call("fsck", kept)
    assert shown.code == 1
    assert [line.split() for line in shown.out.splitlines()[:1]] == [["key", "revision", "problem", "mended"]]
    assert "its current value is damaged" in shown.out
    mended = json.loads(call("fsck", kept, "--mend", "--json").out)
    assert [(row["revision"], row["mended"]) for row in mended] == [("3", "yes")]
    assert json.loads(good("fsck", kept, "--json")) == []


def test_fsck_prints_a_table(kept):
    with holdall.open(kept) as store:
        store["17"] = store["17"][:-1] + b"!"
    done = call("fsck", kept)
    heading, rule, row = done.out.splitlines()[:3]
    assert done.code == 1
    assert heading.split() == ["key", "revision", "problem", "mended"]
    assert set(rule) == {"─"}
    assert row.split() == ["17", *["its", "current", "value", "is", "damaged"], "no"]
    mended = call("fsck", kept, "--mend")
    assert mended.code == 0
    assert mended.out.splitlines()[2].split() == [
        "17",
        "3",
        *["its", "current", "value", "is", "damaged"],
        "yes",
    ]
    assert good("fsck", kept) == ""
    assert good("fsck", kept, "--csv") == "key,revision,problem,mended\n"


def test_a_store_without_keys_is_told_from_one_that_is_whole(uri):
    done = call("fsck", uri)
    assert (done.code, done.out, done.err) == (0, "", f"holdall: there are no keys at {uri}\n")
    good("set", uri, "a", "1")
    assert good("fsck", uri) == ""


def test_what_is_not_there_is_said_in_one_line(kept):
    for command in (["history"], ["show"], ["show", "--at", 1], ["revert"], ["undelete"], ["diff"]):
        rest = {"revert": ["1"], "diff": ["1", "2"]}.get(command[0], [])
        assert "never" in refusal(command[0], kept, "missing", *rest, *command[1:])
    for command in (["show", "17", "--at", "9"], ["revert", "17", "9"], ["diff", "17", "1", "9"]):
        assert "no revision 9" in refusal(command[0], kept, *command[1:])
    assert "not the number of a revision" in refusal("revert", kept, "17", "x", code=2)


def test_what_is_nested_too_deep_for_json_is_compared_by_lines(uri):
    deep = "[" * 10_000 + "]" * 10_000
    with holdall.open(uri) as store:
        notes = Versions(store)
        notes["a"] = deep.encode()
        notes["a"] = b"short"
    assert good("diff", uri, "a", "1", "2").startswith('~ /0: "[[[')


def test_control_characters_stay_out_of_the_terminal(uri):
    with holdall.open(uri) as store:
        notes = Versions(Json(store), author="A\x1b[2Jn")
        notes["a"] = {"b": "x"}
        with notes.note(message="\x1b[8mhidden\nline"):
            notes["a"] = {"b": "\x1b[8m"}
    for output in (good("history", uri, "a"), good("diff", uri, "a", "1", "2")):
        assert all(line.isprintable() for line in output.splitlines())
