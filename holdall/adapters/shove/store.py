"""The store `Shove`."""

import dbm
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import url2pathname

from holdall.adapters._files.paths import absolute
from holdall.adapters.shove.importing import PLUGINS
from holdall.adapters.shove.pickles import VALUES, Values
from holdall.adapters.shove.worker import Worker
from holdall.address import Address, Converter, flag, suggest
from holdall.errors import InvalidAddress, StoreNotFound
from holdall.handles import PerProcess
from holdall.keys import Foreign, Span, check_key
from holdall.redact import brief, format_call, is_secret
from holdall.store import Feature, Store, to_bytes

_PRIVATE = ("memory", "simple")
_ON_DISK = ("dbm", "file", "lite")


class Shove(Store[bytes]):
    """The store of Shove 0.6.6 at ``uri``, which belongs to Shove itself or to a package that extends it.

    ``values="bytes"``: a value is also bytes to Shove; reading any other value raises Corrupt.
    ``values="pickle"``: a value is any object to Shove, and here the pickle of this object, as it is stored.
    No pickle is run in either case. ``compress`` (True, or 1 to 9) and ``protocol`` are Shove's own options.
    They must be the options with which the store was written.

    Each write has reached the store when it returns, nothing is cached, and a failure does not raise
    KeyError. In a folder (``file://``), a value is replaced as a whole. With ``file``, ``lite`` and a
    ``dbm`` of flavor sqlite3, other processes see the writes, and a kill loses none. No other store
    promises this: a kill can destroy a whole dbm of flavor dumb. A dbm must already exist, because Shove
    would choose the flavor by the version of Python. The store leaves alone keys that are not a str or are
    not portable, and no scan of keys yields them; `foreign_names` lists them. A scan first lists all keys.
    Opening ``lite`` or ``dbm`` also lists all keys, because they are stored as pickles, which another
    Python may write in another form.

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
            raise InvalidAddress(f"shove: the store {scheme!r} is not known; {suggest(scheme, PLUGINS)}")
        if values not in VALUES:
            raise InvalidAddress(f"shove: values={values!r} is not one of {', '.join(VALUES)}")
        self.uri = f"{scheme}://{quote(_absolute(scheme, rest))}" if scheme in _ON_DISK else uri
        self._made_with = (self.uri,), self._made_with[1]
        self._address = Address.parse(self.uri)
        self._values: Values = values
        self._options = {"compress": compress} | ({} if protocol is None else {"protocol": protocol})
        # A forked child inherits a store in memory; it opens any other store again.
        self._workers = PerProcess(self._open_worker)
        self._private = self._open_worker() if scheme in _PRIVATE else None

    def _worker(self) -> Worker:
        return self._private or self._workers()

    @classmethod
    def from_address(cls, address: Address) -> "Shove":
        """Open ``shove+ADDRESS?values=&compress=&protocol=``. ADDRESS is Shove's own address."""
        scheme = address.transport
        if not scheme:
            raise InvalidAddress("shove: the store of Shove is missing; write shove+file:///path")
        ours = {name: value for name, value in address.params.items() if name in _CONVERTERS}
        theirs = address.without(*ours)
        if scheme in (*_PRIVATE, *_ON_DISK):
            theirs.options()  # these stores take no parameters
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

    def _open_worker(self) -> Worker:
        scheme = self._address.scheme
        if scheme == "dbm" and not self._flavor():
            raise StoreNotFound(
                f"{self.uri} is not a dbm database; create it with Shove, or use file:///path"
            )
        return Worker(self.uri, str(self._address), self._values, self._options, alone=scheme not in _PRIVATE)

    def _flavor(self) -> str | None:
        return dbm.whichdb(self._address.path)

    # ---- Reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._worker().get(str.__str__(key))

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        return iter(()) if span.empty else iter(sorted(key for key in self._keys() if key in span))

    def _keys(self) -> set[str]:
        return {name for name in self._worker().list_keys() if type(name) is not Foreign}

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        return (name for name in sorted(self._worker().list_keys()) if name in span)

    def get_foreign(self, name: Foreign, /) -> bytes:
        return self._worker().get(name.stored) if type(name.stored) is str else super().get_foreign(name)

    # ---- Writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        self._worker().put(str.__str__(key), to_bytes(value))

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        self._worker().delete(str.__str__(key))

    def close(self) -> None:
        worker = self._workers.take()
        if worker is not None:
            worker.close()

    def __repr__(self) -> str:
        return format_call("Shove", (str(self._address),), self._made_with[1])

    def __reduce__(self) -> tuple[Any, ...]:
        if self._address.scheme in _PRIVATE:
            raise TypeError(f"{self!r} cannot be pickled: its data would be left behind")
        if self._address.userinfo or any(map(is_secret, self._address.params)):
            raise TypeError(f"{self!r} cannot be pickled, because the pickle would contain its password")
        return super().__reduce__()


def _absolute(scheme: str, rest: str) -> str:
    """Return the path in an address of Shove as an absolute path, so that a later chdir does not move it."""
    if rest == ":memory:":
        raise InvalidAddress(f"shove: {scheme}://:memory: lasts as long as one thread; write memory://")
    return absolute(url2pathname(rest), f"shove+{scheme}", f"shove+{scheme}:///path")


def _uri(address: Address, scheme: str) -> str:
    """Return ``address`` in the form that Shove reads: its parts encoded again, and nothing redacted."""
    user = f"{quote(address.userinfo, safe=':')}@" if address.userinfo else ""
    port = "" if address.port is None else f":{address.port}"
    query = f"?{urlencode(address.params)}" if address.params else ""
    return f"{scheme}://{user}{address.host}{port}{quote(address.path)}{query}"


def level(text: str) -> bool | int:
    """Return whether to compress, or the level of compression."""
    try:
        return int(text) if text in set("123456789") else flag(text)
    except ValueError:
        raise InvalidAddress(f"{brief(text)} is not a level; write on, off or 1 to 9") from None


_CONVERTERS: dict[str, Converter] = {"values": VALUES, "compress": level, "protocol": int}
