"""The store keys of invoices, which are made of the seller's id and the invoice number.

    key     = "invoices/" seller "/" number [ "/" series ]
    seller  = 1*char          the seller's id
    number  = 1*char          the invoice number, unique within the seller and the series
    series  = year "-" kind   the year of issue, and invoice or credit-note
    char    = any character that a key may hold, or "%" and two hex digits for each byte of another

A seller may number documents in several series (Directive 2006/112/EC, article 226), such as one for credit
notes, or one that begins again each year. The first document with a number has the key without a series. A
document of another series with the same number has the key with its series.

These characters are percent-encoded: "%", "/", the backslash, control characters, and the dots of an id or a
number that is ".", ".." or ".holdall". So different invoices have different keys, and plain ids and numbers
appear in the key as they are.
"""

import re
from urllib.parse import quote, unquote

from holdall.domain.model import Invoice
from holdall.keys import RESERVED

PREFIX = "invoices/"

_special = re.compile(r"[%/\\\x00-\x1f\x7f-\x9f]")


def invoice_key(seller: str, number: str, series: str = "") -> str:
    """Return the key of the invoice ``number`` of the seller with that id. The store checks its length.

    >>> invoice_key("0088:123", "2026/7"), invoice_key("S", "7", "2026-credit-note")
    ('invoices/0088:123/2026%2F7', 'invoices/S/7/2026-credit-note')
    """
    return f"{seller_prefix(seller)}{_segment(number)}{f'/{series}' if series else ''}"


def series_of(invoice: Invoice) -> str:
    """Return the series of ``invoice``, such as 2026-credit-note. Its number is unique in this series."""
    return f"{invoice.issued.year}-{invoice.kind}"


def seller_prefix(seller: str) -> str:
    """Return the prefix of the keys of one seller's invoices. No other keys begin with it.

    >>> seller_prefix("..")
    'invoices/%2E%2E/'
    """
    return f"{PREFIX}{_segment(seller)}/"


def seller_of(key: str) -> str:
    """Return the id of the seller whose invoice has that key.

    >>> seller_of("invoices/a%2Fb/7")
    'a/b'
    """
    return unquote(key.removeprefix(PREFIX).split("/")[0])


def prefix_of(key: str) -> str:
    """Return the part of ``key`` before the number, unchanged.

    Another program may have percent-encoded the seller's id in another way than `seller_prefix`.

    >>> prefix_of("invoices/a%2fb/7")
    'invoices/a%2fb/'
    """
    return f"{PREFIX}{key.removeprefix(PREFIX).split('/')[0]}/"


def _segment(text: str) -> str:
    if text in (".", "..", RESERVED):
        return text.replace(".", "%2E")
    return _special.sub(lambda match: quote(match[0], safe=""), text)
