"""The replicas of a store, as an address or a configuration file names them.

    parameter    = "replica=" address           several times; percent-encode "&", "+", "%" and "#" in the address
                 / "acks=" number               the stores that must have a write before it returns, with the primary
                 / "stale=" ( "refuse" / "allow" )      whether a replica that may be behind answers without the primary
                 / "read_timeout=" seconds      after which a replica answers a read instead of the primary
                 / "outbox=" address            what replicas missed, if the primary has no change feed
                 / "deliver=" ( "on" / "off" )  whether this process delivers, or `holdall replicate` does

A replica whose address names no layers has the layers of the primary that decide its stored form. It is then
opened by itself with the same layers. The layer `Replicas` is above all layers except `readonly`.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

from holdall.address import Address, Converter, flag
from holdall.configuration.values import place, seconds
from holdall.errors import Invalid, InvalidAddress
from holdall.store import Store

REPLICA: Final = "replica"
_OUTBOX: Final = "outbox"
OPTIONS: Final[Mapping[str, Converter]] = {
    "acks": int,
    "stale": ("refuse", "allow"),
    "read_timeout": seconds,
    _OUTBOX: place,
    "deliver": flag,
}

REPLICATED: Final = frozenset({REPLICA, *OPTIONS})
"""The parameters of replicas."""

OpenReplica = Callable[[Address, bool], Store[Any] | None]
"""A function that opens a replica, or with True an outbox, or returns None if no further store is to be opened."""


class Replicated(NamedTuple):
    """The addresses of the replicas of a store, and the options of the layer `Replicas`."""

    others: tuple[Address, ...]
    options: Mapping[str, Any]

    def on(self, store: Store[Any], opened: OpenReplica) -> Store[Any]:
        """Return ``store`` with these replicas, or as it is if ``opened`` opens none."""
        others = [_open(REPLICA, address, opened) for address in self.others]
        options = {
            name: _open(name, value, opened) if name == _OUTBOX else value
            for name, value in self.options.items()
        }
        if None in others:
            return store
        layer = import_module("holdall.replication.replicas").Replicas
        try:
            made: Store[Any] = layer(store, *others, **options)
        except Invalid as error:
            raise InvalidAddress(f"{REPLICA}: {error}") from error
        return made


def take_replicas(address: Address, given: dict[str, Any]) -> Replicated | None:
    """Remove the parameters of replicas from ``given``, and return what they say; None if there are no replicas.

    Raises InvalidAddress if one cannot be converted, or has no effect.
    """
    named = given.pop(REPLICA, ())
    said = {name: value for name in OPTIONS if (value := given.pop(name, None)) is not None}
    options = Address(address.scheme, address.host, params=said).options(**OPTIONS)
    if not named:
        for name in () if named is None else options:
            raise InvalidAddress(f"{address.lead} {name} has no effect here; it belongs to {REPLICA}")
        return None
    others = [named] if isinstance(named, str | Address) else named
    return Replicated(tuple(each if isinstance(each, Address) else place(each) for each in others), options)


def _open(name: str, address: Address, opened: OpenReplica) -> Store[Any] | None:
    try:
        return opened(address, name == _OUTBOX)
    except InvalidAddress as error:
        raise InvalidAddress(f"{name}: {error}") from error
