"""Names of two parts, a collection and a key of any text, as keys of a store."""

import hashlib
from typing import Final
from urllib.parse import quote, unquote

_LONGEST: Final = 190  # bytes of a part, because a key takes 400
_SHORTENED: Final = "%~"  # two characters that `quote` never writes one after the other


def join(collection: str, key: str) -> str:
    """Return the key of a store for ``key`` in ``collection``.

        key of the store = part "/" part
        part             = 1*( pchar ) / "%"        ; percent-encoded UTF-8, also a "." at its start; "%" is empty
                         / 1*( pchar ) "%~" 64HEXDIG ; if it is over 190 bytes: its start, and its SHA-256

    >>> join("users", ".ann/ü")
    'users/%2Eann%2F%C3%BC'
    """
    return f"{encode(collection)}/{encode(key)}"


def encode(text: str) -> str:
    """Return the part of a name for ``text``."""
    part = quote(text, safe=" !#$&'()*+,:;<=>?@[]^`{|}", errors="surrogatepass")
    part = f"%2E{part[1:]}" if part.startswith(".") else part or "%"
    if len(part) <= _LONGEST:
        return part
    return part[:100] + _SHORTENED + hashlib.sha256(part.encode()).hexdigest()


def decode(part: str) -> str | None:
    """Return the text of ``part``, or None if it was shortened.

    >>> decode("%2Eann%2F%C3%BC"), decode(encode("a" * 200))
    ('.ann/ü', None)
    """
    if _SHORTENED in part:
        return None
    return "" if part == "%" else unquote(part, errors="surrogatepass")
