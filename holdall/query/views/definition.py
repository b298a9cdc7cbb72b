"""The definition of a view as a hash: another definition needs another index.

definition = source query
source     = 16HEXDIG      the documents: the lowest store, the layers on it with their prefixes, and the prefix
query      = 32HEXDIG      the maps, the reducers, the type, and the types of the values of layers

Two stores can have the same positions in their changes, so an index of the one must never serve the other. The query
is described as `description` says: the hash sees the functions, classes and constants of the same module that the
map and the reducer name, and those that these name in turn. It does not see the code of other modules, the other
options of layers, objects that cannot be copied, and names that are looked up while the code runs.
"""

import inspect
from typing import Any, Final, Protocol, get_args, runtime_checkable

from holdall.layer import Wrapper, layers
from holdall.prefixed import Prefixed
from holdall.query.mapreduce import MapReduce
from holdall.query.together import Together
from holdall.query.views.description import Description
from holdall.query.views.state import FORMAT
from holdall.redact import is_secret, without_logins
from holdall.store import Feature, Store

_SOURCE: Final = 8  # bytes
_TUNING: Final = {
    *("durability", "timeout", "retries", "feed", "flush_interval", "map_size", "create", "user", "profile"),
    *("anon", "transport", "listing", "addressing", "tls", "ca", "content_type", "cache_control"),
}
"""Options of stores that do not change which documents are in the store."""


@runtime_checkable
class Derived(Protocol):
    """A store whose documents are made from those of another one: the hash of this one's definition."""

    @property
    def definition(self) -> str:
        """The hash, as `definition` returns it."""
        ...


def queries_of(query: MapReduce[Any, Any] | Together[Any, Any]) -> tuple[MapReduce[Any, Any], ...]:
    """Return the queries that read each document together."""
    return query.queries if isinstance(query, Together) else (query,)


def definition(
    query: MapReduce[Any, Any] | Together[Any, Any], store: Store[Any], prefix: str, *, inside: bool = False
) -> str:
    """Return the hash of ``query`` over the documents of ``store`` with ``prefix``, as 48 hexadecimal digits.

    ``inside`` says that the index is in the same store. In this case, it stays valid if the store is moved.
    """
    source, described = Description(), Description()
    source.add(prefix)
    for layer in layers(store):
        if isinstance(layer, Wrapper):
            source.add((type(layer).__qualname__, layer.prefix if isinstance(layer, Prefixed) else ""))
            described.add(_types(layer))
        elif isinstance(layer, Derived):
            source.add(layer.definition)
        elif not inside:
            source.add((type(layer).__qualname__, *_place(layer, store)))
    functions = tuple((each.map, each.reduce) for each in queries_of(query))
    described.add((FORMAT, functions, query.type))
    return source.hash(_SOURCE) + described.hash(16)


def has_same_source(one: str, other: str) -> bool:
    """Return whether two definitions are of the same documents."""
    return one[: 2 * _SOURCE] == other[: 2 * _SOURCE]


def _types(layer: Store[Any]) -> tuple[Any, ...]:
    args, options = layer._made_with
    return tuple(each for each in (*args, *options.values()) if isinstance(each, type) or get_args(each))


def _place(lowest: Store[Any], store: Store[Any]) -> tuple[Any, ...]:
    """Return the options that say where ``lowest`` is. If it ends with its process, return the origin of the feed."""
    if Feature.DURABLE not in lowest.features:
        return (store.changes().position.partition(".")[0],)
    args, options = lowest._made_with
    bound = inspect.signature(type(lowest)).bind(*args, **options)
    bound.apply_defaults()
    named = {**bound.arguments, **bound.kwargs}  # the latter has the options of Fsspec one by one
    return tuple(
        (name, without_logins(repr(value)))
        for name, value in sorted(named.items())
        if not (name in _TUNING or is_secret(name) or isinstance(value, dict))
    )
