"""One run of the command line. Each command is imported when it is called, so that ``--help`` is quick."""

import sys

from holdall.extras import needs

with needs("cli"):
    import click

from holdall.cli.app import app
from holdall.errors import HoldallError


def run() -> None:
    """Run the command line and exit: 0 done, 1 a refusal or failure in one line, 2 wrong usage, 130 Ctrl-C."""
    try:
        sys.exit(app.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail(
            "interrupted; every key that was written is whole, and running the command again goes on",
            130,
        )
    except HoldallError as error:
        _fail(str(error), 1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, as in `holdall ls | head`
        sys.exit(0)
    except OSError as error:
        _fail(str(error), 1)


def _fail(message: str, code: int) -> None:
    click.echo(f"holdall: {message}", err=True)
    sys.exit(code)
