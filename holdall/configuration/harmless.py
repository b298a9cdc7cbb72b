"""Decides which stores in a stranger's configuration file are harmless.

The lists below name the harmless settings, so a new setting needs trust until it is added here. A store is
harmless if it is in memory, or a folder of files or a SQLite database inside the folder of the configuration
file, and if it has only the settings below. These settings run no code of the file's author, read no file
outside that folder, and send nothing over a network. Databases of other engines are not listed, because their
libraries were not made to read a hostile file.
"""

import os
from collections.abc import Mapping
from typing import Any, Final

from holdall.address import ADDRESSES, Address
from holdall.configuration.named import Named

_SCHEMES: Final = ("file", "memory", "sqlite")
_SERIALIZERS: Final = ("json", "msgpack", "yaml", "xml", "text")
_SETTINGS: Final = frozenset(
    {
        *("readonly", "history", "manifest", "serializer", "expires", "compress", "level", "dictionary"),
        *("checksum", "cache", "near", "items", "size", "misses", "metrics", "budget", "escape", "prefix"),
        *("table", "durability", "timeout"),
        *("replica", "acks", "stale", "read_timeout", "outbox", "deliver"),
    }
)


def harm(found: Named) -> str:
    """Return the first part in the declaration of ``found`` that is not known to be harmless, or empty."""
    folder = str(found.file.parent)
    reasons = [_harm_of_address(found.address, folder)]
    reasons += [_harm_of_settings(layer, folder) for layer in found.layers or ()]
    return next(filter(None, reasons), "")


def _harm_of_address(address: Address, folder: str) -> str:
    if address.name:  # this is the name of another store, which is checked when it is found
        return _harm_of_settings(address.params, folder)
    if address.scheme not in _SCHEMES:
        return f"{address.scheme}://"
    if address.scheme != "memory" and not _is_inside(address, folder):
        return f"a path outside {folder}"
    return _harm_of_settings(address.params, folder)


def _is_inside(address: Address, folder: str) -> bool:
    path = address.path.removeprefix("/") if address.scheme == "sqlite" else address.path
    try:
        return os.path.commonpath([os.path.realpath(path), folder]) == folder
    except ValueError:  # a path cannot contain a NUL
        return False


def _harm_of_settings(settings: Mapping[str, Any], folder: str) -> str:
    for name, value in settings.items():
        if name not in _SETTINGS:
            return name
        if name == "serializer" and value not in _SERIALIZERS:
            return f"serializer={value}"
        for each in ([value] if isinstance(value, str) else value) if name in ADDRESSES else ():
            if reason := _harm_of_address(Address.parse(each), folder):
                return reason
    return ""
