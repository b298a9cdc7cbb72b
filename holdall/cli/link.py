"""The command url, which prints a presigned link to a value in a bucket."""

from typing import Any

import click

from holdall.cli.address import positional
from holdall.cli.help import examples
from holdall.configuration.values import seconds
from holdall.errors import Unsupported
from holdall.layer import layers
from holdall.registry import open as open_store


@click.command(epilog=examples("url s3://acme/books logo.png", "url s3://acme/books logo.png --expires 7d"))
@positional("key")
@click.option("--expires", default="1h", show_default=True, help="How long the link works, as in 30m or 7d.")
def url(at: dict[str, Any], expires: str) -> None:
    """Print a link to the value of KEY in a bucket (s3 or gs), which works without other credentials.

    Whoever has the link can read the value until it expires, after 7 days at most. The link gives the stored
    bytes: a value that a layer compresses or encrypts stays compressed or encrypted. The command sends no
    request, and prints a link for a missing key, too.
    """
    duration = seconds(expires)
    with open_store(at["uri"]) as store:
        lowest = list(layers(store))[-1]
        sign = getattr(lowest, "url", None)
        if sign is None:
            raise Unsupported(
                f"{lowest!r} has no links; use a store in a bucket, as in s3://bucket or gs://bucket"
            )
        click.echo(sign(at["key"], duration))
