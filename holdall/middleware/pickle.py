"""Pickled Python objects, for those who trust whoever can write to the store."""

import hashlib
import hmac
import pickle
from collections.abc import Callable, Iterable
from typing import Any, Final

from holdall.errors import Invalid
from holdall.middleware.binding import sized_key
from holdall.middleware.codec import Codec
from holdall.middleware.identity import Identity
from holdall.middleware.signing import Source, signing_key
from holdall.store import MISSING, Change, Store

PROTOCOL: Final = 5
"""Fixed, so that every Python that holdall runs on reads what another wrote."""


class Pickle(Codec[Any, bytes]):
    """Any Python object that pickle takes, with a digest before it.

        value    = digest pickle                 ; without sign and context, and as holdall once signed
                 / %xFE "p2" digest pickle       ; with sign or context
        digest   = 32 OCTET                      ; HMAC-SHA-256 of: [ identity ] length key pickle
        length   = 8 OCTET                       ; bytes of the key, big-endian
        identity = as `holdall.middleware.identity` draws it; only after %xFE "p2"

    To load a pickle is to run what it says, so this must be asked for by ``trust=True``. The digest is
    checked first, in constant time: a damaged value, one moved from another key, or a pickle that holdall
    did not write is Corrupt and never loaded.

    Without ``sign`` the digest guards against accidents only: who can write to the store can run code in
    the programs that read it. With ``sign``, where the signing key comes from (``env:NAME``, ``file:PATH`` or
    a function that returns it; 16 bytes or more), only what was written with that key is ever loaded. The
    key itself is read when it is needed, and no repr, error or pickle of this layer holds it.

    What is signed is bound to ``context``, a text such as "approved", or without it to a random id that the
    store keeps under a reserved key; see `Encrypt`. holdall once bound a signed value to its key alone: such
    values are loaded, but with ``bound=True``, or with a context, they are Corrupt. To bind them to the store,
    write each of them again: ``store.modify(key, lambda value: value)``.

    >>> from holdall import Memory
    >>> store = Pickle(Memory(), trust=True, sign=lambda: b"sixteen bytes or more")
    >>> store["point"] = 1 + 2j
    >>> store["point"]
    (1+2j)
    """

    def __init__(
        self,
        store: Store[bytes],
        *,
        trust: bool = False,
        sign: Source | None = None,
        context: str | None = None,
        bound: bool = False,
    ) -> None:
        if trust not in _TRUST:
            remedy = "say trust=True (trust=1 in an address), or use Json or Xml"
            raise Invalid(f"a pickle runs code when it is loaded: {remedy}")
        super().__init__(store)
        self._key = signing_key(sign)
        binds = sign is not None or context is not None
        self._identity = Identity(store, context) if binds else None
        self._only_bound = binds and (bound or context is not None)

    def encode(self, key: str, value: Any, /) -> bytes:
        data = pickle.dumps(value, PROTOCOL)
        if self._identity is None:
            return self._digest(b"", key, data) + data
        return b"".join((_BOUND, self._digest(self._identity.made(), key, data), data))

    def decode(self, key: str, data: bytes, /) -> Any:
        if self._identity is not None and data.startswith(_BOUND):
            digest, pickled = data[len(_BOUND) : _START], data[_START:]
            if hmac.compare_digest(digest, self._digest(self._identity.known(), key, pickled)):
                return pickle.loads(pickled)  # noqa: S301 - trusted by whoever made this layer
        digest, pickled = data[:_SIZE], data[_SIZE:]
        if self._only_bound or not hmac.compare_digest(digest, self._digest(b"", key, pickled)):
            raise ValueError("its digest is another: it is damaged, moved, or signed otherwise")
        return pickle.loads(pickled)  # noqa: S301 - trusted by whoever made this layer

    def set_many(self, items: Iterable[tuple[str, Any]], /) -> None:
        self._identify()
        super().set_many(items)

    def transact(self, changes: Iterable[Change[Any]], /) -> None:
        self._identify()
        super().transact(changes)

    def modify(self, key: str, function: Callable[[Any], Any], /, default: Any = MISSING) -> Any:
        self._identify()
        return super().modify(key, function, default)

    def _identify(self) -> None:
        """Make the identity before a write, and not within one of the store below."""
        if self._identity is not None:
            self._identity.made()

    def _digest(self, identity: bytes, key: str, data: bytes) -> bytes:
        return hmac.digest(self._key(), identity + sized_key(key) + data, "sha256")


_TRUST: Final = (True,)  # which 1 equals too, and no text
_SIZE: Final = hashlib.sha256().digest_size
_BOUND: Final = b"\xfep2"
_START: Final = len(_BOUND) + _SIZE
