"""What the tests of the command line share: how to run it, and what a refusal looks like."""

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.resources import files

import holdall
from holdall.cli.run import run

BUNDLED = files("holdall") / "demo" / "invoices"
PROGRAM = [sys.executable, "-m", "holdall"]


@dataclass
class Done:
    """A command that has run."""

    code: int
    out: str
    err: str

    @property
    def told(self):
        """What was said on standard error after the line that names the store."""
        return re.sub(r"\Aholdall: [a-z]+ acts on .*\n", "", self.err)


def call(*arguments, stdin=b"", encoding="utf-8", merged=False):
    """Run one command in this process, with standard streams as pipes, or with both outputs as one."""
    out, err, given = (io.TextIOWrapper(io.BytesIO(each), encoding) for each in (b"", b"", stdin))
    before, sys.stdin = sys.stdin, given
    try:
        with redirect_stdout(out), redirect_stderr(out if merged else err):
            code = run([str(argument) for argument in arguments])
    finally:
        sys.stdin = before
    return Done(code, *(read(stream) for stream in (out, err)))


def read(stream):
    stream.flush()
    return stream.buffer.getvalue().decode("utf-8", "surrogateescape")


def good(*arguments, **options):
    """What a command that must succeed, and has nothing to complain of, prints."""
    done = call(*arguments, **options)
    assert (done.code, done.err) == (0, ""), done
    return done.out


def refusal(*arguments, code=1, **options):
    """The one line in which a command that must be refused says why; it prints nothing else.

    A command that deletes or rewrites has named its store before.
    """
    done = call(*arguments, **options)
    assert (done.code, done.out) == (code, ""), done
    (line,) = done.told.splitlines()
    assert line.startswith("holdall: "), line
    return line


def process(*arguments, **options):
    """Run one command as a process of its own."""
    command = [*PROGRAM, *map(str, arguments)]
    defaults = {"capture_output": True, "text": True, "encoding": "utf-8", "check": False}
    return subprocess.run(command, **{**defaults, **options})


def contents(uri):
    """Everything in a store."""
    with holdall.open(uri) as store:
        return dict(store.items())


def environment(**variables):
    return {**os.environ, **variables}
