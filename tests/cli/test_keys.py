"""get, set, del, ls, count, on every kind of store, with the address given or in HOLDALL_URI."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import holdall
from tests.cli.console import Done, call, contents, good, refusal


def test_a_value_goes_in_and_comes_out_byte_for_byte(uri):
    value = bytes(range(256)) + b"\r\n"
    assert good("set", uri, "logo", stdin=value) == ""
    assert contents(uri) == {"logo": value}
    assert good("get", uri, "logo").encode("utf-8", "surrogateescape") == value


def test_a_value_can_be_typed_or_in_a_file(uri, folder):
    (folder / "a file").write_bytes(b"\0in a file")
    good("set", uri, "typed", "héllo")
    good("set", uri, "filed", "--file", "a file")
    assert contents(uri) == {"typed": "héllo".encode(), "filed": b"\0in a file"}


def test_an_empty_value_is_a_value(uri):
    good("set", uri, "empty", "")
    assert contents(uri) == {"empty": b""}


def test_bytes_that_are_no_text_are_kept_as_typed(uri):
    good("set", uri, "key", os.fsdecode(b"\xff"))
    assert contents(uri) == {"key": b"\xff"}


def test_keys_are_listed_in_order_and_counted(uri):
    for key in ("b", "a/2", "a/10", "é"):
        good("set", uri, key, "")
    assert good("ls", uri) == "a/10\na/2\nb\né\n"
    assert good("ls", uri, "a/") == "a/10\na/2\n"
    assert good("count", uri) == "4\n"
    assert good("count", uri, "a/") == "2\n"


def test_what_is_not_there_lists_as_empty_and_makes_nothing(uri, folder):
    assert call("ls", uri) == Done(0, "", f"holdall: there are no keys at {uri}\n")
    assert good("count", uri) == "0\n"
    assert list(folder.iterdir()) == []


def test_a_part_of_a_value_and_its_size(uri):
    good("set", uri, "key", "0123456789")
    assert [good("get", uri, "key", "--range", part) for part in ("2-4", "7-", "-3", "9-20")] == [
        "234",
        "789",
        "789",
        "9",
    ]
    assert good("size", uri, "key") == "10\n"
    for wrong in ("4-2", "4", "-", "a-b", "1-2,5-6"):
        assert "write for example 0-99" in refusal("get", uri, "key", "--range", wrong, code=2)
    for command in (("size", uri, "other"), ("get", uri, "other", "--range", "0-1")):
        assert "'other' does not exist" in refusal(*command)


def test_the_keys_under_a_prefix_are_deleted(uri):
    for key in ("logs/1", "logs/2", "logs", "other"):
        good("set", uri, key, "")
    assert call("del", uri, "logs/", "--prefix").code == 0
    assert set(contents(uri)) == {"logs", "other"}
    assert call("del", uri, "missing/", "--prefix").code == 0
    assert "--prefix needs" in refusal("del", uri, "", "--prefix", code=2)
    assert set(contents(uri)) == {"logs", "other"}


def test_invoices_are_not_deleted_by_a_prefix(uri):
    with holdall.open(uri) as store:
        store["invoices/seller/7"] = b"{}"
        store["inventory"] = b"1"
    for prefix in ("i", "invoices/", "invoices/seller/"):
        assert "'invoices/seller/7' is an invoice" in refusal("del", uri, prefix, "--prefix")
    assert call("del", uri, "inve", "--prefix").code == 0
    assert call("del", uri, "invoices/other/", "--prefix").code == 0
    assert set(contents(uri)) == {"invoices/seller/7"}


def test_a_link_to_a_value_in_a_bucket(uri, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    link = good("url", "s3://acme/books?region=eu-west-1&compress=zstd", "a key", "--expires", "2h")
    assert link.startswith("https://")
    assert "/books/a%20key?" in link
    assert "X-Amz-Expires=7200&" in link
    assert "hunter2" not in link
    assert "valid for 691,200 seconds; give 1 to 604,800 (7 days)" in refusal(
        "url", "s3://acme?region=eu-west-1", "key", "--expires", "8d"
    )
    assert "has no links" in refusal("url", uri, "key")


def test_a_key_is_deleted(uri):
    good("set", uri, "a", "1")
    good("set", uri, "b", "2")
    assert call("del", uri, "a") == Done(0, "", f"holdall: del acts on {uri}\n")
    assert contents(uri) == {"b": b"2"}


@pytest.mark.parametrize("command", ["get", "del"])
def test_a_missing_key_is_refused(uri, command):
    done = call(command, uri, "nope")
    assert (done.code, done.out) == (1, "")
    assert "key 'nope' does not exist" in done.err


@pytest.mark.parametrize("key", ["../etc/passwd", "a//b", "/a", "", "a\\b", ".holdall/x", "\udcff"])
def test_a_key_outside_the_grammar_is_refused(uri, key, folder):
    assert "key" in refusal("set", uri, key, "value")
    assert list(folder.iterdir()) == []


def test_the_address_may_be_in_the_environment(uri, monkeypatch):
    monkeypatch.setenv("HOLDALL_URI", uri)
    good("set", "greeting", "hello")
    assert good("get", "greeting") == "hello"
    assert good("ls") == "greeting\n"
    assert good("ls", "x") == ""
    assert good("count") == "1\n"
    good("set", "sqlite:///other.db", "a", "1")
    assert good("ls", "sqlite:///other.db") == "a\n"
    assert call("ls", "file:neither").err == "holdall: there are no keys at file:neither\n"
    assert call("del", "greeting").code == 0
    assert contents(uri) == {}


def test_a_mistyped_address_is_no_key_of_the_one_in_the_environment(uri, monkeypatch):
    monkeypatch.setenv("HOLDALL_URI", uri)
    assert "did you mean 'sqlite'?" in refusal("ls", "sqlit:///books.db")
    assert "did you mean 'sqlite'?" in refusal("set", "sqlit:///books.db", "key", "value")
    assert "'folder' was read as a key because HOLDALL_URI is set" in refusal("get", "folder", "key", code=2)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["get"], "name a store, as in sqlite:///books.db, or set HOLDALL_URI"),
        (["get", "file:s"], "expected [URI] KEY, got 1 argument"),
        (["get", "file:s", "a", "b"], "expected [URI] KEY, got 3 arguments"),
        (["set", "file:s"], "expected [URI] KEY [VALUE], got 1 argument"),
        (["set", "file:s", "a", "b", "--file", "f"], "give VALUE or --file, not both"),
        (["set", "file:s", "a", "--file", "none"], "'none': No such file or directory"),
        (["ls", "file:s", "--long"], "No such option"),
        (["lst"], "No such command 'lst'"),
    ],
)
def test_wrong_usage_is_told_in_one_line(arguments, reason, folder):
    (folder / "f").touch()
    assert reason in (line := refusal(*arguments, code=2))
    assert line.endswith("--help` shows how")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("sqlit:///books.db", "no store has the scheme 'sqlit'; did you mean 'sqlite'?"),
        ("sqlite://books.db", "lacks slashes; write sqlite:///books.db"),
        ("sqlite:///books.db?tabel=t", "did you mean 'table'?"),
        ("file://books", "write file:books for a folder below the current folder"),
        ("", "the address is empty"),
        ("file://:hunter2@/books", "between '//' and a host"),
        ("gopher://:hunter2@db/0", "no store has the scheme 'gopher'"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(address, reason, folder):
    assert reason in (line := refusal("set", address, "key", "value"))
    assert "hunter2" not in line
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "address", ["redis://:hunter2@cache/0", "redis:/me:hunter2@cache", "redis://c/?password=hunter2"]
)
@pytest.mark.parametrize(
    "arguments",
    [
        "{}",
        "{} ls",
        "ls {} a b",
        "lst {}",
        "cp {}",
        "cp {} file:a b",
        "cp {0} {0}",
        "demo {}",
        "demo --as-of {}",
        "demo --invoices {}",
        "invoices import {} --into file:a",
        "invoices {}",
        "set file:a k --file {}",
        "ls {} --{}",
        "history {} {} {}",
    ],
)
def test_no_password_is_in_a_refusal(address, arguments):
    done = call(*arguments.replace("{}", address).format(address).split())
    assert done.code in (1, 2)
    assert "hunter2" not in done.err + done.out


def test_an_address_is_told_where_it_belongs():
    assert "an address is not a command; write it after one" in refusal("sqlite:///a.db", "ls", code=2)


def test_a_value_of_megabytes_is_no_message_of_megabytes():
    for arguments in (["get", "file:a", "k" * 5_000_000], ["ls", "x" * 5_000_000], ["y" * 5_000_000]):
        done = call(*arguments)
        assert done.code in (1, 2)
        assert len(done.err) < 2_200


@pytest.mark.parametrize("address", ["sqlite:///notes.txt", "file:notes.txt", "notes.txt"])
def test_a_text_file_is_no_store_and_is_left_as_it_is(address, folder):
    (folder / "notes.txt").write_text("remember the milk\n")
    for command in (["ls", address], ["set", address, "a", "1"]):
        assert "notes.txt" in refusal(*command)
    assert (folder / "notes.txt").read_text() == "remember the milk\n"
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_full_disk_leaves_the_old_value(monkeypatch):
    good("set", "file:store", "key", "old")

    def full(fd, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        assert "no room for 'key'" in refusal("set", "file:store", "key", "new")
    assert contents("file:store") == {"key": b"old"}


@pytest.fixture
def readable():
    """A folder that this process may read and not write in."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        good("set", f"file:{folder}/file", "key", "old")
        good("set", f"sqlite:///{folder}/sqlite", "key", "old")
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # modes do not stop root
        yield folder
        if root:
            os.seteuid(0)
        for path in (folder, folder / "file"):
            path.chmod(0o755)


@pytest.mark.parametrize(
    "address", ["file:{}/file", "sqlite:///{}/sqlite", "file:{}/new", "sqlite:///{}/new"]
)
def test_where_nothing_may_be_written_the_old_value_stands_and_the_place_is_named(address, readable):
    before = files_in(readable)
    assert str(readable) in refusal("set", address.format(readable), "key", "value")
    assert files_in(readable) == before


def files_in(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize("missing", ["click", "filelock"])
def test_a_library_that_is_not_installed_is_named_with_its_remedy(missing):
    extra = {"click": "cli", "filelock": "file"}[missing]
    program = (
        f"import sys; sys.modules[{missing!r}] = None; from holdall.cli import main; "
        "sys.argv[1:] = ['ls', 'file:store']; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    remedy = f"pip install 'holdall[{extra}]'"
    assert done.stderr == f"holdall: {missing} is not installed; {remedy}\n"
