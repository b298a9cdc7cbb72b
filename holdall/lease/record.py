"""The record of a lease, and the store that keeps it.

key    = ".holdall/leases/" name
record = "lease1 " token " " ttl " " owner " " write [" " holder] LF
token  = 1*18DIGIT    counts the acquisitions of this name
ttl    = 1*8DIGIT     milliseconds for which this record holds the lease; 0: the lease is released
owner  = 32HEXDIG     random, one for each acquisition
write  = 16HEXDIG     random, so that no record is ever equal to an earlier one
holder = 1*300VCHAR   a name for people, percent-encoded
"""

import re
import secrets
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote, unquote

from holdall.errors import Corrupt, HoldallError, Invalid
from holdall.keys import check_key, rename_key
from holdall.store import ABSENT, Feature, Store, Tag, unsupported

T = TypeVar("T")

FOLDER: Final = ".holdall/leases/"
_HOLDER: Final = 300  # bytes

_matches = re.compile(
    rb"lease1 ([0-9]{1,18}) ([0-9]{1,8}) ([0-9a-f]{32}) ([0-9a-f]{16})(?: ([!-~]{1,300}))?\n"
).fullmatch


class Record(NamedTuple):
    """A record; see the grammar above."""

    token: int
    ttl: int
    owner: str
    write: str
    holder: str = ""

    @property
    def seconds(self) -> float:
        """The ttl in seconds."""
        return self.ttl / 1000

    def renewed(self, ttl: int) -> "Record":
        """Return the next record of the same acquisition."""
        return self._replace(ttl=ttl, write=secrets.token_hex(8))

    def dump(self) -> bytes:
        """Return the record as it is stored."""
        holder = f" {quote(self.holder)}" if self.holder else ""
        return f"lease1 {self.token} {self.ttl} {self.owner} {self.write}{holder}\n".encode()


NONE: Final = Record(0, 0, "", "")
"""Stands for the record of a lease that nobody has acquired yet."""


def check_holder(holder: str) -> None:
    """Raise Invalid if the name ``holder`` is too long for a record."""
    if len(quote(holder)) > _HOLDER:
        raise Invalid(f"the name of the holder of a lease is over {_HOLDER} bytes long; shorten it")


class Place:
    """The place of the record of the lease ``name`` in ``store``. Raises Unsupported if ``store`` lacks SWAP."""

    def __init__(self, store: Store[Any], name: str) -> None:
        check_key(name)
        self._raw = store.raw(FOLDER)
        if Feature.SWAP not in self._raw.features:
            raise unsupported(store, "hold a lease", Feature.SWAP)
        self._name = name

    def __str__(self) -> str:
        return f"the lease {self._name!r}"

    def read(self) -> tuple[Record, Tag]:
        """Return the record and its tag. Raises Corrupt if it is not the record of a lease."""
        try:
            data, tag = self._ask(self._raw.get_tagged, self._name)
        except KeyError:
            return NONE, ABSENT
        found = _matches(data)
        if found is None:
            raise Corrupt(
                f"{self} has a record that holdall did not write; use another name, or delete it "
                f"with store.raw({FOLDER!r}).discard({self._name!r}); then its tokens begin at 1 again"
            )
        token, ttl, owner, write, holder = found.groups(b"")
        return Record(int(token), int(ttl), owner.decode(), write.decode(), unquote(holder.decode())), tag

    def swap(self, record: Record, tag: Tag) -> Tag:
        """Replace the record that carries ``tag``, and return the new tag. Raises Conflict if it carries another."""
        return self._ask(self._raw.swap, self._name, record.dump(), tag)

    def _ask(self, call: Callable[..., T], *args: Any) -> T:
        try:
            return call(*args)
        except HoldallError as error:
            if error.key is None:
                raise
            raise rename_key(error, error.key, str(self)) from error
