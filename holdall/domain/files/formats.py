"""Recognizes the format of a file by its first bytes, and names a format that holds no invoice."""

import re
from typing import Final, Literal

from holdall.errors import Invalid

HEAD: Final = 1024
"""The number of first bytes by which a format is recognized."""

Format = Literal["xml", "json", "pdf"]

_BINARY: Final = {
    b"PK\x03\x04": "a ZIP archive, as .docx and .xlsx are too; unpack it, and import the invoices in it",
    b"PK\x05\x06": "an empty ZIP archive; get a complete copy of it",
    b"\x1f\x8b": "compressed by gzip; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it, and import the invoices in it",
    b"Rar!": "a RAR archive; unpack it, and import the invoices in it",
    b"\xd0\xcf\x11\xe0": "an old Office document or an Outlook message; export the invoice as UBL or CII",
    b"\x89PNG": "a picture; ask for the invoice as UBL, CII, Factur-X or ZUGFeRD",
    b"\xff\xd8\xff": "a picture; ask for the invoice as UBL, CII, Factur-X or ZUGFeRD",
}
_html = re.compile(rb"<(?:!doctype\s+html|html[\s>])", re.IGNORECASE).match
_encoding = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)""").match
_UNREADABLE: Final = frozenset(
    [
        "gb18030",
        "gbk",
        "gb2312",
        "big5",
        "big5-hkscs",
        "shift_jis",
        "euc-jp",
        "iso-2022-jp",
        "euc-kr",
        "utf-32",
    ]
)
_MARK: Final = b"\xef\xbb\xbf"


class NoInvoice(Invalid):
    """The file is of a format that can hold an invoice, but it holds something else."""


def format_of(head: bytes) -> Format:
    """Return the format of the file that begins with ``head``. Text of another kind is taken for XML.

    Raises Invalid, which names the format and the remedy, if it is a format without invoices.

    >>> format_of(b"%PDF-1.7"), format_of(b' [{"number": "7"}]'), format_of(b"<Invoice/>")
    ('pdf', 'json', 'xml')
    """
    for mark, name in _BINARY.items():
        if head.startswith(mark):
            raise Invalid(f"it is {name}")
    if b"%PDF-" in head:
        return "pdf"
    text = head.removeprefix(_MARK).lstrip()
    if text.startswith((b"{", b"[")):
        return "json"
    if _html(text):
        raise Invalid("it is a page in HTML; save the invoice itself, as XML, PDF or JSON")
    if (named := _encoding(text)) and (encoding := named[1].decode().lower()) in _UNREADABLE:
        raise Invalid(
            f"it is XML in the encoding {named[1].decode()}, which the XML parser does not read; "
            f"convert it with `iconv -f {encoding} -t UTF-8`, and write UTF-8 in its first line"
        )
    return "xml"
