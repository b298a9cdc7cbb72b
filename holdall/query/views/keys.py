r"""The keys under which a view shows its groups as documents. They sort as the texts of the groups.

    key = *( char / pair )      for each character of the text, in order
    pair = ( " " / "." / "[" / "~" ) ( DIGIT / "A" … "X" )

A pair stands for a character that a key must not contain (the control characters, "/" and "\"), or for a first
character of a pair. The first character of a pair is the last one before those that it stands for, or one of them.
So keys sort as their texts.
"""

import re
from typing import Final

_SYMBOLS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWX"
_RUNS: Final = {" ": range(0x21), ".": range(0x2E, 0x30), "[": range(0x5B, 0x5D), "~": range(0x7E, 0xA0)}
_PAIRS: Final = {
    code: first + symbol for first, run in _RUNS.items() for code, symbol in zip(run, _SYMBOLS, strict=False)
}
_CHARACTERS: Final = {pair: chr(code) for code, pair in _PAIRS.items()}

_special: Final = re.compile(r"[ .\[~].?|[\x00-\x1f/\\\x7f-\x9f\ud800-\udfff]", re.DOTALL).finditer


def key_of(text: str) -> str:
    r"""Return the key of the group with ``text``.

    >>> key_of("84EUR\x0033a07\x00"), key_of("4A/B")
    ('84EUR 033a07 0', '4A.1B')
    """
    return text.translate(_PAIRS)


def text_before(bound: str) -> str:
    """Return the text of the group with the key ``bound``. For any other bound, return the longest beginning of it.

    All groups whose keys are not below ``bound`` have texts that are not below the result.

    >>> text_before(key_of("4A/B")) == "4A/B", text_before("4A/B")
    (True, '4A')
    """
    parts, done = [], 0
    for found in _special(bound):
        parts.append(bound[done : found.start()])
        if found[0] not in _CHARACTERS:
            return "".join(parts)
        parts.append(_CHARACTERS[found[0]])
        done = found.end()
    return "".join([*parts, bound[done:]])
