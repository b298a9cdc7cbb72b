"""Named stores, as configuration files in TOML declare them.

    [store.invoices]
    uri = "s3://acme/invoices?region=eu-west-1"
    layers = ["serializer=msgpack", "compress=zstd&level=9", "encrypt=env:BOOKS_KEY"]   # top first

    [store.drafts]
    uri = "sqlite:///{here}/drafts.db?serializer=json"                                  # in the usual order

``uri`` is an address, in which ``{here}`` is the absolute path of the file's folder; other relative paths
are from the current folder, as everywhere. ``layers`` takes what an address takes and also ``escape`` and
``prefix=name``, in any order in which they can work; then the address names none.

A name is looked for in the file that HOLDALL_CONFIG names; without that variable in ``holdall.toml`` in the
current folder or the nearest one above it that has one, and then in the user's configuration folder
(``~/.config/holdall/holdall.toml`` on Linux; with the extra ``config``). A file found in a folder is used
only if it is the user's own or the administrator's: what it says can run code.
"""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from holdall.address import LAYERED, Address, meant, parameters
from holdall.configuration.stack import Stack
from holdall.errors import InvalidAddress, PermissionDenied
from holdall.redact import shown_value

VARIABLE: Final = "HOLDALL_CONFIG"
NAME: Final = "holdall.toml"
_LARGEST: Final = 1 << 20  # bytes
_ADMINISTRATOR: Final = 0  # the user id of root


class Named(NamedTuple):
    """A store that a file declares; ``layers`` is None where its address names them."""

    name: str
    address: Address
    layers: tuple[str, ...] | None
    file: Path

    def shown_layers(self) -> tuple[str, ...]:
        """The layers that are listed, with nothing secret."""
        return tuple(_shown(text) for text in self.layers or ())

    def plan(self, given: dict[str, Any]) -> tuple[Stack, Address]:
        """The stack and the address of the store below it, with ``given`` in place of what the file says."""
        address = self.address.with_options(**given)
        if self.layers is None:
            return Stack.of(address)
        return Stack.listed(Address("", self.name, params=given), self.layers), address.without(*LAYERED)


def _shown(text: str) -> str:
    if "=" not in text:
        return text
    return "&".join(f"{name}={shown_value(name, value)}" for name, value in parameters(text).items())


def find(name: str) -> Named:
    """The store of that name; InvalidAddress, with those there are, where no file declares it."""
    files = list(_files())
    for file in files:
        if found := stores_of(file).get(name):
            return found
    known = [each.name for each in stores()]
    looked = ", ".join(map(str, files)) or f"there is no {NAME}"
    raise InvalidAddress(
        f"no store is named {name!r} ({looked}); {meant(name, known)}; the folder of that name is './{name}'"
    )


def stores() -> list[Named]:
    """Every store that can be opened by name, by name; of equal names the one that would be opened."""
    found: dict[str, Named] = {}
    for file in _files():
        found = stores_of(file) | found
    return [found[name] for name in sorted(found)]


def stores_of(file: Path) -> dict[str, Named]:
    """The stores that ``file`` declares; InvalidAddress, naming it, where it cannot be meant."""
    read = _read(file)
    _refuse_others(file, read, {"store"}, "")
    declared = read.get("store", {})
    if not isinstance(declared, dict):
        raise InvalidAddress(f"{file}: store is no table; write [store.name]")
    return {name: _store(file, name, entry) for name, entry in declared.items()}


def _store(file: Path, name: str, entry: Any) -> Named:
    if not isinstance(entry, dict) or not isinstance(entry.get("uri"), str):
        raise InvalidAddress(f'{file}: store.{name} has no uri; write uri = "sqlite:///books.db"')
    _refuse_others(file, entry, {"uri", "layers"}, f"store.{name}.")
    if not (Address.parse(name or "-").name and name):
        raise InvalidAddress(f"{file}: {name!r} is no name: letters, digits, dashes and underscores")
    here = quote(str(file.parent.absolute()), safe="/:")
    address = Address.parse(entry["uri"].replace("{here}", here))
    layers = entry.get("layers")
    if address.name:
        raise InvalidAddress(f"{file}: the uri of store.{name} has no scheme, such as sqlite://")
    if layers is not None:
        _require_texts(file, name, layers)
        if both := sorted(set(address.params) & set(LAYERED)):
            raise InvalidAddress(f"{file}: store.{name} names {both[0]} in its uri; put it among its layers")
        layers = tuple(layers)
    return Named(name, address, layers, file)


def _require_texts(file: Path, name: str, layers: Any) -> None:
    if not isinstance(layers, list) or not all(isinstance(each, str) for each in layers):
        raise InvalidAddress(f'{file}: layers of store.{name} is no list of texts, as ["serializer=json"]')


def _refuse_others(file: Path, table: dict[str, Any], known: set[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise InvalidAddress(f"{file}: {where}{name} means nothing here; {meant(name, known)}")


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
        return tomllib.loads(data.decode()) if len(data) <= _LARGEST else {"over a megabyte": None}
    except OSError as error:
        raise InvalidAddress(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:  # TOML's error, and that of UTF-8
        raise InvalidAddress(f"{file} is no TOML: {error}") from error


def _files() -> Iterator[Path]:
    """The files in which a name is looked for, the first one first."""
    if named := os.environ.get(VARIABLE):
        yield Path(named)
        return
    here = Path.cwd()
    nearest = (folder / NAME for folder in (here, *here.parents) if (folder / NAME).is_file())
    for file in (*list(nearest)[:1], *_user_files()):
        _require_own(file)
        yield file


def _user_files() -> Iterator[Path]:
    try:
        import platformdirs
    except ModuleNotFoundError:
        return
    file = platformdirs.user_config_path("holdall") / NAME
    if file.is_file():
        yield file


def _require_own(file: Path) -> None:
    if hasattr(os, "getuid") and file.stat().st_uid not in (_ADMINISTRATOR, os.getuid()):
        raise PermissionDenied(
            f"{file} belongs to another user; to use it all the same, set {VARIABLE}={file}"
        )
