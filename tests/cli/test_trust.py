"""The command trust: a file is read, trusted, listed, changed and trusted no more."""

import json
import os

import pytest

import holdall
from tests.cli.console import call, good, refusal

STORES = """
[store.books]
uri = "sqlite:///{here}/books.db"
layers = ["type=holdall.domain.model:Invoice&serializer=json"]
[store.remote]
uri = "s3://acme/books?endpoint_url=http://stranger.example"
[store.notes]
uri = "sqlite:///{here}/notes.db"
"""


@pytest.fixture(autouse=True)
def file(folder):
    """The file of a project that somebody else wrote."""
    path = folder / "holdall.toml"
    path.write_text(STORES)
    path.chmod(0o644)
    return path


def listed():
    return {row["file"]: row["trusted"] for row in json.loads(good("trust", "--list", "--json"))}


def test_a_file_is_trusted_as_it_is(file):
    line = refusal("ls", "books")
    assert (
        f"store.books in {file} needs your trust: type may run code or send credentials; read the file first"
        in line
    )
    assert line.endswith(f"run `holdall trust {file}`")
    assert good("count", "notes") == "0\n"
    assert listed() == {}

    done = call("trust", "holdall.toml")
    assert (done.code, done.out) == (0, "")
    assert done.err == f"holdall: {file} is trusted; stores that needed it: books (type), remote (s3://)\n"
    assert listed() == {str(file): "yes"}
    assert good("count", "books") == "0\n"
    assert "NEEDS" not in good("explain", "books")

    file.write_text(STORES + "# changed\n")
    assert "needs your trust" in refusal("ls", "books")
    assert listed() == {str(file): "no, it changed"}
    file.unlink()
    assert listed() == {str(file): "no, it changed"}
    assert good("trust", "--revoke", "holdall.toml") == ""
    assert listed() == {}


def test_a_file_without_anything_to_trust_can_be_trusted(file):
    file.write_text('[store.notes]\nuri = "sqlite:///{here}/notes.db"')
    assert call("trust", "holdall.toml").err.endswith("is trusted; stores that needed it: none\n")


def test_a_file_that_cannot_be_used_is_not_trusted(file, folder):
    file.chmod(0o666)
    assert "can be changed by other users" in refusal("trust", "holdall.toml")
    file.chmod(0o644)
    file.write_text("[store")
    assert "is not valid TOML" in refusal("trust", "holdall.toml")
    assert "cannot be read: No such file" in refusal("trust", "missing.toml")
    assert "is not trusted; `holdall trust --list` shows" in refusal("trust", "--revoke", "holdall.toml")
    assert listed() == {}


@pytest.mark.parametrize(
    "arguments", [[], ["holdall.toml", "--list"], ["--revoke"], ["--revoke", "--list"], ["a", "b"]]
)
def test_wrong_usage_is_refused(arguments):
    refusal("trust", *arguments, code=2)
    assert listed() == {}


def test_a_path_with_any_name_is_listed(folder):
    odd = folder / os.fsdecode(b"a\nb \xff\xc3\xa9")
    odd.mkdir()
    (odd / "holdall.toml").write_text('[store.books]\nuri = "dbm:books?flavor=dumb"')
    (odd / "holdall.toml").chmod(0o644)
    assert call("trust", odd / "holdall.toml").code == 0
    os.chdir(odd)
    assert type(holdall.open("books")) is holdall.DBM
    assert len(call("trust", "--list", "--csv").out.splitlines()) == 3
    (odd / "holdall.toml").write_text(STORES)
    with pytest.raises(holdall.InvalidAddress, match="UTF-8"):
        holdall.open("books")
