"""The source of a secret: an address names the source, or a function returns the secret.

Neither the address nor the function contains the secret.
"""

import functools
from collections.abc import Callable
from typing import Final

from holdall.errors import Invalid, PermissionDenied
from holdall.private import is_source, read_secret

Source = str | Callable[[], bytes]
"""``env:NAME`` or ``file:PATH`` (text or bytes; white space at the ends is removed), or a function."""

SHORTEST: Final = 16  # bytes; RFC 2104 discourages keys much shorter than the digest


def signing_key(source: Source | None) -> Callable[[], bytes]:
    """A function that reads the key at ``source`` once, when it is first called; for None it returns b"".

    Raises Invalid if ``source`` is not a valid source. The function raises PermissionDenied, and names the
    source, if the key is missing or too short.

    >>> signing_key("env:NO_SUCH_KEY")()
    Traceback (most recent call last):
      ...
    holdall.errors.PermissionDenied: the environment has no variable NO_SUCH_KEY; set it to the signing key
    """
    if source is None:
        return bytes
    if not callable(source) and not is_source(source):
        raise Invalid(
            "sign does not name a source of the key; "
            "give env:NAME, file:PATH or a function that returns the key, never the key itself"
        )
    return functools.cache(lambda: _long_enough(source))


def _long_enough(source: Source) -> bytes:
    key = source() if callable(source) else read_secret(source, "signing key").strip()
    if len(key) < SHORTEST:
        name = "the result of the function" if callable(source) else source
        raise PermissionDenied(
            f"there is no signing key of {SHORTEST} bytes or more in {name}; write one there"
        )
    return key
