"""The store `Shove`."""

import dbm
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import url2pathname

from holdall.adapters.paths import absolute
from holdall.adapters.shove.desk import Desk
from holdall.adapters.shove.importing import PLUGINS
from holdall.adapters.shove.pickles import VALUES, Values
from holdall.address import Address, Converter, flag, meant
from holdall.errors import InvalidAddress, StoreNotFound
from holdall.handles import PerProcess
from holdall.keys import Foreign, Span, check_key
from holdall.redact import is_secret, shown_call
from holdall.store import Feature, Store, to_bytes

_PRIVATE = ("memory", "simple")
_ON_DISK = ("dbm", "file", "lite")


class Shove(Store[bytes]):
    """The store that Shove 0.6.6 has at ``uri``: one of its own, or of a package that brings it another.

    ``values="bytes"``: a value is bytes to Shove as well; whatever else Shove holds is Corrupt when it is
    read. ``values="pickle"``: it is any object to Shove, and the pickle of it here, as it is stored. No
    pickle is run either way. ``compress`` (True, or 1 to 9) and ``protocol`` are Shove's own options, which
    must be those that the store was written with.

    Each write is with the store when it returns, nothing is cached, and a failure is no KeyError. In a
    folder (``file://``) a value is replaced whole. Other processes see the writes, and a kill costs none,
    with ``file``, ``lite`` and a ``dbm`` of flavor sqlite3 only; a kill can cost a whole dbm of flavor
    dumb. A dbm must be there, as Shove would choose its flavor by the Python that it runs on. Keys that are
    no str, or not portable, are left alone and not shown; `foreign_names` tells them. A scan lists all keys first,
    and so does opening ``lite`` or ``dbm``, where keys are pickles that no other Python need spell alike.

    >>> store = Shove("memory://")
    >>> store["invoices/1"] = b"..."
    >>> list(store)
    ['invoices/1']
    """

    def __init__(
        self,
        uri: str,
        *,
        values: Values = "bytes",
        compress: bool | int = False,
        protocol: int | None = None,
    ) -> None:
        scheme, _, rest = uri.partition("://")
        if scheme not in PLUGINS:
            raise InvalidAddress(f"shove: has no store {scheme!r}; {meant(scheme, PLUGINS)}")
        if values not in VALUES:
            raise InvalidAddress(f"shove: values={values!r} is none of {', '.join(VALUES)}")
        self.uri = f"{scheme}://{quote(_absolute(scheme, rest))}" if scheme in _ON_DISK else uri
        self._made_with = (self.uri,), self._made_with[1]
        self._address = Address.parse(self.uri)
        self._values: Values = values
        self._options = {"compress": compress} | ({} if protocol is None else {"protocol": protocol})
        # A child of a fork opens what is kept elsewhere anew, and inherits what is in memory.
        self._desks = PerProcess(self._opened)
        self._private = self._opened() if scheme in _PRIVATE else None

    def _desk(self) -> Desk:
        return self._private or self._desks()

    @classmethod
    def from_address(cls, address: Address) -> "Shove":
        """``shove+ADDRESS?values=&compress=&protocol=``, where ADDRESS is Shove's own."""
        scheme = address.transport
        if not scheme:
            raise InvalidAddress("shove: names no store of Shove's; write shove+file:///path")
        ours = {name: value for name, value in address.params.items() if name in _CONVERTERS}
        theirs = address.without(*ours)
        if scheme in (*_PRIVATE, *_ON_DISK):
            theirs.options()  # which take no parameters
            if address.userinfo or address.port is not None or (scheme in _PRIVATE and address.path):
                raise InvalidAddress(
                    f"{address}: write shove+{scheme}://{'' if scheme in _PRIVATE else 'path'}"
                )
            theirs = replace(theirs, scheme=scheme, slashes=True)
        options = replace(address, params=ours).options(**_CONVERTERS)
        return cls(_uri(theirs, scheme), **options)

    @property
    def features(self) -> Feature:
        scheme = self._address.scheme
        shared = scheme in ("file", "lite") or (scheme == "dbm" and self._flavor() == "dbm.sqlite3")
        return Feature.SHARED | Feature.DURABLE if shared else Feature.NONE

    def _opened(self) -> Desk:
        scheme = self._address.scheme
        if scheme == "dbm" and not self._flavor():
            raise StoreNotFound(f"{self.uri} is no dbm database; make it with Shove, or use file:///path")
        return Desk(self.uri, str(self._address), self._values, self._options, alone=scheme not in _PRIVATE)

    def _flavor(self) -> str | None:
        return dbm.whichdb(self._address.path)

    # ---- Reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._desk().get(str.__str__(key))

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        return iter(()) if span.empty else iter(sorted(key for key in self._keys() if key in span))

    def _keys(self) -> set[str]:
        return {name for name in self._desk().listed() if type(name) is not Foreign}

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        return (name for name in sorted(self._desk().listed()) if name in span)

    def get_foreign(self, name: Foreign, /) -> bytes:
        return self._desk().get(name.stored) if type(name.stored) is str else super().get_foreign(name)

    # ---- Writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        self._desk().put(str.__str__(key), to_bytes(value))

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        self._desk().delete(str.__str__(key))

    def close(self) -> None:
        desk = self._desks.take()
        if desk is not None:
            desk.close()

    def __repr__(self) -> str:
        return shown_call("Shove", (str(self._address),), self._made_with[1])

    def __reduce__(self) -> tuple[Any, ...]:
        if self._address.scheme in _PRIVATE:
            raise TypeError(f"{self!r} cannot be pickled: its data would be left behind")
        if self._address.userinfo or any(map(is_secret, self._address.params)):
            raise TypeError(f"{self!r} cannot be pickled, for the pickle would hold its password")
        return super().__reduce__()


def _absolute(scheme: str, rest: str) -> str:
    """The path in an address of Shove's, which a later chdir must not move."""
    if rest == ":memory:":
        raise InvalidAddress(f"shove: {scheme}://:memory: lasts as long as one thread; write memory://")
    return absolute(url2pathname(rest), f"shove+{scheme}", f"shove+{scheme}:///path")


def _uri(address: Address, scheme: str) -> str:
    """``address`` as Shove reads it: the parts encoded again, nothing hidden."""
    user = f"{quote(address.userinfo, safe=':')}@" if address.userinfo else ""
    port = "" if address.port is None else f":{address.port}"
    query = f"?{urlencode(address.params)}" if address.params else ""
    return f"{scheme}://{user}{address.host}{port}{quote(address.path)}{query}"


def level(text: str) -> bool | int:
    """Whether to compress, or how much."""
    return int(text) if text in set("123456789") else flag(text)


_CONVERTERS: dict[str, Converter] = {"values": VALUES, "compress": level, "protocol": int}
