"""Names that are not keys: cp, convert and doctor tell those that they leave out, and escape takes them."""

import dbm.dumb
import json
import os

import pytest

import holdall
from holdall import Corrupt, Escape, Json, Memory
from holdall.keys import Foreign, Span
from holdall.testing.recorder import Recorder
from holdall.transfer import BATCH, copy, copy_and_verify, digest, transfer
from tests.cli.console import call, contents, good

FOREIGN = {
    b"a//b": b"1",
    b"trailing/": b"2",
    b"C:\\path": b"3",
    b"": b"4",
    b"\xff\xfe": b"5",
    b"../etc": b"6",
}
ESCAPED = 'layers = ["escape"]'


@pytest.fixture
def old():
    """The address of a dbm of another program: one key, and names that are not keys."""
    with dbm.dumb.open("old", "c") as file:
        for name, value in {b"good": b"0", **FOREIGN}.items():
            file[name] = value
    return "dbm:old"


@pytest.fixture
def new(folder):
    """The name of a store with the layer escape, declared as the message says."""
    (folder / "holdall.toml").write_text(f'[store.new]\nuri = "sqlite:///new.db"\n{ESCAPED}\n')
    return "new"


def told(done, first):
    """The line on the names that were left out, after the ``first`` line."""
    assert done.code == 1
    *_, line, left = done.err.splitlines()
    assert line == first
    return left


@pytest.mark.parametrize(
    ("command", "first"),
    [
        (["cp"], "copied 1 key"),
        (["cp", "--all"], "copied 1 key"),
        (["convert"], "converted 1 key, each read back and compared"),
        (["convert", "--dry-run"], "would convert 1 key: all can be read at FROM and stored at TO"),
    ],
)
def test_names_that_are_left_out_are_counted_and_named(old, command, first):
    left = told(call(*command, old, "file:copy"), first)
    assert "left out 6 names that are not keys: " in left
    for name in (r"'a//b'", r"'trailing/'", r"'C:\\path'", r"''", r"'\udcff\udcfe'", r"'../etc'"):
        assert name in left
    assert ESCAPED in left


@pytest.mark.parametrize(
    ("command", "first"),
    [("cp", "copied 7 keys\n"), ("convert", "converted 7 keys, each read back and compared\n")],
)
def test_the_remedy_copies_every_one(old, new, command, first):
    assert ESCAPED in call("cp", old, "file:copy").err
    done = call(command, old, new)
    assert (done.code, done.err[-len(first) :]) == (0, first)
    whole = {"good": b"0", **{os.fsdecode(name): value for name, value in FOREIGN.items()}}
    assert contents(new) == whole
    left = told(call("cp", new, "file:back"), "copied 1 key")  # where nothing escapes them
    assert "left out 6 names that are not keys: " in left
    assert contents("file:back") == {"good": b"0"}


def test_a_dry_run_takes_what_the_conversion_would_take(old, new, folder):
    assert call("convert", "--dry-run", old, new).code == 0
    assert not (folder / "new.db").exists()


def test_ten_names_are_shown_and_each_is_shortened(old, new):
    with dbm.dumb.open("old", "w") as file:
        for number in range(1234):
            file[f"{number:04}//"] = b""
        file["x" * 700] = b"7"
    left = told(call("cp", old, "file:copy"), "copied 1 key")
    assert "left out 1,241 names that are not keys: " in left
    assert left.count("//'") == 8
    assert "'0007//', …; " in left
    left = told(call("cp", old, new), "copied 1,241 keys")
    assert left == f"holdall: left out 1 name that is not a key: '{'x' * 77}'…; " + RENAME
    assert len(contents(new)) == 1241


RENAME = "rename those that are too long for a key or cannot be read"


def test_files_of_other_names_are_told_by_their_paths(new, folder):
    (folder / "old" / "Sub").mkdir(parents=True)
    for name in ("ok", "README", "Sub/x", "C:\\path", ".DS_Store"):
        (folder / "old" / name).write_text(name)
    (folder / "old" / "17").symlink_to("ok")
    left = told(call("cp", "file:old", "file:copy"), "copied 1 key")
    assert "left out 4 names that are not keys: " in left
    assert all(name in left for name in ("'README'", "'Sub/x'", "'17'", r"'C:\\path'"))
    left = told(call("cp", "file:old", new), "copied 2 keys")
    assert "left out 3 names" in left
    assert "`holdall set TO KEY --file PATH`" in left
    assert good("set", new, "README", "--file", "old/README") == ""
    assert contents(new) == {"ok": b"ok", "C:\\path": b"C:\\path", "README": b"README"}


def test_a_store_of_foreign_names_alone_is_not_taken_for_another_address(folder):
    (folder / "old").mkdir()
    (folder / "old" / "README").touch()
    for command in ("cp", "convert"):
        done = call(command, "file:old", "file:copy")
        assert done.code == 1
        assert "holdall: left out 1 name that is not a key: 'README'; " in done.err


def test_names_outside_the_prefix_are_not_told(old):
    assert call("cp", "--prefix", "goo", old, "file:copy").err == "copied 1 key\n"


def test_the_doctor_names_them(old):
    found = {each["check"]: each for each in json.loads(good("doctor", old, "--json"))}
    assert "6 names that are not keys: " in found["foreign names"]["detail"]
    assert ESCAPED in found["foreign names"]["detail"]
    well = {each["check"]: each for each in json.loads(good("doctor", "memory://well", "--json"))}
    assert well["foreign names"]["detail"] == "none"


# ---- The transfer ----------------------------------------------------------------------------------------


class Planted(Memory):
    """A store with the foreign names of the class, in the middle of its scan."""

    foreign = ("k0000//", "k0300//", "k9//")

    def scan_names(self, prefix="", *, start="", stop=None):
        span = Span.of(prefix, start, stop)
        names = [Foreign(name) for name in self.foreign if name in span]
        return iter(sorted([*self.scan(prefix, start=start, stop=stop), *names]))

    def get_foreign(self, name):
        return name.stored.encode()


@pytest.fixture
def here():
    store = Planted()
    store.update((f"k{number:04}", b"%d" % number) for number in range(3 * BATCH))
    return store


def test_a_transfer_lists_once(here):
    recorder = Recorder(here)
    assert transfer(recorder, Escape(Memory()), move=copy) == len(here) + 3
    assert recorder.calls.count("scan_names") == 1
    assert "scan" not in recorder.calls


@pytest.mark.parametrize("after", ["", "k0250"])
def test_what_goes_on_after_a_key_still_tells_every_foreign_name(here, after):
    left = []
    there = Memory()
    count = transfer(here, there, move=copy_and_verify, after=after, leave=left.append)
    assert sorted(left) == list(here.foreign)
    assert count == len(there) == sum(key > after for key in here)


def test_a_foreign_value_is_verified_too():
    class Forgetful(Memory):
        def set_many(self, items):
            super().set_many((key, value[:-1]) for key, value in items)

    here = Planted()
    with pytest.raises(Corrupt, match="k0000//"):
        transfer(here, Escape(Forgetful()), move=copy_and_verify)


def test_a_foreign_name_that_vanishes_is_neither_moved_nor_left(here):
    class Vanished(Planted):
        def get_foreign(self, name):
            raise KeyError(name)

    left = []
    assert transfer(Vanished(), Escape(Memory()), move=copy, leave=left.append) == 0
    assert left == []


def test_a_foreign_name_that_is_spelled_as_a_key_overwrites_no_key(here):
    class Spelled(Planted):
        foreign = ("k0001",)

    left = []
    there = Escape(Memory())
    there["k0001"] = b"kept"
    assert transfer(Spelled(), there, move=copy, leave=left.append) == 0
    assert (left, there["k0001"]) == (["k0001"], b"kept")


def test_layers_show_the_foreign_names_below():
    here = Planted()
    here["k1"] = b"1"
    assert [type(name) for name in Escape(here).scan_names()] == [Foreign, Foreign, str, Foreign]
    below = Memory()
    below.update({"a b": b"1", "c": b"2"})
    shown = Escape(below)
    (name,) = shown.foreign_names()
    assert (name, shown.get_foreign(name), list(shown)) == ("a b", b"1", ["c"])
    prefixed = holdall.Prefix(Planted(), "k0000")
    assert list(prefixed.foreign_names()) == ["/"]
    assert prefixed.get_foreign(next(prefixed.foreign_names())) == b"k0000//"
    with pytest.raises(Corrupt, match="k0000//"):
        Json(Planted()).get_foreign(Foreign("k0000//"))


def test_a_digest_is_16_bytes_and_knows_types():
    digests = {digest(value) for value in (b"1", "1", 1, True, [1], {"a": 1}, {"a": True}, b"")}
    assert {len(each) for each in digests} == {16}
    assert len(digests) == 8
