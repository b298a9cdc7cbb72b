"""Named stores, as a configuration file in TOML declares them.

    [store.invoices]
    uri = "s3://acme/invoices?region=eu-west-1"
    layers = ["serializer=msgpack", "compress=zstd&level=9", {cache = "60s", near = "disk"}]   # top first

    [store.disk]
    uri = "file://{here}/near?durability=os&checksum=xxh3"

    [store.drafts]
    uri = "sqlite:///{here}/drafts.db?serializer=json"                                  # in the usual order

``uri`` is an address. ``layers`` accepts the same layers as an address, and also ``escape`` and
``prefix=name``, in any order in which they can work. If there are ``layers``, the address must not name
layers. A layer is a text as in an address, or a table with the same names, in which no value is
percent-encoded. In ``uri`` and ``layers``, ``{here}`` is the absolute path of the file's folder. Other
relative paths start at the current folder, as everywhere. Two caches of a file cannot have the same near
store.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from holdall.address import ADDRESSES, LAYERED, Address, format_parameter, parameters, suggest
from holdall.configuration.reading import LARGEST, ConfigFile
from holdall.configuration.stack import Stack
from holdall.errors import InvalidAddress
from holdall.redact import HIDDEN, is_secret

_PARTS: Final = 16  # the limit for a dotted key; a store needs three
_long_key = re.compile(  # the time of tomllib grows with the square of the number of parts
    rb"""(?<![\w-])(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
    rb"""(?:[ \t]*+\.[ \t]*+(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')){%d}""" % _PARTS
).search


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

    def nears(self) -> list[str]:
        """Return the near stores that its caches name."""
        return [each["near"] for each in (self.address.params, *(self.layers or ())) if "near" in each]

    def plan(self, given: dict[str, Any]) -> tuple[Stack, Address]:
        """Return the stack and the address of the store below it. ``given`` overrides values in the file."""
        address = self.address.with_options(**given)
        if self.layers is None:
            return Stack.of(address)
        return Stack.from_entries(Address("", self.name, params=given), self.layers), address.without(
            *address.layered
        )


def stores_of(source: ConfigFile) -> dict[str, Named]:
    """Return the stores that the file declares. If the file is not valid, InvalidAddress names it."""
    file, read = source.path, _parse(source)
    _refuse_others(file, read, {"store"}, "")
    declared = read.get("store", {})
    if not isinstance(declared, dict):
        raise InvalidAddress(f"{file}: store is not a table; write [store.name]")
    found = {name: _store(file, name, entry) for name, entry in declared.items()}
    _require_own_nears(file, found)
    return found


def _require_own_nears(file: Path, found: dict[str, Named]) -> None:
    owners: dict[str, str] = {}
    for name, near in ((name, near) for name, each in found.items() for near in each.nears()):
        if near in owners:
            both = f"store.{owners[near]} and store.{name}"
            raise InvalidAddress(
                f"{file}: {both} have the same near store, {format_parameter('near', near)}; give each its own"
            )
        owners[near] = name


def _store(file: Path, name: str, entry: Any) -> Named:
    if not isinstance(entry, dict) or not isinstance(entry.get("uri"), str):
        raise InvalidAddress(f'{file}: store.{name} has no uri; write uri = "sqlite:///books.db"')
    _refuse_others(file, entry, {"uri", "layers"}, f"store.{name}.")
    if not (Address.parse(name or "-").name and name):
        raise InvalidAddress(
            f"{file}: {name!r} is not a valid name; use letters, digits, dashes and underscores"
        )
    address = _address(file, entry["uri"])
    layers = entry.get("layers")
    if address.name:
        raise InvalidAddress(f"{file}: the uri of store.{name} has no scheme; write one, such as sqlite://")
    if layers is not None:
        if both := sorted(address.layered):
            raise InvalidAddress(f"{file}: store.{name} names {both[0]} in its uri; put it among its layers")
        layers = _layers(file, name, layers)
    return Named(name, address, layers, file)


def _address(file: Path, uri: str) -> Address:
    where, mark, query = uri.partition("?")
    here = _encode(_folder(file))
    address = Address.parse(where.replace("{here}", here) + mark + query)
    return replace(address, params=_fill_here(file, address.params))


def _layers(file: Path, name: str, entries: Any) -> tuple[dict[str, str], ...]:
    said = [_read_entry(entry) for entry in entries] if isinstance(entries, list) else [None]
    if None in said:
        example = '["serializer=json", {cache = "60s"}]'
        raise InvalidAddress(
            f"{file}: the layers of store.{name} are not a list of texts and tables; write them as {example}"
        )
    return tuple(_fill_here(file, each) for each in said if each is not None)


def _read_entry(entry: Any) -> dict[str, str] | None:
    """Return the parameters of a listed layer, or None if ``entry`` is not written as a layer."""
    if isinstance(entry, str):
        return parameters(entry if "=" in entry else f"{entry}=on")
    if isinstance(entry, dict) and all(isinstance(each, str | int | float) for each in entry.values()):
        return {name: str(value) for name, value in entry.items()}
    return None


def _fill_here(file: Path, said: Mapping[str, str]) -> dict[str, str]:
    """Return ``said`` with the folder of ``file`` for ``{here}``, percent-encoded inside an address."""
    plain = _folder(file)
    encoded = _encode(plain)
    return {
        name: value.replace("{here}", encoded if name in ADDRESSES else plain) for name, value in said.items()
    }


def _encode(folder: str) -> str:
    return quote(folder, safe="/:", errors="surrogateescape")


def _folder(file: Path) -> str:
    return str(file.parent.absolute())


def _refuse_others(file: Path, table: dict[str, Any], known: set[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise InvalidAddress(f"{file}: {where}{name} is not known; {suggest(name, known)}")


def _parse(source: ConfigFile) -> dict[str, Any]:
    if len(source.data) > LARGEST:
        raise InvalidAddress(f"{source.path} is over {LARGEST >> 10} KiB; keep only the stores in it")
    if _long_key(source.data):
        raise InvalidAddress(f"{source.path} has a key of over {_PARTS} parts; write [store.name]")
    try:
        return tomllib.loads(source.data.decode())
    except RecursionError:
        raise InvalidAddress(
            f"{source.path} has values that are nested too deeply; write flat tables"
        ) from None
    except ValueError as error:  # the errors of TOML and of UTF-8
        raise InvalidAddress(f"{source.path} is not valid TOML: {error}") from error
