"""The base of the stores that are only read."""

import os
from abc import abstractmethod
from typing import NoReturn, cast

from holdall.adapters._files.paths import absolute
from holdall.adapters._sources.values import VALUES, NotTaken, Values, convert
from holdall.address import Address
from holdall.errors import Corrupt, InvalidAddress, PermissionDenied
from holdall.keys import Foreign, check_key
from holdall.store import Feature, Store


class Source(Store[bytes]):
    """The data of another library at ``path``, which this store reads and never changes.

    Names that are not valid keys are foreign names. A value that ``values`` does not allow is in the scans, and
    reading it raises Corrupt, which names the key and the remedy. `Listed` and `Ordered` are its two kinds.
    """

    _scheme: str
    _example: str

    def __init__(self, path: str | os.PathLike[str], *, values: Values = "bytes") -> None:
        if values not in VALUES:
            raise InvalidAddress(f"{self._scheme}: values={values!r} is not one of {', '.join(VALUES)}")
        self.path = absolute(path, self._scheme, self._example)
        self._values: Values = values
        options = {name: value for name, value in self._made_with[1].items() if name != "path"}
        self._made_with = (self.path,), options

    @classmethod
    def _path(cls, address: Address) -> str:
        """Return the path that ``address`` names. Raises InvalidAddress if it names a host or a login."""
        if address.host or address.userinfo or address.port is not None:
            raise InvalidAddress(f"{address.lead} {str(address)!r} names a host; write {cls._example}")
        return address.path

    @property
    def features(self) -> Feature:
        return Feature.SHARED

    @abstractmethod
    def _load(self, name: str) -> object:
        """Return the value of ``name`` for `convert`. Raises KeyError if it is missing."""

    def notes(self) -> list[str]:
        """Return sentences about the entries that no scan yields although the other library stored them."""
        return []

    # ---- Reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._convert(str.__str__(key))

    def get_foreign(self, name: Foreign, /) -> bytes:
        return self._convert(name)

    def _convert(self, name: str) -> bytes:
        try:
            return convert(self._load(name), self._values)
        except NotTaken as problem:
            raise Corrupt(f"{name!r} in {self.path} {problem}", key=name) from problem

    def __contains__(self, key: object, /) -> bool:
        check_key(cast(str, key))  # raises TypeError if the key is not a str
        try:
            self._load(str.__str__(cast(str, key)))
        except KeyError:
            return False
        except NotTaken:
            return True
        return True

    # ---- Writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._refuse(key)

    def __delitem__(self, key: str, /) -> None:
        self._refuse(key)

    def _refuse(self, key: str) -> NoReturn:
        check_key(key)
        raise PermissionDenied(
            f"{key!r} cannot be written: {self!r} is only read; copy it to another store with holdall cp",
            key=key,
        )
