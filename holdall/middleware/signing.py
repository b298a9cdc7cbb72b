"""Where a signing key comes from: named in an address or given by a function, never held in either."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from holdall.errors import Invalid, PermissionDenied

Source = str | Callable[[], bytes]
"""``env:NAME`` or ``file:PATH`` (both are text or bytes; space at the ends is dropped), or a function."""

SHORTEST: Final = 16  # bytes; RFC 2104 discourages keys much shorter than the digest


def signing_key(source: Source | None) -> Callable[[], bytes]:
    """A function that reads the key at ``source`` once, when it is first called; no source, no secret.

    Invalid for what is no source. The function raises PermissionDenied, naming the source, where there is
    no key or a short one.

    >>> signing_key("env:NO_SUCH_KEY")()
    Traceback (most recent call last):
      ...
    holdall.errors.PermissionDenied: no signing key of 16 bytes or more in env:NO_SUCH_KEY
    """
    if source is None:
        return bytes
    if not callable(source) and str(source).partition(":")[0] not in _SCHEMES:
        raise Invalid("sign=env:NAME, file:PATH or a function that returns the key; never the key itself")
    return functools.cache(lambda: _long_enough(source))


def _long_enough(source: Source) -> bytes:
    key = source() if callable(source) else _read(source)
    if len(key) < SHORTEST:
        name = "what the function returned" if callable(source) else source
        raise PermissionDenied(f"no signing key of {SHORTEST} bytes or more in {name}")
    return key


def _read(source: str) -> bytes:
    scheme, _, place = source.partition(":")
    try:
        return _SCHEMES[scheme](place).strip()
    except (OSError, KeyError):
        return b""


_SCHEMES: Final[dict[str, Callable[[str], bytes]]] = {
    "env": lambda name: os.fsencode(os.environ[name]),
    "file": lambda path: Path(path).read_bytes(),
}
