"""The stores of a service, by name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from holdall.adapters._shared.service import RAW
from holdall.errors import InvalidAddress
from holdall.extras import needs
from holdall.keys import check_key, raw_key
from holdall.redact import brief
from holdall.registry import open as open_store
from holdall.server.access import Access
from holdall.server.problems import MissingStore, RawRefused
from holdall.server.representation import BytesRepresentation, Representation, representation
from holdall.store import Feature, Store

with needs("server"):
    import falcon

_is_name = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch


class Served(NamedTuple):
    """A store and the form that its values have in requests and responses."""

    name: str
    store: Store[Any]
    representation: Representation

    def check_key(self, key: str) -> None:
        """Raise InvalidKey if no value of this store has ``key``. A raw store has reserved keys too."""
        if self.name.endswith(RAW):
            raw_key(key)
        else:
            check_key(key)

    def at(self, key: str) -> "Served":
        """Return this store with the representation of the value of ``key``."""
        return self._replace(representation=self.representation.of(key))

    def require(self, feature: Feature, reason: str) -> None:
        """Raise HTTPNotImplemented, which gives the ``reason``, if the store lacks ``feature``."""
        if feature not in self.store.features:
            raise falcon.HTTPNotImplemented(description=reason)


class Stores:
    """Finds a served store by its name. A store that is given by its address is opened here.

    >>> from holdall import Memory
    >>> Stores({"a/b": Memory()})
    Traceback (most recent call last):
      ...
    holdall.errors.InvalidAddress: 'a/b' is not a name for a served store; ...
    """

    def __init__(self, stores: Mapping[str, Store[Any] | str], *, raw: bool = False) -> None:
        self._served = {name: _serve(name, store) for name, store in stores.items()}
        self._raw = {f"{name}{RAW}": _serve_raw(served) for name, served in self._served.items()}
        self._shows_raw = raw

    def __contains__(self, name: str) -> bool:
        return name in self._served

    def __iter__(self) -> Iterator[Served]:
        """Yield every store, in the order in which they were given."""
        return iter(self._served.values())

    def find(self, name: str, req: falcon.Request, key: str = "") -> Served:
        """Return the store ``name``, with the representation of the value of ``key`` if it is given.

        A name that ends in ``:raw`` is that of the stored bytes of all keys, including the reserved ones. It
        needs the right to write all of the store. Raises HTTPForbidden if the sender of ``req`` may not read
        any key, MissingStore if there is no such store, and RawRefused if the service has no raw stores.
        """
        access: Access = req.context.access
        access.check_store(name)
        found = self._served.get(name) or self._raw.get(name)
        if found is None:
            raise MissingStore(description="no store of this name is served here")
        if name in self._raw and not self._shows_raw:
            raise RawRefused(description="this service does not show reserved keys; start it with --raw")
        return found.at(key) if key else found


def _serve_raw(served: Served) -> Served:
    return Served(f"{served.name}{RAW}", served.store.raw(), BytesRepresentation())


def _serve(name: str, store: Store[Any] | str) -> Served:
    if not _is_name(name):
        raise InvalidAddress(
            f"{brief(name)} is not a name for a served store; use up to 64 letters, digits, '-' and '_'"
        )
    opened = open_store(store) if isinstance(store, str) else store
    return Served(name, opened, representation(opened))
