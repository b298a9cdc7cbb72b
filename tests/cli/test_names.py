"""Which store a command acts on, with HOLDALL_URI set and stores that have names."""

import pytest

import holdall
from holdall import Versions
from holdall.middleware.keyring import new_key
from tests.cli.console import call, contents, good, refusal

DEFAULT = "sqlite:///default.db"


@pytest.fixture(autouse=True)
def project(folder, monkeypatch):
    """Two stores that both hold a key ``scratch`` with two revisions: one has a name, one is the default."""
    monkeypatch.setenv("HOLDALL_URI", DEFAULT)
    (folder / "holdall.toml").write_text('[store.scratch]\nuri = "sqlite:///scratch.db?history=on"\n')
    (folder / "holdall.toml").chmod(0o644)
    for uri in (f"{DEFAULT}?history=on", "scratch"):
        with holdall.open(uri) as store:
            store["scratch"] = store["key"] = b"old"
            store["scratch"] = store["key"] = b"new"
    return folder


def revisions(uri):
    with holdall.open(uri) as store:
        return {key: len(list(Versions(store).history(key))) for key in store}


def test_a_declared_name_is_the_store():
    done = call("prune", "scratch", "--keep", "1")
    assert done.code == 0
    assert done.err.splitlines() == [
        "holdall: prune acts on scratch (sqlite:///scratch.db)",
        "dropped 2 revisions",
    ]
    assert revisions(DEFAULT) == {"key": 2, "scratch": 2}
    assert revisions("sqlite:///scratch.db") == {"key": 1, "scratch": 1}
    assert good("get", "scratch", "key") == "new"
    assert good("count", "scratch?readonly=1") == "2\n"
    assert good("ls", "scratch", "s") == "scratch\n"


def test_a_name_that_is_not_declared_is_a_key_and_the_store_is_told():
    done = call("prune", "scr", "--keep", "1")
    assert done.err.splitlines()[0] == (
        "holdall: prune acts on sqlite:///default.db, which HOLDALL_URI names"
    )
    assert revisions(DEFAULT) == {"key": 2, "scratch": 1}
    assert revisions("sqlite:///scratch.db") == {"key": 2, "scratch": 2}


@pytest.mark.parametrize("arguments", [["get", "scratch"], ["del", "scratch"], ["diff", "scratch", "1", "2"]])
def test_a_key_of_a_declared_name_needs_the_address(arguments):
    line = refusal(*arguments, code=2)
    assert (
        "'scratch' is a declared store; for a key of that name, give the address of its store first" in line
    )
    assert call(arguments[0], DEFAULT, *arguments[1:]).code == 0


def test_what_can_be_a_store_or_a_key_is_refused():
    line = refusal("set", "scratch", "value", code=2)
    assert "'scratch' may be a declared store or a key" in line
    assert contents(f"{DEFAULT}?history=on") == {"scratch": b"new", "key": b"new"}


def test_a_folder_that_may_be_a_prefix_is_refused(folder):
    (folder / "scratch").mkdir()
    assert "'scratch/' may be a folder or a key" in refusal("prune", "scratch/", "--keep", "1", code=2)
    assert "no keys at file:./scratch" in call("ls", "./scratch/").err
    assert good("ls", DEFAULT, "scratch/") == ""
    assert good("ls", "other/") == ""


@pytest.mark.parametrize(
    "arguments", [["get", "drafts", "key"], ["doctor", "drafts"], ["manifest", "drafts"]]
)
def test_what_was_read_as_a_key_is_told(arguments):
    line = refusal(*arguments, code=2)
    assert (
        "'drafts' was read as a key because HOLDALL_URI is set; give an address with a scheme, or unset it"
        in line
    )


def test_each_destructive_command_says_on_which_store_it_acts(monkeypatch):
    monkeypatch.setenv("KEYS", new_key("2026"))
    for command, acts in {
        "prune --keep 9": "sqlite:///default.db, which HOLDALL_URI names",
        "fsck --mend": "sqlite:///default.db, which HOLDALL_URI names",
        "fsck scratch --mend": "scratch (sqlite:///scratch.db)",
        "del key": "sqlite:///default.db, which HOLDALL_URI names",
        "del sqlite:///scratch.db key": "sqlite:///scratch.db",
        "convert scratch sqlite:///sealed.db?encrypt=env:KEYS": "sqlite:///sealed.db?encrypt=env:KEYS",
        "rekey sqlite:///sealed.db?encrypt=env:KEYS": "sqlite:///sealed.db?encrypt=env:KEYS",
    }.items():
        done = call(*command.split())
        assert done.code == 0
        assert done.err.splitlines()[0] == f"holdall: {command.split()[0]} acts on {acts}"
    assert (
        "acts on"
        not in call("fsck", "scratch").err + call("convert", "--dry-run", "scratch", "memory://").err
    )


def test_a_command_that_fails_has_said_on_which_store():
    done = call("del", "nothing")
    assert done.code == 1
    assert done.err.splitlines()[0] == "holdall: del acts on sqlite:///default.db, which HOLDALL_URI names"
