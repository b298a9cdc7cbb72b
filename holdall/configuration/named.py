"""Named stores, as a configuration file in TOML declares them.

    [store.invoices]
    uri = "s3://acme/invoices?region=eu-west-1"
    layers = ["serializer=msgpack", "compress=zstd&level=9", {cache = "60s", near = "disk"}]   # top first

    [store.disk]
    uri = "file://{here}/near?durability=os&checksum=xxh3"

    [store.books]
    uri = "sqlite:///{here}/books.db?serializer=json"
    replicas = ["s3://acme/books", "office"]
    acks = 2

    [store.drafts]
    uri = "sqlite:///{here}/drafts.db?serializer=json"                                  # in the usual order

``uri`` is an address. ``layers`` accepts the same layers as an address, and also ``escape`` and
``prefix=name``, in any order in which they can work. If there are ``layers``, the address must not name
layers. A layer is a text as in an address, or a table with the same names, in which no value is
percent-encoded. In ``uri`` and ``layers``, ``{here}`` is the absolute path of the file's folder. Other
relative paths start at the current folder, as everywhere. ``replicas`` are addresses or names of stores;
``acks``, ``stale``, ``read_timeout``, ``outbox`` and ``deliver`` are as in an address (see
`holdall.configuration.replicas`). A store of a file cannot be the near store or the replica of two others.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from holdall.address import LAYERED, Address, format_parameter, parameters
from holdall.configuration.reading import ConfigFile
from holdall.configuration.replicas import OPTIONS, REPLICA, REPLICATED
from holdall.configuration.stack import Stack
from holdall.configuration.toml import address_of, fill_here, refuse_others, require_name, tables
from holdall.errors import InvalidAddress
from holdall.redact import HIDDEN, is_secret


class Named(NamedTuple):
    """A store that a file declares. ``layers`` is None if the address names the layers."""

    name: str
    address: Address
    layers: tuple[Mapping[str, str], ...] | None
    file: Path

    def format_layers(self) -> tuple[str, ...]:
        """Return the listed layers as texts, with secrets hidden."""
        return tuple(
            "&".join(f"{name}={format_parameter(name, value)}" for name, value in layer.items())
            for layer in self.layers or ()
        )

    @property
    def holds_secret(self) -> bool:
        """Whether the declaration itself contains a password or another secret."""
        settings = (self.address.params, *(self.layers or ()))
        return bool(self.address.userinfo) or any(
            is_secret(name) or (name in LAYERED and HIDDEN in format_parameter(name, value))
            for each in settings
            for name, value in each.items()
        )

    def owned(self) -> Iterator[tuple[str, str]]:
        """Yield the parameter and the address of each near store and each replica that belongs to this store."""
        for each in (self.address.params, *(self.layers or ())):
            if "near" in each:
                yield "near", each["near"]
        for address in self.address.params.get(REPLICA, ()):
            yield REPLICA, str(address)

    def plan(self, given: dict[str, Any]) -> tuple[Stack, Address]:
        """Return the stack and the address of the store below it. ``given`` overrides values in the file."""
        address = self.address.with_options(**given)
        if self.layers is None:
            return Stack.of(address)
        said = {name: value for name, value in self.address.params.items() if name in REPLICATED}
        return Stack.from_entries(Address("", self.name, params=said | given), self.layers), address.without(
            *address.layered
        )


def stores_of(source: ConfigFile) -> dict[str, Named]:
    """Return the stores that the file declares. If the file is not valid, InvalidAddress names it."""
    found = {name: _store(source.path, name, entry) for name, entry in tables(source, "store").items()}
    _require_own(source.path, found)
    return found


def _require_own(file: Path, found: dict[str, Named]) -> None:
    owners: dict[str, str] = {}
    for name, parameter, address in (
        (name, *owned) for name, each in found.items() for owned in each.owned()
    ):
        if address in owners:
            both, word = f"store.{owners[address]} and store.{name}", _WORDS[parameter]
            raise InvalidAddress(
                f"{file}: {both} have the same {word}, {format_parameter(parameter, address)}; give each its own"
            )
        owners[address] = name


_WORDS: Final = {"near": "near store", REPLICA: "replica"}


def _store(file: Path, name: str, entry: Any) -> Named:
    if not isinstance(entry, dict) or not isinstance(entry.get("uri"), str):
        raise InvalidAddress(f'{file}: store.{name} has no uri; write uri = "sqlite:///books.db"')
    refuse_others(file, entry, {"uri", "layers", _REPLICAS, *OPTIONS}, f"store.{name}.")
    require_name(file, name)
    address = _replicated(file, name, address_of(file, entry["uri"]), entry)
    layers = entry.get("layers")
    if address.name:
        raise InvalidAddress(f"{file}: the uri of store.{name} has no scheme; write one, such as sqlite://")
    if layers is not None:
        if both := sorted({*address.layered} - REPLICATED):
            raise InvalidAddress(f"{file}: store.{name} names {both[0]} in its uri; put it among its layers")
        layers = _layers(file, name, layers)
    return Named(name, address, layers, file)


_REPLICAS: Final = "replicas"


def _replicated(file: Path, name: str, address: Address, entry: dict[str, Any]) -> Address:
    """Return ``address`` with the replicas of the table ``entry`` and their options as parameters."""
    said: dict[str, Any] = {option: entry[option] for option in OPTIONS if option in entry}
    if _REPLICAS in entry:
        listed = entry[_REPLICAS]
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            example = '["s3://acme/books"]'
            raise InvalidAddress(
                f"{file}: the replicas of store.{name} are not a list of texts; write {example}"
            )
        said[REPLICA] = tuple(listed)
    if twice := sorted(said.keys() & address.params.keys()):
        raise InvalidAddress(f"{file}: store.{name} names {twice[0]} twice; leave it out of the uri")
    return address.with_options(**fill_here(file, said))


def _layers(file: Path, name: str, entries: Any) -> tuple[dict[str, str], ...]:
    said = [_read_entry(entry) for entry in entries] if isinstance(entries, list) else [None]
    if None in said:
        example = '["serializer=json", {cache = "60s"}]'
        raise InvalidAddress(
            f"{file}: the layers of store.{name} are not a list of texts and tables; write them as {example}"
        )
    return tuple(fill_here(file, each) for each in said if each is not None)


def _read_entry(entry: Any) -> dict[str, str] | None:
    """Return the parameters of a listed layer, or None if ``entry`` is not written as a layer."""
    if isinstance(entry, str):
        return parameters(entry if "=" in entry else f"{entry}=on")
    if isinstance(entry, dict) and all(isinstance(each, str | int | float) for each in entry.values()):
        return {name: str(value) for name, value in entry.items()}
    return None
