"""Bearer tokens, of which a store keeps only hashes, under reserved keys that no request reaches.

token  = "holdall_" name "." secret               ; secret: 32 random bytes in Base64
key    = ".holdall/tokens/" name
value  = JSON object: "salt", "hash" (scrypt of secret), "check", "scopes", "created", "expires" (null: never)
check  = the first 4 bytes of SHA-256 of secret
scope  = JSON array of store, prefix, write and admin

A secret that is wrong has another check, so that nobody can keep the service busy with the slow scrypt. The check tells
32 of the 256 bits of a secret to a reader of the store, who would have to guess the others.
"""

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from holdall.errors import Conflict, Corrupt, Invalid
from holdall.extras import needs
from holdall.redact import brief
from holdall.server.access import ADMIN, Access, Scope
from holdall.store import ABSENT, Store

with needs("server"):
    import msgspec

FOLDER: Final = ".holdall/tokens/"
_is_name = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch
_split = re.compile(r"holdall_([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43})").fullmatch


class Record(msgspec.Struct, forbid_unknown_fields=True):
    """Everything that is stored of a token."""

    salt: bytes
    hash: bytes
    check: bytes
    scopes: tuple[Scope, ...]
    created: datetime
    expires: datetime | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the token has not expired."""
        return self.expires is None or datetime.now(UTC) < self.expires


class Tokens:
    """The tokens that ``store`` keeps. A token that was added or revoked takes effect at the next request.

    >>> from holdall import Memory
    >>> tokens = Tokens(Memory())
    >>> token = tokens.add("ada", [Scope("notes", "ada/", write=True)])
    >>> tokens.access(token).scopes
    (Scope(store='notes', prefix='ada/', write=True, admin=False),)
    >>> tokens.revoke("ada")
    >>> tokens.access(token) is None
    True
    """

    def __init__(self, store: Store[Any]) -> None:
        self._store = store.raw(FOLDER)
        self._seen: dict[str, tuple[bytes, bytes]] = {}  # by name: the record and the digest of its secret
        self._key = secrets.token_bytes(32)  # of the digests
        self._hashing = threading.Lock()

    def add(self, name: str, scopes: Collection[Scope], expires: datetime | None = None) -> str:
        """Return a new token with ``scopes``. It cannot be read again later.

        Raises Invalid if ``name`` is not a valid name, and Conflict if it has a token already. Needs SWAP.
        """
        if not _is_name(name):
            raise Invalid(
                f"{brief(name)} is not a name for a token; use up to 64 letters, digits, '-' and '_'"
            )
        secret, salt = secrets.token_urlsafe(32), secrets.token_bytes(16)
        record = Record(salt, _hash(secret, salt), _check(secret), tuple(scopes), datetime.now(UTC), expires)
        try:
            self._store.swap(name, msgspec.json.encode(record), ABSENT)
        except Conflict:
            raise Conflict(f"{name!r} has a token already; revoke it first") from None
        return f"holdall_{name}.{secret}"

    def revoke(self, name: str) -> None:
        """Delete the token of ``name``. Raises KeyError if there is none."""
        del self._store[name]

    def records(self) -> Iterator[tuple[str, Record]]:
        """Yield each name and its record."""
        return ((name, _read(name, data)) for name, data in self._store.scan_items())

    def access(self, token: str) -> Access | None:
        """Return the access that ``token`` gives, or None if it is wrong, was revoked or has expired."""
        found = _split(token)
        data = self._store.get(found[1]) if found else None
        if not found or data is None:
            return None
        record = _read(found[1], data)
        if not (self._is_secret(found[1], found[2], data, record) and record.is_valid):
            return None
        return Access(record.scopes, name=found[1])

    def _is_secret(self, name: str, secret: str, data: bytes, record: Record) -> bool:
        """Return whether ``secret`` is that of ``record``; the slow hash is computed once for each record."""
        digest = hashlib.blake2b(secret.encode(), key=self._key).digest()
        if not hmac.compare_digest(_check(secret), record.check):
            return False
        if self._is_seen(name, data, digest):
            return True
        with self._hashing:  # one at a time, because each takes 16 MiB and a processor
            if self._is_seen(name, data, digest):
                return True
            fits = hmac.compare_digest(_hash(secret, record.salt), record.hash)
            if fits:
                self._seen[name] = data, digest
            return fits

    def _is_seen(self, name: str, data: bytes, digest: bytes) -> bool:
        seen, known = self._seen.get(name, (b"", b""))
        return seen == data and hmac.compare_digest(known, digest)


def parse_scope(text: str) -> Scope:
    """Return the scope in ``text``: ``read`` or ``write``, a store or ``*``, and a prefix or nothing; or ``admin``.

    Raises ValueError if it is not valid.

    >>> parse_scope("write:notes:ada/"), parse_scope("read:*").write
    (Scope(store='notes', prefix='ada/', write=True, admin=False), False)
    """
    if text == "admin":
        return ADMIN
    verb, _, rest = text.partition(":")
    store, _, prefix = rest.partition(":")
    if verb not in ("read", "write") or not (store == "*" or _is_name(store)):
        raise ValueError(text)
    return Scope(store, prefix, verb == "write")


def format_scope(scope: Scope) -> str:
    """Return ``scope`` as `parse_scope` reads it.

    >>> format_scope(parse_scope("write:notes:ada/")), format_scope(parse_scope("read:*"))
    ('write:notes:ada/', 'read:*')
    """
    if scope.admin:
        return "admin"
    return f"{'write' if scope.write else 'read'}:{scope.store}:{scope.prefix}".removesuffix(":")


def _check(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()[:4]


def _hash(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=1 << 14, r=8, p=1)


def _read(name: str, data: bytes) -> Record:
    try:
        return msgspec.json.decode(data, type=Record)
    except ValueError as error:
        raise Corrupt(f"the record of the token {name!r} is damaged: {error}") from error
