"""Recognizes the format of a bank statement by its first bytes, and names a format that is not read."""

import re
from typing import Final, Literal

from holdall.errors import Invalid

HEAD: Final = 1024
"""The number of first bytes by which a format is recognized."""

Format = Literal["camt", "csv"]

_REMEDY: Final = "ask your bank for CAMT.053, or export CSV"
_BINARY: Final = {
    b"PK\x03\x04": "a ZIP archive, as .xlsx is too; import the statements in it, or save the sheet as CSV",
    b"\x1f\x8b": "compressed by gzip; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it, and import the statements in it",
    b"\xd0\xcf\x11\xe0": "an old Office document; save the sheet as CSV",
    b"%PDF-": f"a PDF; {_REMEDY}",
    b"\x89PNG": f"a picture; {_REMEDY}",
    b"\xff\xd8\xff": f"a picture; {_REMEDY}",
}
_TEXTS: Final = (
    (re.compile(rb"(?:\{1:F|:20:|:940:|:942:)"), f"MT940, the older format of SWIFT; {_REMEDY}"),
    (re.compile(rb"(?:OFXHEADER|<\?OFX|<OFX>)", re.IGNORECASE), f"OFX; {_REMEDY}"),
    (re.compile(rb"!(?:Type|Account|Option):", re.IGNORECASE), f"QIF; {_REMEDY}"),
    (re.compile(rb"<(?:!doctype\s+html|html[\s>])", re.IGNORECASE), f"a page in HTML; {_REMEDY}"),
    (re.compile(rb"[\[{]"), f"JSON; {_REMEDY}"),
)
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_mt940 = re.compile(rb"^:(?:20|25|28C?|60[FM]):", re.MULTILINE).search


def format_of(head: bytes) -> Format:
    """Return the format of the file that begins with ``head``. Text of an unknown kind is taken for CSV.

    Raises Invalid, which names the format and the remedy, if it is a format that is not read here.

    >>> format_of(b'<?xml version="1.0"?><Document/>'), format_of(b"date;amount")
    ('camt', 'csv')
    """
    for mark, name in _BINARY.items():
        if head.startswith(mark):
            raise Invalid(f"it is {name}")
    text = head
    for mark in _MARKS:
        text = text.removeprefix(mark)
    text = text.replace(b"\0", b"").lstrip()  # UTF-16
    if not text:
        raise Invalid("it is empty; get a complete copy of it")
    for pattern, name in _TEXTS:
        if pattern.match(text):
            raise Invalid(f"it is {name}")
    if _mt940(text):
        raise Invalid(f"it is {_TEXTS[0][1]}")
    return "camt" if text.startswith(b"<") else "csv"
