"""The command as a process: exit codes, pipes that close, Ctrl-C, and progress for those who look."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
from contextlib import contextmanager
from pathlib import Path

import pytest

import holdall
from tests.cli.console import BUNDLED, PROGRAM, contents, environment, good, process

INTERRUPTED = (
    "holdall: interrupted; every value that was written is complete, so run the command again to continue"
)


def test_the_process_exits_with_the_code_and_prints_no_traceback():
    for arguments, code in ((["count", "file:s"], 0), (["get", "file:s", "a"], 1), (["get"], 2)):
        done = process(*arguments)
        assert done.returncode == code
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) == bool(code)


def test_ctrl_c_while_the_command_is_still_loading_is_no_traceback(folder):
    (folder / "click.py").write_text("raise KeyboardInterrupt")
    done = process("ls", "file:s", env=environment(PYTHONPATH=str(folder)))
    assert (done.returncode, done.stderr) == (130, "holdall: interrupted\n")


def test_the_script_is_the_command():
    script = Path(sys.executable).with_name("holdall")
    assert subprocess.check_output([script, "--version"], text=True) == good("--version")


@pytest.mark.parametrize("reading", ["ls file:many", "invoices list --from sqlite:///books.db --csv"])
def test_a_reader_that_has_seen_enough_is_no_failure(reading, books):
    with holdall.open("file:many?durability=os") as store:
        store.update({f"{'k' * 300}{index:05}": b"" for index in range(500)})
    command, pipe = [*PROGRAM, *reading.split()], subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 0


def test_an_import_goes_on_where_nobody_reads_what_it_refuses(folder):
    for name in ("1.xml", "2.xml"):
        (folder / name).write_text("no invoice")
    (folder / "3.xml").write_bytes((BUNDLED / "nl-2026-014.xml").read_bytes())
    command, pipe = [*PROGRAM, "invoices", "import", ".", "--into", "sqlite:///books.db"], subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as running:
        running.stdout.close()
        running.stderr.close()
        assert running.wait() == 1
    assert len(contents("sqlite:///books.db")) == 1


def test_output_that_cannot_be_written_is_an_error():
    good("set", "file:store", "key", "value")
    for command in (["ls", "file:store"], ["get", "file:store", "key"], ["--help"]):
        with Path("/dev/full").open("w") as full:
            done = process(*command, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == 1
        assert done.stderr.startswith("holdall: ")
        assert done.stderr.endswith("No space left on device\n")
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("closing", "command", "code", "line"),
    [
        (">&-", "ls file:s", 1, "holdall: standard output is closed; send it to a file, or to /dev/null\n"),
        ("<&-", "set file:s key", 1, "holdall: standard input is closed; give VALUE or --file\n"),
        ("2>&-", "get file:s key", 1, ""),
        ("2>&-", "demo --into sqlite:///books.db", 0, ""),
        (">&- 2>&-", "set file:s key value", 1, ""),
    ],
)
def test_a_stream_that_is_closed_is_no_traceback(closing, command, code, line, folder):
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closing}', "sh", *PROGRAM, *command.split()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, line)
    assert not (folder / "s").exists()


def test_an_interrupted_import_keeps_what_is_done_and_can_be_run_again(folder):
    """The second file is a pipe: once somebody writes to it, the import is at it, and waits."""
    first, second = (BUNDLED / name for name in ("nl-2026-014.xml", "nl-2026-016.xml"))
    os.mkfifo("pipe.xml")
    command = ["invoices", "import", first, "pipe.xml", second, "--into", "sqlite:///books.db"]
    running = subprocess.Popen(
        [*PROGRAM, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with Path("pipe.xml").open("wb"):
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()
    assert running.returncode == 130
    assert out == "imported 1, already there 0, refused 0\n"
    assert err.split() == INTERRUPTED.split()
    assert len(contents("sqlite:///books.db")) == 1
    done = process("invoices", "import", first, second, "--into", "sqlite:///books.db")
    assert done.stdout == "imported 1, already there 1, refused 0\n"


def interrupt_a_copy(source, target):
    """The exit code of a copy that is interrupted while it shows its progress, and all that it shows."""
    with on_terminal("cp", source, target) as (terminal, running):
        shown = b""
        while b"copying" not in shown:
            shown += os.read(terminal, 1000)
        running.send_signal(signal.SIGINT)
        shown += drained(terminal)
        return running.wait(), shown


def test_an_interrupted_copy_has_whole_values_and_can_be_run_again():
    pairs = {f"{index:05}": b"%05d" % index * 100 for index in range(4000)}
    with holdall.open("sqlite:///many.db") as store:
        store.update(pairs)
    for _ in range(20):  # a copy may be complete before the signal comes
        shutil.rmtree("copy", ignore_errors=True)
        code, shown = interrupt_a_copy("sqlite:///many.db", "file:copy")
        copied = contents("file:copy")
        if len(copied) < len(pairs):
            break
    assert code == 130
    assert INTERRUPTED.encode() in shown
    assert len(copied) < len(pairs)
    assert copied.items() <= pairs.items()
    assert process("cp", "sqlite:///many.db", "file:copy?durability=os").returncode == 0
    assert contents("file:copy") == pairs


@pytest.mark.parametrize(
    ("label", "command"),
    [
        (b"importing", ["invoices", "import", str(BUNDLED), "--into", "memory://a"]),
        (b"copying keys", ["cp", "sqlite:///books.db", "file:copy?durability=os"]),
        pytest.param(
            *(b"reading invoices", ["receivables", "billed", "--from", "sqlite:///books.db"]),
            marks=pytest.mark.servers,  # slow, so not in `make test`
        ),
    ],
)
def test_progress_is_shown_where_somebody_looks_and_nowhere_else(label, command, books):
    with on_terminal(*command) as (terminal, running):
        assert label in drained(terminal)
        out = running.stdout.read()
        assert running.wait() == 0
    quiet = process(*command, env={**os.environ, "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"})
    assert quiet.returncode == 0
    assert label.decode() not in quiet.stderr
    assert b"\x1b" not in out
    assert b"Progress" not in out


def test_whoever_gives_no_value_at_a_terminal_is_asked_for_it():
    ours, theirs = pty.openpty()
    command, pipe = [*PROGRAM, "set", "file:notes", "greeting"], subprocess.PIPE
    with subprocess.Popen(command, stdin=theirs, stderr=pipe, text=True) as running:
        assert running.stderr.readline() == "holdall: type the value, and end it with Ctrl-D\n"
        os.write(ours, b"hello\n\x04")
        assert running.wait() == 0
    os.close(theirs)
    os.close(ours)
    assert contents("file:notes") == {"greeting": b"hello\n"}


@pytest.mark.parametrize(("columns", "lines"), [(300, 1), (40, 2)])
def test_a_table_on_a_terminal_breaks_words_and_no_numbers(columns, lines, books):
    _, entry = shown_on(columns, "invoices", "list", "--from", books).split("NL-2026-014", 1)
    entry, _ = entry.split("NL-2026-016", 1)
    for text in ("DE999000111", "DE999000333", "2026-02-03", "2026-03-05", "219.77", "0.00"):
        assert text in entry
    assert len(entry.strip().splitlines()) == lines


def test_no_finding_is_cut_off_on_a_narrow_terminal():
    good("set", "sqlite:///notes.db", "greeting", "hello")
    shown = shown_on(50, "doctor", "sqlite:///notes.db")
    assert "…" not in shown
    for word in ("check", "outcome", "detail", "compare-and-delete", "concurrent", "races"):
        assert word in shown


def shown_on(columns, *command):
    """What a command shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    variables = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with subprocess.Popen([*PROGRAM, *command], stdout=theirs, env={**variables, "NO_COLOR": "1"}):
        os.close(theirs)
        shown = drained(ours).decode()
    os.close(ours)
    return shown


@contextmanager
def on_terminal(*command):
    """A command that runs with a terminal for standard error, after the terminal's other end."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([*PROGRAM, *command], stdout=subprocess.PIPE, stderr=theirs) as running:
        os.close(theirs)
        yield ours, running
    os.close(ours)


def drained(terminal):
    """All that was still shown, up to the end of the command."""
    shown = b""
    while True:
        try:
            more = os.read(terminal, 10_000)
        except OSError:  # how Linux says that nobody has the terminal open any more
            more = b""
        if not more:
            return shown
        shown += more
