"""Days on the command line."""

from datetime import date

import click

DAY = click.DateTime(["%Y-%m-%d"])


def today() -> str:
    """This day where the user is."""
    return date.today().isoformat()  # noqa: DTZ011 - a book-keeper's day is the local one
