"""key new: a key in a file that only its owner can read; and a warning about a file that others can read."""

import os
import stat
from pathlib import Path

import pytest

import holdall
from holdall.middleware.keyring import Keyring, new_key
from holdall.private import read_secret
from tests.cli.console import call, good, refusal


def test_a_key_is_made_in_a_file_of_the_user_alone(folder):
    before = os.umask(0)
    try:
        assert call("key", "new", "keys/books.keys", "--id", "2026").err == (
            "holdall: keys/books.keys holds 1 key; the first key encrypts new values\n"
        )
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(Path(path).stat().st_mode) for path in ("keys", "keys/books.keys")]
    assert modes == [0o700, 0o600]
    assert os.listdir("keys") == ["books.keys"]
    uri = "sqlite:///sealed.db?encrypt=file:keys/books.keys"
    good("set", uri, "a", "1")

    os.chmod("keys/books.keys", 0o644)
    assert (
        "holdall: warning: other users can read keys/books.keys, which holds the keys; run"
        in call("get", uri, "a").err
    )
    done = call("key", "new", "keys/books.keys")
    assert done.err == "holdall: keys/books.keys holds 2 keys; the first key encrypts new values\n"
    assert stat.S_IMODE(os.stat("keys/books.keys").st_mode) == 0o600
    assert good("get", uri, "a") == "1"
    ring = Keyring("file:keys/books.keys")
    assert ring.current != "2026"
    assert len(ring["2026"]) == 32


def test_no_key_is_lost_and_no_file_of_others_is_taken_for_one(folder):
    good_file, other = folder / "books.keys", folder / "notes.txt"
    call("key", "new", good_file, "--id", "2026")
    other.write_text("remember the milk")
    other.chmod(0o600)
    before = good_file.read_text()
    assert "has a key '2026' already; choose another name with --id" in refusal(
        "key", "new", good_file, "--id", "2026"
    )
    assert "is not a valid id of a key" in refusal("key", "new", good_file, "--id", "a:b")
    assert "does not hold valid keys" in refusal("key", "new", other)
    assert (good_file.read_text(), other.read_text()) == (before, "remember the milk")
    good_file.write_text("")
    assert "does not hold valid keys" in refusal("key", "new", good_file)


def test_a_key_that_cannot_be_written_leaves_the_old_ones(folder, monkeypatch):
    call("key", "new", "books.keys", "--id", "2026")
    before = Path("books.keys").read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left" in refusal("key", "new", "books.keys", "--id", "2027")
    assert (os.listdir(), Path("books.keys").read_bytes()) == (["books.keys"], before)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_of_keys_that_others_can_read_gets_a_warning(folder, mode):
    file = folder / "keys"
    file.write_text(new_key("2026"))
    file.chmod(mode)
    with pytest.warns(
        UserWarning, match=r"other users can read .*keys, which holds the keys; run `chmod 600 "
    ):
        holdall.open(f"memory://?encrypt=file:{file}")
    file.chmod(0o600)
    holdall.open(f"memory://?encrypt=file:{file}")


def test_the_group_of_a_file_of_another_user_may_read_it(folder, monkeypatch):
    file = folder / "keys"
    file.write_text("secret")
    file.chmod(0o640)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert read_secret(f"file:{file}", "keys") == b"secret"
