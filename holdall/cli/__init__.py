"""The command line ``holdall``. A command is imported only when it is called, so ``--help`` is quick."""

import sys

from holdall.errors import MissingExtra

__all__ = ["main"]


def main() -> None:
    """Run the command line on ``sys.argv``, and exit with one of the codes that `holdall.cli.run` lists."""
    try:
        from holdall.cli.run import run  # imported late: without the extra, click is not installed

        sys.exit(run())
    except MissingExtra as error:
        sys.exit(f"holdall: {error}")
    except KeyboardInterrupt:  # before the command began, or after it ended
        sys.stderr.write("holdall: interrupted\n")
        sys.exit(130)
