"""The command line: ``holdall``. Each command is imported when it is called, so that ``--help`` is quick."""

import sys

from holdall.errors import MissingExtra

__all__ = ["main"]


def main() -> None:
    """Run the command line on ``sys.argv`` and exit, as `holdall.cli.run` says."""
    try:
        from holdall.cli.run import run  # late: without the extra there is no click to import

        sys.exit(run())
    except MissingExtra as error:
        sys.exit(f"holdall: {error}")
    except KeyboardInterrupt:  # before the command began, or after it ended
        sys.stderr.write("holdall: interrupted\n")
        sys.exit(130)
