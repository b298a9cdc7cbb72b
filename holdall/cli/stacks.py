"""The commands stores, explain and manifest, which show declared stores and the layers of a store."""

from typing import Any

import click

from holdall.cli.address import positional
from holdall.cli.examples import examples
from holdall.cli.nested import nested
from holdall.cli.output.show import formats, show
from holdall.configuration.files import stores as declared
from holdall.errors import HoldallError
from holdall.layer import layers
from holdall.middleware.guard import Guard
from holdall.middleware.manifest import Manifest, forget, read_manifest, record
from holdall.registry import open as open_store
from holdall.store import Store


@click.command(epilog=examples("stores"))
@formats
def stores(style: str | None) -> None:
    """List the stores that can be opened by name, and the files that declare them. Secrets are not shown."""
    rows = [
        (each.name, str(each.address), " ".join(each.format_layers()), str(each.file)) for each in declared()
    ]
    show(("name", "address", "layers", "file"), rows, style)


@click.command(epilog=examples("explain 'sqlite:///new.db?serializer=msgpack&compress=zstd'"))
@positional()
def explain(at: dict[str, Any]) -> None:
    """Print the constructors that make the store at URI, top layer first. Nothing is read or written."""
    with open_store(at["uri"]) as store:
        click.echo(nested(store))


@click.command(epilog=examples("manifest 'sqlite:///books.db'"))
@positional()
@click.option("--record", "recording", is_flag=True, help="Record the layers that URI names.")
@click.option("--forget", "forgetting", is_flag=True, help="Delete what is recorded.")
@formats
def manifest(at: dict[str, Any], recording: bool, forgetting: bool, style: str | None) -> None:
    """Show the layers that are recorded in the store at URI, or correct the record.

    When a store with layers is first written, holdall records these layers in the store. From then on it
    refuses to use the store with other layers. Use --record if the data is older than the record, or if the
    record is wrong. No data is converted, so URI must name the layers in which the data was written.
    """
    if recording and forgetting:
        raise click.UsageError("give --record or --forget, not both")
    with open_store(at["uri"]) as store:
        if recording:
            record(store, _named(store))
        if forgetting:
            forget(store)
        found = read_manifest(store)
    show(("", "recorded"), [] if found is None else _rows(found), style)


def _named(store: Store[Any]) -> Manifest:
    for layer in layers(store):
        if isinstance(layer, Guard):
            return layer.manifest
    raise HoldallError("the address names no layers to record, such as ?serializer=json")


def _rows(found: Manifest) -> list[tuple[str, str]]:
    rows = [("layers", "&".join(found.layers)), ("schema", found.schema), ("key", found.key)]
    return [(name, text) for name, text in rows if text]
