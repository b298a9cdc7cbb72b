"""The stores that the command serve is given: their addresses by the names that they have in paths."""

import os
import re
from pathlib import PurePosixPath

import click

from holdall.address import Address
from holdall.cli.address import VARIABLE

_is_named = re.compile(r"([A-Za-z0-9_-]{1,64})=(.*)", re.DOTALL).fullmatch


def default() -> str:
    """Return the address in the environment. Raises UsageError if there is none."""
    uri = os.environ.get(VARIABLE)
    if not uri:
        raise click.UsageError(f"name a store, as in sqlite:///books.db, or set {VARIABLE}")
    return uri


def name_all(stores: tuple[str, ...]) -> dict[str, str]:
    """Return the address of each store by its name in paths. Raises UsageError if two have the same name."""
    found: dict[str, str] = {}
    for text in stores:
        named = _is_named(text)
        name, uri = (named[1], named[2]) if named else (_name_of(Address.parse(text)), text)
        if name in found:
            raise click.UsageError(f"two stores are named {name!r}; name one, as in other=sqlite:///other.db")
        found[name] = uri
    return found


def _name_of(address: Address) -> str:
    """Return the name of a store that was given without one.

    >>> [_name_of(Address.parse(each)) for each in ("sqlite:///data/notes.db", "s3://acme/", "memory://")]
    ['notes', 'acme', 'store']
    """
    last = address.name or PurePosixPath(address.path).stem or address.host
    return re.sub(r"[^A-Za-z0-9_-]+", "-", last)[:64].strip("-") or "store"
