r"""The sealing of a revision's author and message by the layer that encrypts the values.

    sealed = %xFE note                  in place of author and message in a stamp; its author-size is 0
    note   = what the layer makes of:   author-size author message
             bound to:                  %xFF length key fixed digest, and the layer's own identity

    length = 8 bytes                    of the key, big-endian
    key    = as the lowest store knows it, in UTF-8
    fixed  = kind number time id        as they are in the stamp
    digest = 32 bytes                   SHA-256 of the value

So without the key nobody can read a note, or change number, time, value or note of a revision unnoticed.
Notes by "unknown", for changes by a writer without versions, are not sealed.
"""

import hashlib
from typing import Final, Protocol, runtime_checkable
from weakref import ref

from holdall.errors import PermissionDenied
from holdall.history import Note
from holdall.layer import layers
from holdall.middleware._secrets.binding import encode_key
from holdall.middleware.versions.errors import corrupt_error
from holdall.middleware.versions.stamp import Stamp
from holdall.prefixed import Prefixed
from holdall.store import Store

SEALED: Final = "(sealed)"
"""The author that is shown if a note cannot be opened because the key is not available."""


class Seal(Protocol):
    """A layer that encrypts. `Encrypt` is one."""

    only_bound: bool
    """Whether it refuses values that are not bound to its store."""

    def seal_note(self, about: bytes, note: bytes, /) -> bytes:
        """``note`` sealed, and bound to ``about``."""
        ...

    def open_note(self, about: bytes, sealed: bytes, /) -> bytes | None:
        """The note that was sealed; None if the note, or ``about``, was changed.

        Raises PermissionDenied if the note's key is not available.
        """
        ...


class Sealing:
    """The seals of a store's keys, by prefix."""

    def __init__(self) -> None:
        # Weak, because a layer holds the store that holds this object.
        self.seals: dict[str, ref[Seal]] = {}

    def __reduce__(self) -> tuple[type["Sealing"], tuple[()]]:
        return Sealing, ()

    def add(self, prefix: str, seal: Seal) -> None:
        """From now on ``seal`` seals the notes of keys under ``prefix``."""
        self.seals[prefix] = ref(seal)

    def of(self, key: str) -> Seal | None:
        """The seal of ``key``; None if there is none."""
        alive = {prefix: seal for prefix, each in self.seals.items() if (seal := each()) is not None}
        found = [prefix for prefix in alive if key.startswith(prefix)]
        return alive[max(found, key=len)] if found else None

    def stamp(self, key: str, stamp: Stamp, value: bytes) -> bytes:
        """``value`` with ``stamp``, whose note is sealed if ``key`` has a seal."""
        seal = self.of(key)
        if seal is None:
            return stamp.prepend_to(value)
        author, message = stamp.note.encoded
        note = bytes((len(author),)) + author + message
        sealed = seal.seal_note(_about(key, stamp, value), note)
        return stamp._replace(note=Note(), sealed=sealed).prepend_to(value)

    def note(self, key: str, stamp: Stamp, value: bytes) -> Note:
        """The note of ``stamp``, which was stored before ``value``. Raises Corrupt if either was changed."""
        if not stamp.sealed:
            return stamp.note
        seal = self.of(key)
        if seal is None:
            return Note(SEALED)
        try:
            opened = seal.open_note(_about(key, stamp, value), stamp.sealed)
        except PermissionDenied:
            return Note(SEALED)
        if not opened:
            raise corrupt_error(key, "its stamp cannot be decrypted: it was changed")
        end = 1 + opened[0]
        return Note(opened[1:end].decode(), opened[end:].decode())


def _about(key: str, stamp: Stamp, value: bytes) -> bytes:
    return b"".join((b"\xff", encode_key(key), stamp.fixed, hashlib.sha256(value).digest()))


@runtime_checkable
class Sealable(Protocol):
    """A store that keeps notes, and lets a layer above seal them."""

    def accept_seal(self, prefix: str, seal: Seal, /) -> None:
        """From now on ``seal`` seals the notes of keys under ``prefix``."""
        ...


def offer(store: Store[bytes], seal: Seal) -> None:
    """Tell the stores below to seal their notes by ``seal``, a layer on ``store``."""
    prefix = ""
    for layer in layers(store):
        if isinstance(layer, Prefixed):
            prefix = layer.prefix + prefix
        elif isinstance(layer, Sealable):
            layer.accept_seal(prefix, seal)
