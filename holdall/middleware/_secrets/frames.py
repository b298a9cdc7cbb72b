"""The seal of a value in frames by AES-256-GCM, under a key of its own."""

import os
from typing import Final

from holdall.extras import needs

with needs("crypto"):
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY: Final = 32  # bytes
_SALT: Final = 32  # bytes
_PREFIX: Final = 7  # bytes


class CipherSeal:
    """Seals frames by the key that HKDF-SHA256 makes of ``secret``, which is the key ``id`` of a keyring.

    `Encrypt` draws the format. ``start`` is the head without salt and prefix, and ``about`` is bound to the
    frames in addition to it. ``data`` is the stored value, or its beginning; for a new value it is empty, and
    salt and prefix are random.
    """

    overhead = 16

    def __init__(self, secret: bytes, id: str, start: bytes, about: bytes, data: bytes = b"") -> None:
        random = data[len(start) :][: _SALT + _PREFIX] if data else os.urandom(_SALT + _PREFIX)
        salt, self._prefix = random[:_SALT], random[_SALT:]
        self.head = start + random
        self._id = id
        self._cipher = AESGCM(HKDF(SHA256(), _KEY, salt, start + about).derive(secret))

    def seal(self, number: int, is_last: bool, content: bytes) -> tuple[bytes, ...]:
        return (self._cipher.encrypt(self._nonce(number, is_last), content, None),)

    def open(self, number: int, is_last: bool, frame: memoryview) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(number, is_last), frame, None)
        except InvalidTag as error:
            raise ValueError(
                f"a frame cannot be decrypted with key {self._id!r}: it was damaged, or moved to this place"
            ) from error

    def _nonce(self, number: int, is_last: bool) -> bytes:
        return self._prefix + number.to_bytes(4, "big") + bytes((is_last,))
