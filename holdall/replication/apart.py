"""Refuses to sync a store with itself, or with a part of itself."""

import secrets
from typing import Any

from holdall.errors import Invalid
from holdall.keys import RawKey
from holdall.layer import layers
from holdall.replication.state import FOLDER
from holdall.store import Feature, Store


def require_two(source: Store[Any], target: Store[Any]) -> None:
    """Raise Invalid if both are the same store, even with different layers, as far as their names tell it.

    Raises TypeError if one is not a store, but an address for example.
    """
    for store in source, target:
        if not isinstance(store, Store):
            raise TypeError(
                f"sync needs two stores, not a {type(store).__name__}; holdall.open opens a store at an address"
            )
    ours, theirs = _lowest(source), _lowest(target)
    if ours is theirs or (repr(ours) == repr(theirs) and Feature.SHARED in ours.features):
        raise _same(source, target)


def probe(source: Store[Any], target: Store[Any], prefix: str = "") -> None:
    """Raise Invalid if a record that is written to ``target`` appears in ``source``.

    This also finds a bucket and a folder in it, unless the keys under ``prefix`` of the one are apart from
    those of the other.
    """
    name = f"{FOLDER}probe"
    if _appears(source.raw(), name, target.raw(), name):
        raise _same(source, target)
    ours, theirs = _lowest(source), _lowest(target)
    for outer, inner in (ours, theirs), (theirs, ours):
        folder = _below(outer, inner)
        if folder and f"{folder}{prefix}".startswith(prefix):
            written, read = (name, folder + name) if inner is theirs else (folder + name, name)
            if _appears(ours.raw(), read, theirs.raw(), written):
                raise Invalid(
                    f"{inner!r} lies in {outer!r}, so each would hold the other's keys; name two stores apart"
                )


def _appears(source: Store[Any], read: str, target: Store[Any], written: str) -> bool:
    """Return whether a value that is written to ``target`` can be read from ``source``."""
    mark = secrets.token_bytes(16)
    target[RawKey(written)] = mark
    try:
        return bool(source.get(RawKey(read)) == mark)
    finally:
        target.discard(RawKey(written))


def _lowest(store: Store[Any]) -> Store[Any]:
    return [*layers(store)][-1]


def _below(outer: Store[Any], inner: Store[Any]) -> str:
    """Return the folder of ``outer`` in which ``inner`` lies, as far as their names tell it, or an empty text."""
    paths = ["".join(f"{part}/" for part in store._made_with[0] if part != "") for store in (outer, inner)]
    if type(outer) is not type(inner) or not paths[1].startswith(paths[0]):
        return ""
    return paths[1].removeprefix(paths[0])


def _same(source: Store[Any], target: Store[Any]) -> Invalid:
    return Invalid(f"{source!r} and {target!r} are the same store; name two stores")
