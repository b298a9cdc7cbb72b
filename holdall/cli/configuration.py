"""The commands stores and trust, which list the declared stores and the trusted configuration files."""

from pathlib import Path

import click

from holdall.cli.help import examples
from holdall.cli.output.printing import formats, print_rows
from holdall.configuration import trust as trusted
from holdall.configuration.files import stores as declared
from holdall.configuration.harmless import harm
from holdall.configuration.named import stores_of
from holdall.configuration.reading import read, resolve
from holdall.configuration.views import views_of


@click.command(epilog=examples("stores"))
@formats
def stores(style: str | None) -> None:
    """List the stores that can be opened by name, and the files that declare them. Secrets are not shown."""
    rows = [
        (each.name, str(each.address), " ".join(each.format_layers()), str(each.file)) for each in declared()
    ]
    print_rows(("name", "address", "layers", "file"), rows, style)


@click.command(epilog=examples("trust holdall.toml", "trust --list"))
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--revoke", is_flag=True, help="Stop trusting FILE.")
@click.option("--list", "listing", is_flag=True, help="List the files that you trust.")
@formats
def trust(file: Path | None, revoke: bool, listing: bool, style: str | None) -> None:
    """Trust the configuration file FILE, so that its stores take effect. Read the file first.

    A store in the file may run code, and may send your credentials to a server that the file names. holdall
    trusts the file only with its present content and at its present path. If the file is changed or moved,
    read it and trust it again.
    """
    if listing == (file is not None) or (revoke and listing):
        raise click.UsageError("give either FILE or --list")
    if file is None:
        rows = [(str(each.path), "yes" if each.current else "no, it changed") for each in trusted.records()]
        print_rows(("file", "trusted"), rows, style)
    elif revoke:
        trusted.revoke(file)
    else:
        _trust(file)


def _trust(path: Path) -> None:
    file = read(resolve(path))
    needing = [(each.name, harm(each)) for each in stores_of(file).values()]
    views = ", ".join(views_of(file))
    trusted.trust(file)
    listed = ", ".join(f"{name} ({reason})" for name, reason in needing if reason)
    also = f"; views that needed it: {views}" if views else ""
    click.echo(f"holdall: {file.path} is trusted; stores that needed it: {listed or 'none'}{also}", err=True)
