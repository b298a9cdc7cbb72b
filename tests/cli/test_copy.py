"""cp: whole, in bounded memory, and never a quiet nothing."""

import tracemalloc

import pytest

import holdall
from holdall import Prefix
from tests.cli.console import call, contents, good, refusal

PAIRS = {"a": b"1", "a/b": b"\0\xff", "z/é": b""}


def filled(uri, pairs):
    with holdall.open(uri) as store:
        store.update(pairs)


@pytest.mark.parametrize("target", ["file:copy?durability=os", "sqlite:///copy.db"])
def test_a_copy_is_whole_and_leaves_other_keys_alone(uri, target):
    filled(uri, PAIRS)
    filled(target, {"a": b"old", "own": b"kept"})
    done = call("cp", uri, target)
    assert (done.code, done.out, done.err) == (0, "", "copied 3 keys\n")
    assert contents(target) == {**PAIRS, "own": b"kept"}
    assert contents(uri) == PAIRS


def test_a_prefix_copies_what_begins_with_it(uri):
    filled(uri, PAIRS)
    assert call("cp", "--prefix", "a/", uri, "file:copy").err == "copied 1 key\n"
    assert contents("file:copy") == {"a/b": b"\0\xff"}


def test_all_bytes_are_not_copied_over_another_identity(uri):
    for number, address in enumerate((uri, "file:sealed")):
        filled(address, PAIRS)
        with holdall.open(address) as store:
            store.raw()[".holdall/identity"] = b"%032d\n" % number
    assert "another identity" in refusal("cp", "--all", uri, "file:sealed")
    assert call("cp", "--all", "--prefix", "a", uri, "file:sealed").err == "copied 2 keys\n"
    assert call("cp", "--all", uri, "file:empty").err == "copied 4 keys\n"
    assert call("cp", "--all", uri, "file:empty").err == "copied 4 keys\n"


def test_reserved_keys_are_carried_by_all_alone(uri):
    filled(uri, PAIRS)
    with holdall.open(uri) as store:
        store.raw()[".holdall/manifest"] = b"{}"
    assert call("cp", uri, "file:plain").err == "copied 3 keys\n"
    assert call("cp", "--all", uri, "file:all").err == "copied 4 keys\n"
    for address, manifest in (("file:plain", None), ("file:all", b"{}")):
        with holdall.open(address) as store:
            assert store.raw().get(".holdall/manifest") == manifest
        assert contents(address) == PAIRS


@pytest.mark.parametrize("flag", [[], ["--all"]])
def test_a_key_that_a_prefix_made_long_is_copied(uri, flag):
    with holdall.open(uri) as store:
        Prefix(store, "p" * 79)["x" * 400] = b"1"
    assert call("cp", *flag, uri, "file:copy").err == "copied 1 key\n"
    with holdall.open("file:copy") as copy:
        assert Prefix(copy, "p" * 79)["x" * 400] == b"1"


@pytest.mark.parametrize("flag", [[], ["--all"]])
def test_where_there_is_nothing_to_copy_the_address_is_doubted(uri, flag, folder):
    assert refusal("cp", *flag, uri, "file:copy").endswith(f"no key at {uri}; check the address")
    filled(uri, PAIRS)
    line = refusal("cp", *flag, uri, "file:copy", "--prefix", "b")
    assert f"no key that begins with 'b' at {uri}" in line
    assert not (folder / "copy").exists()


def test_a_password_in_an_address_is_not_shown():
    line = refusal("cp", "memory://none?password=hunter2", "file:copy")
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("file:store", "./store"),
        ("sqlite:///store.db", "sqlite:///./store.db"),
    ],
)
def test_a_store_is_not_copied_to_itself(source, target):
    filled(source, PAIRS)
    assert "both FROM and TO; name two stores" in refusal("cp", source, target)
    assert contents(source) == PAIRS


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("file:store?durability=os", "file:link?durability=os"),
        ("sqlite:///store.db", "sqlite:///store.db?durability=os"),
    ],
)
def test_a_store_copied_to_itself_unnoticed_is_unharmed(source, target, folder):
    filled(source, {f"{i:04}": b"%d" % i for i in range(2500)})
    (folder / "link").symlink_to("store")
    before = contents(source)
    assert call("cp", source, target).code == 0
    assert contents(source) == before


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("file:big?durability=os", "sqlite:///copy.db?durability=os"),
        ("sqlite:///big.db?durability=os", "file:copy?durability=os"),
    ],
)
def test_a_copy_holds_a_few_values_at_a_time(source, target):
    value = bytes(1_000_000)
    filled(source, ((f"{index:02}", value) for index in range(64)))
    tracemalloc.start()
    try:
        assert call("cp", source, target).code == 0
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24_000_000
    assert good("count", target) == "64\n"
