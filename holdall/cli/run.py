"""Runs the command line once, returns its exit code, and prints each error in one line."""

import logging
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Final

from holdall.cli.output.safe_text import one_line
from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.redact import message as safe

with needs("cli"):
    import click
    from click.exceptions import NoArgsIsHelpError

from holdall.cli.app import app

_INTERRUPTED = "interrupted; every value that was written is complete, so run the command again to continue"


def run(arguments: Sequence[str] | None = None) -> int:
    """Run ``arguments``, or ``sys.argv`` if there are none, and return the exit code.

    The exit codes are 0 for done, 1 for refused or failed, 2 for wrong usage, and 130 for interrupted by
    Ctrl-C. Every error is printed on standard error in one line. A call without any arguments prints the help
    there instead.
    """
    # Python sets a closed stream to None. The next file that is opened would get its number and its output.
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stdout is None:
        return _report("standard output is closed; send it to a file, or to /dev/null", 1)
    for stream in (sys.stdout, sys.stderr):
        # A command must not fail half-way because the terminal cannot show a name.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    log = logging.getLogger("holdall.replicas")
    log.addHandler(_HANDLER)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            warnings.simplefilter("default", UserWarning)
            return _flush(_code(arguments))
    finally:
        log.removeHandler(_HANDLER)


class _Handler(logging.Handler):
    """Prints warnings of the log."""

    def emit(self, record: logging.LogRecord) -> None:
        _warn(record.getMessage())


_HANDLER: Final = _Handler(logging.WARNING)


def _code(arguments: Sequence[str] | None) -> int:
    try:
        code: int | None = app.main(arguments, prog_name="holdall", standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except click.UsageError as error:
        code = _report(_usage(error), error.exit_code)
    except click.Abort:
        code = _report(_INTERRUPTED, 130)
    except (HoldallError, click.ClickException, OSError) as error:
        code = _report(_describe(error), 1)
    return code or 0


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    click.echo(f"holdall: warning: {one_line(safe(str(message)))}", err=True)


def _report(message: str, code: int) -> int:
    # The messages of click quote arguments, such as an address with a password or a value of megabytes.
    click.echo(f"holdall: {one_line(safe(message))}", err=True)
    return code


def _usage(error: click.UsageError) -> str:
    command = error.ctx.command_path if error.ctx else "holdall"
    return f"{error.format_message().rstrip('.')}; `{command} --help` shows how"


def _describe(error: Exception) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _flush(code: int) -> int:
    """Flush standard output and return ``code``. Print an error and return 1 if that fails.

    A pipe that its reader closed is not an error.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python flushes again at exit
        if not isinstance(error, BrokenPipeError):
            return _report(f"standard output: {error.strerror}", 1)
    return code
