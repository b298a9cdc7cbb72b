"""backup and restore: to any time, and with --watch until Ctrl-C."""

import signal
import subprocess
import sys
from datetime import UTC, datetime

import holdall
from tests.cli.console import call, contents, good


def test_a_store_is_restored_to_a_time(folder):
    good("set", "sqlite:///books.db", "a", "1")
    good("set", "sqlite:///books.db", "b", "1")
    assert "copied 2, deleted 0" in call("backup", "sqlite:///books.db", "file:backup").err
    noon = datetime.now(UTC).isoformat()
    good("set", "sqlite:///books.db", "a", "2")
    call("del", "sqlite:///books.db", "b")
    assert "copied 1, deleted 1" in call("backup", "--verify", "sqlite:///books.db", "file:backup").err
    dry = call("restore", "--dry-run", "--as-of", noon, "file:backup", "sqlite:///books.db")
    assert dry.err == "would have copied 2, deleted 0 (of 2 keys)\n"
    assert call("restore", "--as-of", noon, "file:backup", "sqlite:///books.db").code == 0
    assert contents("sqlite:///books.db") == {"a": b"1", "b": b"1"}
    call("restore", "file:backup", "sqlite:///new.db")
    assert contents("sqlite:///new.db") == {"a": b"2"}


def test_watch_copies_each_change_until_ctrl_c(folder):
    good("set", "sqlite:///books.db", "a", "1")
    command = [sys.executable, "-m", "holdall", "backup", "--watch", "sqlite:///books.db", "file:backup"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert "copied 1" in [process.stderr.readline() for _ in range(2)][-1]
            good("set", "sqlite:///books.db", "a", "2")
            assert "copied 1" in process.stderr.readline()
            with holdall.open("file:backup") as backup:
                assert holdall.Versions(backup)["a"] == b"2"
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
