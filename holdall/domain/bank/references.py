"""Recognizes the structured references by which banks carry the invoice to the seller.

    RF18 5390 0754 7034            ISO 11649: two check digits, then up to 21 letters and digits
    21 00000 00003 13947 …         the Swiss QR reference (QRR): 26 digits and a check digit
    other                          digits of a country, such as the Norwegian KID and the Finnish viite

Two references are equal if they differ only in spaces, in hyphens, in the case of letters, and in leading zeros.
"""

import re
from collections.abc import Iterator
from typing import Final

from holdall.extras import needs

with needs("domain"):
    from stdnum import iso11649
    from stdnum.ch import esr

_RF: Final = re.compile(r"RF\d{2}[A-Z0-9]{1,21}", re.ASCII)
_start: Final = re.compile(r"\bRF\d{2}", re.ASCII | re.IGNORECASE)
_word: Final = re.compile(r"[A-Z0-9]+", re.ASCII | re.IGNORECASE)
_LONGEST: Final = 25  # characters of a reference of ISO 11649
_spaces: Final = re.compile(r"[\s./-]+")
_QRR: Final = 27  # digits


def compact(reference: str) -> str:
    """Return ``reference`` in the form in which equal references are equal.

    >>> compact("rf18 5390-0754 7034"), compact("00 0123"), compact("R-7")
    ('RF18539007547034', '123', 'R7')
    """
    return _spaces.sub("", reference).upper().lstrip("0")


def is_damaged(reference: str) -> bool:
    """Return whether ``reference`` has check digits, and these are wrong.

    >>> is_damaged("RF18539007547034"), is_damaged("RF19539007547034"), is_damaged("R-7")
    (False, True, False)
    """
    plain = _spaces.sub("", reference).upper()
    if _RF.fullmatch(plain):
        return not iso11649.is_valid(plain)
    return len(plain) == _QRR and plain.isdecimal() and not esr.is_valid(plain)


def forms(reference: str) -> Iterator[str]:
    """Yield the texts that may name an invoice by ``reference``: the reference, and the number in it.

    >>> list(forms("RF18539007547034")), list(forms("4711"))
    (['RF18539007547034', '539007547034'], ['4711'])
    """
    plain = compact(reference)
    yield plain
    if _RF.fullmatch(plain):
        yield plain[4:].lstrip("0")
    elif len(_spaces.sub("", reference)) == _QRR and plain.isdecimal():
        yield plain[:-1]


def find_references(text: str) -> Iterator[str]:
    """Yield each valid reference of ISO 11649 in free text. Its check digits tell where it ends.

    >>> list(find_references("Miete rf18 5390 0754 7034 danke, RF00123"))
    ['RF18539007547034']
    """
    for match in _start.finditer(text):
        found = ""
        for word in _word.finditer(text, match.start()):
            found += word[0].upper()
            if len(found) > _LONGEST:
                break
            if iso11649.is_valid(found):
                yield found
