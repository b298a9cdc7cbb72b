"""Pickled Python objects, for those who trust whoever can write to the store."""

import hashlib
import hmac
import pickle
from typing import Any, Final

from holdall.errors import Invalid
from holdall.middleware.binding import sized_key
from holdall.middleware.codec import Codec
from holdall.middleware.signing import Source, signing_key
from holdall.store import Store

PROTOCOL: Final = 5
"""Fixed, so that every Python that holdall runs on reads what another wrote."""


class Pickle(Codec[Any, bytes]):
    """Any Python object that pickle takes, with a digest before it.

        value  = digest pickle
        digest = HMAC-SHA-256 of (length of key, 8 octets, big-endian) key pickle; 32 octets

    To load a pickle is to run what it says, so this must be asked for by ``trust=True``. The digest is
    checked first, in constant time: a damaged value, one moved from another key, or a pickle that holdall
    did not write is Corrupt and never loaded.

    Without ``sign`` the digest guards against accidents only: who can write to the store can run code in
    the programs that read it. With ``sign``, where the signing key comes from (``env:NAME``, ``file:PATH`` or
    a function that returns it; 16 bytes or more), only what was written with that key is ever loaded. The
    key itself is read when it is needed, and no repr, error or pickle of this layer holds it.

    >>> from holdall import Memory
    >>> store = Pickle(Memory(), trust=True, sign=lambda: b"sixteen bytes or more")
    >>> store["point"] = 1 + 2j
    >>> store["point"]
    (1+2j)
    """

    def __init__(self, store: Store[bytes], *, trust: bool = False, sign: Source | None = None) -> None:
        if trust not in _TRUST:
            remedy = "say trust=True (trust=1 in an address), or use Json or Xml"
            raise Invalid(f"a pickle runs code when it is loaded: {remedy}")
        super().__init__(store)
        self._key = signing_key(sign)

    def encode(self, key: str, value: Any, /) -> bytes:
        data = pickle.dumps(value, PROTOCOL)
        return self._digest(key, data) + data

    def decode(self, key: str, data: bytes, /) -> Any:
        digest, pickled = data[:_SIZE], data[_SIZE:]
        if not hmac.compare_digest(digest, self._digest(key, pickled)):
            raise ValueError("its digest is another: it is damaged, moved, or signed otherwise")
        return pickle.loads(pickled)  # noqa: S301 - trusted by whoever made this layer

    def _digest(self, key: str, data: bytes) -> bytes:
        return hmac.digest(self._key(), sized_key(key) + data, "sha256")


_TRUST: Final = (True,)  # which 1 equals too, and no text
_SIZE: Final = hashlib.sha256().digest_size
