"""The command line: ``holdall``. What it needs is imported when it is called, so a missing library is one line."""

import sys

from holdall.errors import MissingExtra


def main() -> None:
    """Run the command line and exit as `holdall.cli.run` says; 1 where its libraries are not installed."""
    try:
        from holdall.cli.run import run
    except MissingExtra as error:
        sys.exit(f"holdall: {error}")
    run()
