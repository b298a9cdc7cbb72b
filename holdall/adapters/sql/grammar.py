"""The grammar of keys as a regular expression that each kind of server can match.

It matches the hexadecimal digits of a key in UTF-8, because the servers spell characters in different ways.
"""

from functools import cache
from typing import Final

from holdall.keys import RESERVED

_ANY: Final = "[0-9A-F]"
_NEXT: Final = f"[89AB]{_ANY}"
_CHARACTERS: Final = (
    f"2[0-9A-E]|[346]{_ANY}|5[0-9ABD-F]|7[0-9A-E]",  # ASCII without control characters, slash and backslash
    f"C2[AB]{_ANY}|C[3-9A-F]{_NEXT}|D{_ANY}{_NEXT}",
    f"E0[AB]{_ANY}{_NEXT}|E[1-9A-CEF]{_NEXT}{_NEXT}|ED[89]{_ANY}{_NEXT}",
    f"F0[9AB]{_ANY}{_NEXT}{_NEXT}|F[1-3]{_NEXT}{_NEXT}{_NEXT}|F48{_ANY}{_NEXT}{_NEXT}",
)
_CHARACTER: Final = f"(?:{'|'.join(_CHARACTERS)})"
_SLASH: Final = "2F"


@cache
def pattern(*, hides: bool) -> str:
    """Return the regular expression of the digits of a valid key; if ``hides``, of one that is not reserved.

    >>> import re
    >>> [bool(re.search(pattern(hides=True), name.encode().hex().upper())) for name in ("a/b", "a//b")]
    [True, False]
    """
    refused = (".", "..", RESERVED) if hides else (".", "..")
    names = "|".join(name.encode().hex().upper() for name in refused)
    segment = f"(?!(?:{names})(?:{_SLASH}|$)){_CHARACTER}+"
    return f"^{segment}(?:{_SLASH}{segment})*$"
