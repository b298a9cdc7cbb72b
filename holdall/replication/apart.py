"""Refuses to sync a store with itself, or with a part of itself."""

import secrets
from itertools import takewhile
from typing import Any, Final

from holdall.errors import Invalid, PermissionDenied, Unsupported
from holdall.layer import layers
from holdall.middleware._reserved import Called, Reserved
from holdall.middleware.escape import Escape
from holdall.prefixed import Prefixed
from holdall.replication.state import FOLDER
from holdall.store import Feature, Store

_PROBE: Final = "probe"
_HIDDEN: Final = (Unsupported, PermissionDenied)


def require_two(source: Store[Any], target: Store[Any], prefix: str = "") -> None:
    """Raise Invalid if both have the same keys under ``prefix``, or one has those of the other among its own.

    Their names tell it, and the layers that add a prefix. Raises TypeError if one is not a store, but an address
    for example.
    """
    for store in source, target:
        if not isinstance(store, Store):
            raise TypeError(
                f"sync needs two stores, not a {type(store).__name__}; holdall.open opens a store at an address"
            )
    ours, theirs = _lowest(source), _lowest(target)
    if ours is theirs or (repr(ours) == repr(theirs) and Feature.SHARED in ours.features):
        before, after = _added(source), _added(target)
        if before == after:
            raise _same(source, target)
        if _meet(before + prefix, after + prefix):
            raise _within(source, target) if before.startswith(after) else _within(target, source)


def probe(source: Store[Any], target: Store[Any], prefix: str = "") -> None:
    """Raise Invalid if a record that is written to ``target`` appears in ``source``.

    This also finds a bucket and a folder in it, unless the keys under ``prefix`` of the one are apart from
    those of the other.
    """
    if _appears(_records(source), _records(target)):
        raise _same(source, target)
    ours, theirs = _lowest(source), _lowest(target)
    for outer, inner in (source, target), (target, source):
        folder = _below(_lowest(outer), _lowest(inner))
        if folder and _meet(_added(outer) + prefix, folder + _added(inner) + prefix):
            folders = ("", folder) if outer is target else (folder, "")
            if _appears(_records(ours, folders[0]), _records(theirs, folders[1])):
                raise _within(inner, outer)


def _records(store: Store[Any], folder: str = "") -> Store[bytes]:
    """Return the records of a sync under ``folder`` of ``store``, whose errors name the store."""
    called = Called(f"the records of a sync in {store!r}")
    return Reserved(store, folder + FOLDER, lambda key: called)


def _appears(source: Store[bytes], target: Store[bytes]) -> bool:
    """Return whether a value that is written to ``target`` can be read from ``source``.

    If one of them does not show its reserved keys, as a service without ``--raw``, only the names can tell.
    """
    mark = secrets.token_bytes(16)
    try:
        target[_PROBE] = mark
    except _HIDDEN:
        return False
    try:
        return source.get(_PROBE) == mark
    except _HIDDEN:
        return False
    finally:
        target.discard(_PROBE)


def _lowest(store: Store[Any]) -> Store[Any]:
    return [*layers(store)][-1]


def _added(store: Store[Any]) -> str:
    """Return the text with which each key of ``store`` begins at the lowest store.

    It ends at a layer that changes keys in another way, so it may be too short.
    """
    from_below = reversed([*layers(store)])
    plain = takewhile(lambda layer: not isinstance(layer, Escape), from_below)
    return "".join(layer.prefix for layer in plain if isinstance(layer, Prefixed))


def _meet(one: str, other: str) -> bool:
    """Return whether a key can begin with both texts."""
    return one.startswith(other) or other.startswith(one)


def _below(outer: Store[Any], inner: Store[Any]) -> str:
    """Return the folder of ``outer`` in which ``inner`` lies, as far as their names tell it, or an empty text."""
    paths = ["".join(f"{part}/" for part in store._made_with[0] if part != "") for store in (outer, inner)]
    if type(outer) is not type(inner) or not paths[1].startswith(paths[0]):
        return ""
    return paths[1].removeprefix(paths[0])


def _same(source: Store[Any], target: Store[Any]) -> Invalid:
    return Invalid(f"{source!r} and {target!r} are the same store; name two stores")


def _within(inner: Store[Any], outer: Store[Any]) -> Invalid:
    return Invalid(f"{inner!r} lies in {outer!r}, so each would hold the other's keys; name two stores apart")
