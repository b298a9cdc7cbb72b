"""The commands explain and manifest, which show the layers of a store."""

from typing import Any

import click

from holdall.cli.address import positional
from holdall.cli.help import examples
from holdall.cli.output.printing import formats, print_rows
from holdall.errors import HoldallError
from holdall.layer import layers
from holdall.middleware.guard import Guard
from holdall.middleware.manifest import Manifest, forget, read_manifest, record
from holdall.redact import format_call
from holdall.registry import open as open_store
from holdall.store import Store


@click.command(epilog=examples("explain 'sqlite:///new.db?serializer=msgpack&compress=zstd'"))
@positional()
def explain(at: dict[str, Any]) -> None:
    """Print the constructors that make the store at URI, top layer first. Nothing is read or written."""
    with open_store(at["uri"]) as store:
        click.echo(format_constructors(store))


@click.command(epilog=examples("manifest 'sqlite:///books.db'"))
@positional()
@click.option("--record", "recording", is_flag=True, help="Record the layers that URI names.")
@click.option("--forget", "forgetting", is_flag=True, help="Delete the record of the layers.")
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
            record(store, _manifest(store))
        if forgetting:
            forget(store)
        found = read_manifest(store)
    print_rows(("", "recorded"), [] if found is None else _rows(found), style)


def _manifest(store: Store[Any]) -> Manifest:
    for layer in layers(store):
        if isinstance(layer, Guard):
            return layer.manifest
    raise HoldallError("the address names no layers to record; add them, such as ?serializer=json")


def _rows(found: Manifest) -> list[tuple[str, str]]:
    rows = [("layers", "&".join(found.layers)), ("schema", found.schema), ("key", found.key)]
    return [(name, text) for name, text in rows if text]


def format_constructors(store: Store[Any], indent: str = "") -> str:
    """Return the nested constructors that make ``store``, without secrets.

    >>> from holdall import Cache, Gzip, Memory, Text
    >>> print(format_constructors(Text(Cache(Memory("far"), 60, near=Gzip(Memory("near"))))))
    Text(
        Cache(
            Memory('far'),
            60,
            near=Gzip(
                Memory('near'),
            ),
        ),
    )
    """
    args, kwargs = store._made_with
    name = type(store).__name__
    if not args or not isinstance(args[0], Store):
        return f"{indent}{store!r}"
    inner = indent + "    "
    rest = [format_call("", (arg,), {})[1:-1] for arg in map(_showable, args[1:])]
    rest += [_option(option, value, inner) for option, value in kwargs.items()]
    lines = [format_constructors(args[0], inner), *(inner + each for each in rest)]
    return "\n".join([f"{indent}{name}(", *(f"{line}," for line in lines), f"{indent})"])


def _option(name: str, value: object, indent: str) -> str:
    if isinstance(value, Store):
        return f"{name}={format_constructors(value, indent).lstrip()}"
    return format_call("", (), {name: _showable(value)})[1:-1]


class _Made:
    """An object whose repr is not useful. It is shown as a call of its class."""

    def __init__(self, thing: object) -> None:
        self._name = type(thing).__name__

    def __repr__(self) -> str:
        return f"{self._name}()"


def _showable(value: object) -> object:
    plain = isinstance(value, type) or not repr(value).startswith("<")
    return value if plain else _Made(value)
