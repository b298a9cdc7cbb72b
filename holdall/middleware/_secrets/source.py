"""The source of a secret: an address names the source, or a function returns the secret.

Neither the address nor the function contains the secret.
"""

import functools
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final

from holdall.errors import Invalid, PermissionDenied
from holdall.private import is_readable_by_others
from holdall.redact import SOURCES

Source = str | Callable[[], bytes]
"""``env:NAME`` or ``file:PATH`` (text or bytes; white space at the ends is removed), or a function."""

LONGEST: Final = 1 << 16  # bytes; more than any keyring has
SHORTEST: Final = 16  # bytes; RFC 2104 discourages keys much shorter than the digest


def is_source(text: object) -> bool:
    """Whether ``text`` is ``env:NAME`` or ``file:PATH``.

    >>> is_source("env:BOOKS_KEYS"), is_source("env:"), is_source("hunter2")
    (True, False, False)
    """
    return isinstance(text, str) and text.startswith(SOURCES) and text not in SOURCES


def read(source: str, what: str) -> bytes:
    """The bytes in the environment variable or the file that ``source`` names; errors call them ``what``.

    Raises PermissionDenied if the source does not exist, cannot be read, or holds more than LONGEST bytes.
    The message quotes none of the bytes.

    >>> read("env:NO_SUCH_KEYS", "keys")
    Traceback (most recent call last):
      ...
    holdall.errors.PermissionDenied: the environment has no variable NO_SUCH_KEYS; set it to the keys
    """
    kind, _, place = source.partition(":")
    data = _variable(place, what) if kind == "env" else _file(place, what)
    if len(data) > LONGEST:
        raise PermissionDenied(f"{source} holds more than {LONGEST:,} bytes, so it is not the {what}")
    return data


def _variable(name: str, what: str) -> bytes:
    if name not in os.environ:
        raise PermissionDenied(f"the environment has no variable {name}; set it to the {what}")
    return os.fsencode(os.environ[name])


def _file(path: str, what: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            if is_readable_by_others(os.fstat(file.fileno())):
                message = f"other users can read {path}, which holds the {what}; run `chmod 600 {path}`"
                warnings.warn(message, stacklevel=2)
            return file.read(LONGEST + 1)
    except OSError as error:
        raise PermissionDenied(f"the {what} cannot be read from {path}: {error.strerror}") from error


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
    key = source() if callable(source) else read(source, "signing key").strip()
    if len(key) < SHORTEST:
        name = "the result of the function" if callable(source) else source
        raise PermissionDenied(
            f"there is no signing key of {SHORTEST} bytes or more in {name}; write one there"
        )
    return key
