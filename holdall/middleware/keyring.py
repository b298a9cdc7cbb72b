"""The keys of an encrypting layer, read from a named place, so that no address or repr contains a key."""

import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Final

from holdall.errors import Invalid, InvalidAddress, PermissionDenied
from holdall.private import LONGEST, is_source, read_secret

Source = str | Callable[[], str]
KEY_BYTES: Final = 32

_entry = re.compile(r"(?P<id>[A-Za-z0-9._-]{1,32}):(?P<secret>[A-Za-z0-9+/]{43}=)").fullmatch


class Keyring:
    """The keys at ``source``: ``env:NAME``, ``file:PATH``, or a function that returns the text of a keyring.

        keyring = *blank key *( 1*blank key ) *blank
        blank   = SP / TAB / CR / LF
        key     = id ":" secret
        id      = 1*32( ALPHA / DIGIT / "." / "_" / "-" )   ; no secret, and stored with each value
        secret  = 32 bytes in base64 (RFC 4648, section 4)

    The first key writes; all keys read. To rotate, put a new key in front. Never use an id again for another
    key. The constructor raises InvalidAddress if the source is of none of these kinds, and PermissionDenied
    if it cannot be read or holds no valid keyring; neither message quotes the text of the source.

    >>> keys = "2027:" + "A" * 43 + "=  2026:" + "B" * 42 + "A="
    >>> ring = Keyring(lambda: keys)
    >>> ring.current, len(ring["2026"])
    ('2027', 32)
    """

    def __init__(self, source: Source) -> None:
        self._read = source if callable(source) else _reader(source)
        self._name = source if isinstance(source, str) else _name_of(source)
        self._keys = self._load()

    @property
    def current(self) -> str:
        """The id of the key that writes."""
        return next(iter(self._keys))

    def __getitem__(self, id: str) -> bytes:
        """The key of ``id``; if the id is unknown, the source is read again.

        Raises PermissionDenied if the source does not have it.
        """
        if id not in self._keys:
            self._keys = self._load()
        if id not in self._keys:
            raise PermissionDenied(f"key {id!r} is missing from {self._name}; put it back to read this value")
        return self._keys[id]

    def __repr__(self) -> str:
        return repr(self._name) if is_source(self._name) else self._name

    def _load(self) -> dict[str, bytes]:
        found = [_entry(text) for text in self._text().split()]
        keys = {entry["id"]: b64decode(entry["secret"]) for entry in found if entry}
        if not keys or len(keys) < len(found):
            raise PermissionDenied(
                f"{self._name} does not hold valid keys; write each key as id:base64, of 32 bytes, and no id twice"
            )
        return keys

    def _text(self) -> str:
        text: object = self._read()
        if not isinstance(text, str) or len(text) > LONGEST:
            raise PermissionDenied(
                f"{self._name} does not return text of at most {LONGEST:,} characters; return the keys as text"
            )
        return text


def _name_of(function: Callable[[], str]) -> str:
    # The function's repr is not used, because the repr of a partial shows its arguments.
    return getattr(function, "__qualname__", type(function).__name__)


def _reader(source: str) -> Callable[[], str]:
    if not is_source(source):
        # The source is not shown, because it may be the key itself.
        raise InvalidAddress("the source of the keys is not valid; give env:NAME, file:PATH or a function")
    return lambda: read_secret(source, "keys").decode("ascii", "replace")


def new_key(id: str) -> str:
    """The text of one new random key under ``id``, to be put in front of an existing keyring.

    >>> Keyring(lambda: new_key("2026")).current
    '2026'
    """
    text = f"{id}:{b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"
    if not _entry(text):
        raise Invalid(
            f"{id!r} is not a valid id of a key; use 1 to 32 letters, digits, dots, dashes and underscores"
        )
    return text
