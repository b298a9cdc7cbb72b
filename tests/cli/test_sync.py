"""sync: what it prints, and what makes the exit code 1."""

import json

from holdall import open as open_store
from tests.cli.console import call, contents, good, refusal


def test_a_sync_says_what_it_did(uri):
    with open_store(uri) as store:
        store.update({"a": b"1", "b": b"2"})
    good("set", "file:copy", "own", "kept")
    dry = call("sync", "--dry-run", uri, "file:copy")
    assert dry.err == "would have copied 2, deleted 0, 1 only at TO (of 3 keys)\n"
    assert contents("file:copy") == {"own": b"kept"}
    done = call("sync", uri, "file:copy")
    assert (done.code, done.out) == (0, "")
    assert done.err == "holdall: sync acts on file:copy\ncopied 2, deleted 0, 1 only at TO (of 3 keys)\n"
    call("del", uri, "a")
    assert "copied 0, deleted 1" in call("sync", uri, "file:copy").err
    assert "deleted 1" in call("sync", "--delete", uri, "file:copy").err
    assert contents("file:copy") == {"b": b"2"}


def test_the_state_may_be_in_another_store(uri):
    good("set", uri, "a", "1")
    call("sync", uri, "file:copy", "--state", "sqlite:///state.db")
    with open_store("file:copy") as copy, open_store("sqlite:///state.db") as state:
        assert list(copy.raw().scan(".holdall/replication/")) == []
        assert list(state.raw().scan(".holdall/replication/")) != []


def test_keys_that_were_left_out_make_the_exit_code_1(uri):
    good("set", uri, "a", "not JSON")
    done = call("sync", uri + "?serializer=json&manifest=off", "file:copy?serializer=json")
    assert done.code == 1
    assert "holdall: 'a' was left out:" in done.err
    assert "left out 1" in done.err


def test_the_same_store_is_refused(uri):
    assert "are the same store" in refusal("sync", uri, uri)


def test_the_report_as_json(uri):
    good("set", uri, "a", "not JSON")
    good("set", uri, "b", "1")
    done = call("sync", "--json", uri + "?serializer=json&manifest=off", "file:copy?serializer=json")
    report = json.loads(done.out)
    assert (done.code, report["copied"], report["left"]) == (1, 1, 1)
    assert "malformed" in report["refused"]["a"]
    call("sync", uri, "file:other")
    good("set", uri, "b", "ours")
    good("set", "file:other", "b", "theirs")
    both = call("sync", "--json", "--both", uri, "file:other")
    assert both.code == 1
    assert json.loads(both.out)["conflicts"] == ["b"]
    assert "'b' changed at both stores\n" in both.err
    assert "settle them with ours" in both.err
    backup = json.loads(call("backup", "--json", uri, "file:backup").out)
    assert backup["copied"] == 2
    assert json.loads(call("restore", "--json", "--dry-run", "file:backup", uri).out)["copied"] == 0


def test_reserved_prefixes_are_refused(uri):
    for command in ("sync", "backup", "restore"):
        assert "reserved keys" in refusal(command, "--prefix", ".holdall/history/", uri, "file:copy")


def test_both_ways_with_a_conflict(uri):
    good("set", uri, "a", "1")
    good("set", "file:copy", "b", "1")
    assert "copied 2" in call("sync", "--both", uri, "file:copy").err
    assert contents(uri) == contents("file:copy") == {"a": b"1", "b": b"1"}
    call("set", uri, "a", "ours")
    call("set", "file:copy", "a", "theirs")
    assert "'a' changed at both stores\n" in call("sync", "--both", "--dry-run", uri, "file:copy").err
    assert "1 key changed at both stores ('a')" in call("sync", "--both", uri, "file:copy").err
    assert call("sync", "--both", uri, "file:copy").code == 1
    assert call("sync", "--both", "--conflict", "theirs", uri, "file:copy").code == 0
    assert contents(uri)["a"] == b"theirs"
    assert call("sync", "--both", "--delete", uri, "file:copy").code == 2
    assert call("sync", "--conflict", "ours", uri, "file:copy").code == 2
