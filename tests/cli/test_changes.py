"""changes: the keys that changed since a position."""

import json
import signal
import subprocess
import sys

from tests.cli.console import call, good, refusal

URI = "sqlite:///store.db"


def test_changes_are_listed_from_a_position_on(folder):
    good("set", URI, "a/1", "")
    good("set", URI, "b", "")
    everything = call("changes", URI)
    assert everything.out == "set a/1\nset b\n"
    position = everything.err.removeprefix("holdall: go on with --since ").strip()
    call("del", URI, "a/1")
    good("set", URI, "c", "")
    assert call("changes", URI, "--since", position).out == "set c\ndel a/1\n"
    assert call("changes", URI, "a/", "--since", position).out == "del a/1\n"


def test_json_has_one_object_per_line_and_the_position_last(folder):
    good("set", URI, "a", "")
    change, end = map(json.loads, good("changes", URI, "--json").splitlines())
    assert change["key"] == "a"
    assert change["position"] == end["position"]
    call("del", URI, "a")
    change, end = map(json.loads, good("changes", URI, "--json", "--since", end["position"]).splitlines())
    assert (change["key"], change["tag"]) == ("a", None)
    assert [json.loads(good("changes", URI, "--json", "--since", end["position"]))] == [end]


def test_a_position_of_another_store_and_a_store_without_a_feed_are_refused(folder):
    good("set", URI, "a", "")
    assert "read all of it again" in refusal("changes", URI, "--since", "d1ce.1.2.3")
    assert "is not the position of a feed" in refusal("changes", URI, "--since", "yesterday")
    assert "add --state" in refusal("changes", "shove+memory://")


def test_a_store_without_a_feed_is_compared_with_its_state(folder):
    good("set", "file:store", "a/1", "")
    good("set", "file:store", "b", "")
    everything = call("changes", "file:store", "--state", "sqlite:///feeds.db")
    assert everything.out == "set a/1\nset b\n"
    position = everything.err.removeprefix("holdall: go on with --since ").strip()
    call("del", "file:store", "b")
    good("set", "file:store", "c", "")
    again = ["changes", "file:store", "--state", "sqlite:///feeds.db", "--since", position]
    assert call(*again).out == call(*again).out == "del b\nset c\n"
    assert [json.loads(line).get("key") for line in good(*again, "--json").splitlines()] == ["b", "c", None]
    assert "SWAP" in refusal("changes", "file:store", "--state", "shove+memory://")


def test_follow_lists_again_after_the_interval(folder):
    good("set", "file:store", "a", "")
    address = ["file:store", "--state", "file:store", "--interval", "0.05"]
    command = [sys.executable, "-m", "holdall", "changes", *address, "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "set a\n"
        good("set", "file:store", "b", "")
        assert following.stdout.readline() == "set b\n"
        following.send_signal(signal.SIGINT)
        assert following.wait(60) == 130


def test_follow_shows_the_change_of_another_process_and_ends_at_ctrl_c(folder):
    good("set", URI, "a", "")
    command = [sys.executable, "-m", "holdall", "changes", URI, "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "set a\n"
        good("set", URI, "b", "")
        assert following.stdout.readline() == "set b\n"
        following.send_signal(signal.SIGINT)
        assert following.wait(60) == 130
