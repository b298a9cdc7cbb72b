"""Encryption of values by AES-256-GCM, which binds each value to its key and to the identity of its store."""

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from holdall.errors import Corrupt
from holdall.extras import needs
from holdall.middleware._secrets.binding import key_bytes
from holdall.middleware._secrets.frames import CipherSeal
from holdall.middleware._streams.frames import FRAME, Seal, open_sealed, seal_value
from holdall.middleware.framed import Framed
from holdall.middleware.identity import Identity
from holdall.middleware.keyring import Keyring, Source
from holdall.middleware.versions.sealing import offer
from holdall.redact import format_call
from holdall.store import MISSING, Missing, Operation, Store, to_bytes

with needs("crypto"):
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_BOUND, _UNBOUND, _FRAMED = 0xFE, 0xF8, 0xF7  # UTF-8 text never begins with these bytes
_NONCE = 12  # bytes
_TAG = 16  # bytes


class Encrypt(Framed):
    """Encrypts values by AES-256-GCM (NIST SP 800-38D): without the key nobody can read or change them.

        value    = head nonce sealed
                 / head salt prefix 1*frame   ; more than 64 KiB, or written as a file
        head     = kind length id check
        kind     = %xFE / %xF8 / %xF7         ; bound to identity and key / to the key alone / in frames
        length   = OCTET                      ; bytes of the id
        id       = 1*32 ASCII                 ; which key of the keyring sealed it
        check    = 4 OCTET                    ; CRC-32 of what is before it: tells damage from an unknown key
        nonce    = 12 OCTET                   ; random for each write
        sealed   = the value and a tag of 16 bytes, to which this is bound:
                   head [ identity ] key      ; the store's key in UTF-8
        identity = as `holdall.middleware.identity` draws it

        salt     = 32 OCTET                   ; random for each write
        prefix   = 7 OCTET                    ; random for each write
        frame    = 65,536 bytes of the value, or the rest, and a tag of 16 bytes; the nonce is:
                   prefix number last
        number   = 4 OCTET                    ; of the frame, from 0 on, big-endian
        last     = %x00 / %x01                ; whether it is the last frame

    Frames are sealed by a key of their own, which HKDF-SHA256 (RFC 5869) makes of the key of the keyring, the
    salt, and as info: head identity key. So frames cannot be reordered, left out, cut off, or moved between
    values. This is the construction of Tink's AES-GCM-HKDF streams; for the reads, see `Framed`.

    ``keys`` names the source of the keys: ``env:NAME``, ``file:PATH``, or a function that returns their text
    (see `Keyring`). Reading raises Corrupt if a value was damaged, or was moved to another key or to another
    store. It raises PermissionDenied if the value's key is not in the keyring.

    Values are bound to ``context``, a text such as "approved". Without a context they are bound to a random
    id that the store keeps under a reserved key. A copy of the whole store copies this id too. A store
    without SWAP can only be written with a context. Earlier versions of holdall bound values to their key
    alone (%xF8). Such values can be read, and `rekey` seals them again. With ``bound=True``, or with a
    context, reading them raises Corrupt.

    This layer does not hide the store's keys, the length of a value, or the time when it was written. It does
    not notice that a value was replaced by an older one of the same key. It does not encrypt the records
    under reserved keys. Compress values before they are encrypted, as in ``Zstd(Encrypt(store))``. One key
    should seal at most 2**32 values; then rotate it.

    >>> from holdall import Memory
    >>> from holdall.middleware.keyring import new_key
    >>> os.environ["BOOKS_KEY"] = new_key("2026")
    >>> store = Encrypt(Memory(), "env:BOOKS_KEY")
    >>> store["a"] = b"holdall"
    >>> store["a"], b"holdall" in store.raw()["a"], store
    (b'holdall', False, Encrypt(Memory(), 'env:BOOKS_KEY'))
    """

    def __init__(
        self, store: Store[bytes], keys: Source, context: str | None = None, *, bound: bool = False
    ) -> None:
        super().__init__(store)
        self._keyring = Keyring(keys)
        self._ciphers: dict[str, AESGCM] = {}
        self._identity = Identity(store, context)
        self.only_bound = bound or context is not None
        offer(store, self)

    def encode(self, key: str, value: bytes, /) -> bytes:
        value = to_bytes(value)
        if len(value) > FRAME:
            return seal_value(self._new_seal(key), value)
        return self._seal(key_bytes(key), value)

    def _seal(self, about: bytes, value: bytes) -> bytes:
        id = self._keyring.current
        head, nonce = _head(_BOUND, id), os.urandom(_NONCE)
        bound = head + self._identity.load_or_create() + about
        return head + nonce + self._cipher(id).encrypt(nonce, value, bound)

    def decode(self, key: str, data: bytes, /) -> bytes:
        if self.only_bound and data[:1] == bytes((_UNBOUND,)):
            raise ValueError(
                "it is bound to its key alone, so it may come from another store; rekey the store"
            )
        return self._open(key, data)

    def _open(self, key: str, data: bytes) -> bytes:
        if data[:1] == bytes((_FRAMED,)):
            return open_sealed(self._frame_seal(key, data), data)
        try:
            return self._unseal(key_bytes(key), data)
        except InvalidTag as error:
            id = _key_id(data)
            message = f"the value of {key!r} cannot be decrypted with key {id!r}: it was damaged, or moved to this key"
            raise Corrupt(message, key=key) from error

    def _unseal(self, about: bytes, data: bytes) -> bytes:
        id = _key_id(data)
        head = _head(data[0], id)
        bound = head + (b"" if data[0] == _UNBOUND else self._identity.load()) + about
        start = len(head) + _NONCE
        return self._cipher(id).decrypt(data[len(head) : start], data[start:], bound)

    # ---- Frames: see `Framed` ------------------------------------------------------------------------

    def _new_seal(self, key: str) -> Seal:
        id = self._keyring.current
        about = self._identity.load_or_create() + key_bytes(key)
        return CipherSeal(self._keyring[id], id, _head(_FRAMED, id), about)

    def _seal_of(self, key: str, data: bytes) -> Seal | None:
        return self._frame_seal(key, data) if data[:1] == bytes((_FRAMED,)) else None

    def _frame_seal(self, key: str, data: bytes) -> Seal:
        id = _key_id(data)
        about = self._identity.load() + key_bytes(key)
        return CipherSeal(self._keyring[id], id, _head(_FRAMED, id), about, data)

    # The first write creates the identity. This must not happen within a write of the store below.

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        self._identity.load_or_create()
        super().set_many(items)

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        self._identity.load_or_create()
        super().transact(changes)

    def modify(
        self, key: str, function: Callable[[bytes], bytes], /, default: bytes | Missing = MISSING
    ) -> bytes:
        self._identity.load_or_create()
        return super().modify(key, function, default)

    def reseal(self, key: str, /) -> None:
        """Seal the value of ``key`` again, with the key that writes, and bind it to the store.

        Raises KeyError if ``key`` is missing. A value that is bound to its key alone is accepted even if
        ``bound`` is True.
        """
        self._identity.load_or_create()
        self._inner.modify(key, lambda data: self.encode(key, self._open(key, data)))

    # ---- Notes of revisions, for a layer below: see `holdall.middleware.versions.sealing` -----------

    def seal_note(self, about: bytes, note: bytes, /) -> bytes:
        """``note``, sealed in the same way as a value, and bound to ``about`` in place of a key."""
        return self._seal(about, note)

    def open_note(self, about: bytes, sealed: bytes, /) -> bytes | None:
        """The note that was sealed; None if the note, or ``about``, was changed.

        Raises PermissionDenied if the note's key is not in the keyring.
        """
        try:
            return self._unseal(about, sealed)
        except (InvalidTag, ValueError):
            return None

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
        """Yield each key, in order, and the id of the key that sealed its value.

        This reads all values, but decrypts none.
        """
        return ((key, id) for key, id, _ in self.scan_seals(prefix, start=start))

    def scan_seals(self, prefix: str = "", *, start: str = "") -> Iterator[tuple[str, str, bool]]:
        """As `scan_ids`, and also whether the value is bound to the store rather than to its key alone."""
        for key, data in self._inner.scan_items(prefix, start=start):
            try:
                yield key, _key_id(data), data[0] != _UNBOUND
            except ValueError as error:
                raise self._corrupt(key, error) from error

    def __repr__(self) -> str:
        return format_call(
            type(self).__name__, (self._inner, self._keyring, *self._made_with[0][2:]), self._shown
        )

    @property
    def _shown(self) -> dict[str, Any]:
        return {name: value for name, value in self._made_with[1].items() if name not in ("store", "keys")}


def _key_id(data: bytes) -> str:
    id = data[2 : 2 + data[1]].decode("ascii") if len(data) > 1 else ""
    head = _head(data[0], id) if id and data[0] in (_BOUND, _UNBOUND, _FRAMED) else b""
    if not head or not data.startswith(head) or len(data) < len(head) + _NONCE + _TAG:
        raise ValueError("it does not begin with the header of an encrypted value")
    return id


def _head(kind: int, id: str) -> bytes:
    head = bytes((kind, len(id))) + id.encode("ascii")
    return head + zlib.crc32(head).to_bytes(4, "big")
