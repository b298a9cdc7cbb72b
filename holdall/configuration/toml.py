"""Reads a configuration file as TOML, with ``{here}`` for the folder of the file."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from holdall.address import ADDRESSES, Address, suggest
from holdall.configuration.reading import LARGEST, ConfigFile
from holdall.errors import InvalidAddress

_KINDS: Final = {"bank", "books", "store", "view"}
_PARTS: Final = 16  # the limit for a dotted key; a store needs three
_long_key = re.compile(  # the time of tomllib grows with the square of the number of parts
    rb"""(?<![\w-])(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
    rb"""(?:[ \t]*+\.[ \t]*+(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')){%d}""" % _PARTS
).search


def tables(source: ConfigFile, kind: str) -> dict[str, Any]:
    """Return the entries of each table ``[kind.name]``, by name.

    Raises InvalidAddress, which names the file, if it is not valid TOML, or declares other things.
    """
    read = _parse(source)
    refuse_others(source.path, read, _KINDS, "")
    return _table(source.path, read, kind, f"[{kind}.name]")


def table(source: ConfigFile, name: str) -> dict[str, Any]:
    """Return the table ``[name]``, which is empty if the file has none. Raises as `tables` does."""
    read = _parse(source)
    refuse_others(source.path, read, _KINDS, "")
    return _table(source.path, read, name, f"[{name}]")


def _table(file: Path, read: dict[str, Any], name: str, example: str) -> dict[str, Any]:
    declared = read.get(name, {})
    if not isinstance(declared, dict):
        raise InvalidAddress(f"{file}: {name} is not a table; write {example}")
    return declared


def require_name(file: Path, name: str) -> None:
    """Raise InvalidAddress if ``name`` is not valid in place of an address."""
    if not (Address.parse(name or "-").name and name):
        raise InvalidAddress(
            f"{file}: {name!r} is not a valid name; use letters, digits, dashes and underscores"
        )


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


def refuse_others(file: Path, table: dict[str, Any], known: set[str], where: str) -> None:
    """Raise InvalidAddress if ``table`` has a name that is not ``known``."""
    for name in table:
        if name not in known:
            raise InvalidAddress(f"{file}: {where}{name} is not known; {suggest(name, known)}")


def address_of(file: Path, uri: str) -> Address:
    """Return the address that ``uri`` is, with the folder of ``file`` for ``{here}``."""
    where, mark, query = uri.partition("?")
    here = _encode(_folder(file))
    address = Address.parse(where.replace("{here}", here) + mark + query)
    return replace(address, params=fill_here(file, address.params))


def fill_here(file: Path, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``said`` with the folder of ``file`` for ``{here}``, percent-encoded inside an address."""
    plain = _folder(file)
    encoded = _encode(plain)
    return {name: _fill(value, encoded if name in ADDRESSES else plain) for name, value in said.items()}


def _fill(value: Any, folder: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_fill(each, folder) for each in value)
    return value.replace("{here}", folder) if isinstance(value, str) else value


def _encode(folder: str) -> str:
    return quote(folder, safe="/:", errors="surrogateescape")


def _folder(file: Path) -> str:
    return str(file.parent.absolute())
