"""Pickled Python objects, for stores whose writers are all trusted."""

import hashlib
import hmac
import pickle
from collections.abc import Callable, Iterable
from typing import Any, Final

from holdall.errors import Invalid
from holdall.middleware._secrets.binding import encode_key
from holdall.middleware._secrets.source import Source, signing_key
from holdall.middleware.codec import Codec
from holdall.middleware.identity import Identity
from holdall.store import MISSING, Change, Store

PROTOCOL: Final = 5
"""Fixed, so that every Python version that holdall supports can read the values of every other version."""


class Pickle(Codec[Any, bytes]):
    """Stores any Python object that pickle accepts, with a digest before it.

        value    = digest pickle                 ; without sign and context, and as holdall once signed
                 / %xFE "p2" digest pickle       ; with sign or context
        digest   = 32 OCTET                      ; HMAC-SHA-256 of: [ identity ] length key pickle
        length   = 8 OCTET                       ; bytes of the key, big-endian
        identity = as `holdall.middleware.identity` draws it; only after %xFE "p2"

    To load a pickle is to run the code in it, so the caller must ask for this layer by ``trust=True``. The
    digest is checked first, in constant time. Reading raises Corrupt, and never loads the pickle, if the
    value was damaged, was moved from another key, or was not written by holdall.

    Without ``sign`` the digest protects only against accidents: whoever can write to the store can run code
    in the programs that read it. ``sign`` names the source of the signing key: ``env:NAME``, ``file:PATH`` or
    a function that returns it; the key has 16 bytes or more. With ``sign``, only values that were written
    with that key are loaded. The key is read when it is needed, and no repr, error or pickle of this layer
    contains it.

    A signed value is bound to ``context``, a text such as "approved". Without a context it is bound to a
    random id that the store keeps under a reserved key; see `Encrypt`. Earlier versions of holdall bound a
    signed value to its key alone. Such values are loaded, but with ``bound=True``, or with a context, reading
    them raises Corrupt. To bind them to the store, write each of them again:
    ``store.modify(key, lambda value: value)``.

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
            remedy = "give trust=True (trust=1 in an address), or use Json or Xml"
            raise Invalid(f"a pickle can run code when it is loaded; {remedy}")
        super().__init__(store)
        self._key = signing_key(sign)
        binds = sign is not None or context is not None
        self._identity = Identity(store, context) if binds else None
        self._only_bound = binds and (bound or context is not None)

    def encode(self, key: str, value: Any, /) -> bytes:
        data = pickle.dumps(value, PROTOCOL)
        if self._identity is None:
            return self._digest(b"", key, data) + data
        return b"".join((_BOUND, self._digest(self._identity.load_or_create(), key, data), data))

    def decode(self, key: str, data: bytes, /) -> Any:
        if self._identity is not None and data.startswith(_BOUND):
            digest, pickled = data[len(_BOUND) : _START], data[_START:]
            if hmac.compare_digest(digest, self._digest(self._identity.load(), key, pickled)):
                return pickle.loads(pickled)  # noqa: S301 - trusted by whoever made this layer
        digest, pickled = data[:_SIZE], data[_SIZE:]
        if self._only_bound or not hmac.compare_digest(digest, self._digest(b"", key, pickled)):
            raise ValueError("its digest does not match: it is damaged, moved, or signed with another key")
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
        """Create the identity before a write starts; it must not happen within a write of the store below."""
        if self._identity is not None:
            self._identity.load_or_create()

    def _digest(self, identity: bytes, key: str, data: bytes) -> bytes:
        return hmac.digest(self._key(), identity + encode_key(key) + data, "sha256")


_TRUST: Final = (True,)  # a tuple, so that 1, which equals True, is accepted, and no text is
_SIZE: Final = hashlib.sha256().digest_size
_BOUND: Final = b"\xfep2"
_START: Final = len(_BOUND) + _SIZE
