"""Values encrypted by AES-256-GCM, each bound to its key."""

import os
import zlib
from collections.abc import Iterator

from holdall.errors import Corrupt
from holdall.extras import needs
from holdall.middleware.binding import key_bytes
from holdall.middleware.codec import Codec
from holdall.middleware.keyring import Keyring, Source
from holdall.redact import shown_call
from holdall.store import Store, to_bytes

with needs("crypto"):
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MAGIC = 0xF8  # no text in UTF-8 begins so
_NONCE = 12  # bytes
_TAG = 16  # bytes


class Encrypt(Codec[bytes, bytes]):
    """Nobody reads or changes a value without the key: AES-256-GCM (NIST SP 800-38D).

        value  = head nonce sealed
        head   = %xF8 length id check
        length = OCTET                      ; bytes of the id
        id     = 1*32 ASCII                 ; which key of the keyring sealed it
        check  = 4 OCTET                    ; CRC-32 of what is before it: tells damage from an unknown key
        nonce  = 12 OCTET                   ; random for each write
        sealed = the value and a tag of 16 bytes; head and the store's key (UTF-8) are bound to it

    ``keys`` says where the keys are: ``env:NAME``, ``file:PATH``, or a function that returns their text
    (see `Keyring`). A value that was damaged, or that was moved to another key, is Corrupt; one whose
    key is not in the keyring is PermissionDenied.

    Not hidden: the store's keys, how long a value is, and when it was written. Not noticed: that a value
    was replaced by an older one of the same key. Not encrypted: what lies under reserved keys. Compress
    before encrypting, as in ``Zstd(Encrypt(store))``. One key should seal no more than 2**32 values: rotate.

    >>> from holdall import Memory
    >>> from holdall.middleware.keyring import new_key
    >>> os.environ["BOOKS_KEY"] = new_key("2026")
    >>> store = Encrypt(Memory(), "env:BOOKS_KEY")
    >>> store["a"] = b"holdall"
    >>> store["a"], b"holdall" in store.raw()["a"], store
    (b'holdall', False, Encrypt(Memory(), 'env:BOOKS_KEY'))
    """

    def __init__(self, store: Store[bytes], keys: Source) -> None:
        super().__init__(store)
        self._keyring = Keyring(keys)
        self._ciphers: dict[str, AESGCM] = {}

    def encode(self, key: str, value: bytes, /) -> bytes:
        id = self._keyring.current
        head, nonce = _head(id), os.urandom(_NONCE)
        return head + nonce + self._cipher(id).encrypt(nonce, to_bytes(value), head + key_bytes(key))

    def decode(self, key: str, data: bytes, /) -> bytes:
        id = _key_id(data)
        head = _head(id)
        start = len(head) + _NONCE
        try:
            return self._cipher(id).decrypt(data[len(head) : start], data[start:], head + key_bytes(key))
        except InvalidTag as error:
            message = f"the value of {key!r} does not open with key {id!r}: it was damaged, or moved there"
            raise Corrupt(message, key=key) from error

    def _cipher(self, id: str) -> AESGCM:
        cipher = self._ciphers.get(id)
        if cipher is None:
            cipher = self._ciphers[id] = AESGCM(self._keyring[id])
        return cipher

    @property
    def current(self) -> str:
        """The id of the key that writes."""
        return self._keyring.current

    def scan_ids(self, prefix: str = "", *, start: str = "") -> Iterator[tuple[str, str]]:
        """Each key, in order, and the id of the key that sealed its value. Opens none, but reads them all."""
        for key, data in self._inner.scan_items(prefix, start=start):
            try:
                yield key, _key_id(data)
            except ValueError as error:
                raise self._corrupt(key, error) from error

    def __repr__(self) -> str:
        return shown_call(type(self).__name__, (self._inner, self._keyring), {})


def _key_id(data: bytes) -> str:
    id = data[2 : 2 + data[1]].decode("ascii") if len(data) > 1 else ""
    head = _head(id)
    if not id or not data.startswith(head) or len(data) < len(head) + _NONCE + _TAG:
        raise ValueError("it does not begin as a sealed value does")
    return id


def _head(id: str) -> bytes:
    head = bytes((_MAGIC, len(id))) + id.encode("ascii")
    return head + zlib.crc32(head).to_bytes(4, "big")
