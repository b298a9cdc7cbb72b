"""The stores of a service, by name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from holdall.errors import InvalidAddress
from holdall.extras import needs
from holdall.redact import brief
from holdall.registry import open as open_store
from holdall.server.access import Access
from holdall.server.representation import Representation, representation
from holdall.store import Feature, Store

with needs("server"):
    import falcon

_is_name = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch


class Served(NamedTuple):
    """A store and the form that its values have in requests and responses."""

    name: str
    store: Store[Any]
    representation: Representation

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

    def __init__(self, stores: Mapping[str, Store[Any] | str]) -> None:
        self._served = {name: _serve(name, store) for name, store in stores.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._served

    def __iter__(self) -> Iterator[Served]:
        """Yield every store, in the order in which they were given."""
        return iter(self._served.values())

    def find(self, name: str, req: falcon.Request) -> Served:
        """Return the store ``name``.

        Raises HTTPForbidden if the sender of ``req`` may not read any key of it, and HTTPNotFound if there is
        no such store.
        """
        access: Access = req.context.access
        access.check_store(name)
        found = self._served.get(name)
        if found is None:
            raise falcon.HTTPNotFound(description="no store of this name is served here")
        return found


def _serve(name: str, store: Store[Any] | str) -> Served:
    if not _is_name(name):
        raise InvalidAddress(
            f"{brief(name)} is not a name for a served store; use up to 64 letters, digits, '-' and '_'"
        )
    opened = open_store(store) if isinstance(store, str) else store
    return Served(name, opened, representation(opened))
