"""The identity of a store, to which layers that seal or sign bind a value, in addition to its key."""

import re
import secrets
from typing import Any, Final

from holdall.errors import Conflict, Corrupt, Invalid, Mismatch, Unsupported
from holdall.keys import RawKey
from holdall.middleware._reserved import Called, Reserved
from holdall.middleware._secrets.binding import encode_key, key_bytes
from holdall.store import ABSENT, Feature, Store

_FOLDER: Final = ".holdall/"
_NAME: Final = "identity"
_id = re.compile(rb"([0-9a-f]{32})\n").fullmatch


class Identity:
    r"""``context``, or without one the random id that ``store`` keeps for itself.

        record = 32HEXDIG LF                  ; under ".holdall/identity", made by the first write
        bytes  = length text                  ; what values are bound to
        length = 8 OCTET                      ; bytes of the text, big-endian
        text   = context in UTF-8 / the 32HEXDIG of the record

    The id is not secret. A copy of the store with its reserved keys has the same identity. A view of the
    store under a prefix keeps an id of its own under that prefix.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> Identity(store).load_or_create() == Identity(store).load(), Identity(store, "books").load()
    (True, b'\x00\x00\x00\x00\x00\x00\x00\x05books')
    """

    def __init__(self, store: Store[Any], context: str | None = None) -> None:
        if context is not None and not key_bytes(context):
            raise Invalid(f"context={context!r} is not a name; give a text such as 'books'")
        self._store = store
        self._bytes = None if context is None else encode_key(context)

    def load(self) -> bytes:
        """The identity. Raises ValueError if the store has none; then no value of it can be bound to one."""
        if self._bytes is None:
            self._bytes = self._read()
        if self._bytes is None:
            raise ValueError(
                "it is bound to the identity of a store, and this store has none; copy the store with "
                "`holdall cp --all`, or give the context with which the value was written"
            )
        return self._bytes

    def load_or_create(self) -> bytes:
        """The identity, created if there is none; raises Unsupported if the store cannot keep one safely."""
        if self._bytes is None:
            self._bytes = self._read() or self._create()
        return self._bytes

    @property
    def _records(self) -> Reserved:
        return Reserved(self._store, _FOLDER, lambda key: Called("the store's identity"))

    def _read(self) -> bytes | None:
        data = self._records.get(_NAME)
        if data is None:
            return None
        found = _id(data)
        if not found:
            raise Corrupt("the store's identity is damaged; restore it from a copy of the whole store")
        return encode_key(found[1].decode())

    def _create(self) -> bytes:
        if Feature.SWAP not in self._store.features:
            raise Unsupported(
                f"{self._store!r} cannot keep an identity: without compare-and-swap (SWAP) two first writers "
                "would bind their values to different ones; give a context, such as context=books"
            )
        id = secrets.token_hex(16)
        try:
            self._records.swap(_NAME, f"{id}\n".encode(), ABSENT)
        except Conflict:
            return self.load()
        return encode_key(id)


def share_identity(here: Store[Any], there: Store[Any]) -> bool:
    """Give ``there`` the identity of ``here``, unless it has one; return whether ``here`` has one.

    Values that are bound to it can then be read from both.
    """
    ours, theirs = (store.raw(_FOLDER) for store in (here, there))
    data = ours.get(_NAME)
    if data is not None and theirs.get(_NAME) is None:
        theirs[_NAME] = data
    return data is not None


def require_free(here: Store[bytes], there: Store[bytes]) -> None:
    """Raise Mismatch if a copy of all bytes of ``here`` would replace another identity of ``there``."""
    key = RawKey(_FOLDER + _NAME)
    ours = here.get(key)
    if ours is not None and there.get(key) not in (None, ours):
        raise Mismatch(
            "the target has another identity, and values that are bound to it could not be read any more; copy to "
            "an empty store, or copy through the layers (without --all)"
        )
