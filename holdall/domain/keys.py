"""The store keys of invoices: which seller's, which number.

    key     = "invoices/" seller "/" number
    seller  = 1*char          the seller's id
    number  = 1*char          the invoice number, unique within the seller
    char    = any character that a key may hold, or "%" and two hex digits for each byte of another

Percent-encoded are "%", "/", the backslash and control characters, and the dots of an id that is ".",
".." or ".holdall". Different invoices so have different keys, and plain ones read as they are written.
"""

import re
from urllib.parse import quote, unquote

from holdall.keys import RESERVED

PREFIX = "invoices/"

_special = re.compile(r"[%/\\\x00-\x1f\x7f-\x9f]")


def invoice_key(seller: str, number: str) -> str:
    """The key of invoice ``number`` of the seller with that id. Length is left to the store to check.

    >>> invoice_key("0088:123", "2026/7")
    'invoices/0088:123/2026%2F7'
    """
    return f"{seller_prefix(seller)}{_segment(number)}"


def seller_prefix(seller: str) -> str:
    """What the keys of one seller's invoices, and no others, begin with.

    >>> seller_prefix("..")
    'invoices/%2E%2E/'
    """
    return f"{PREFIX}{_segment(seller)}/"


def seller_of(key: str) -> str:
    """The id of the seller whose invoice has that key.

    >>> seller_of("invoices/a%2Fb/7")
    'a/b'
    """
    return unquote(key.removeprefix(PREFIX).split("/")[0])


def prefix_of(key: str) -> str:
    """What ``key`` begins with up to its number, as it is written; another program may encode otherwise.

    >>> prefix_of("invoices/a%2fb/7")
    'invoices/a%2fb/'
    """
    return f"{PREFIX}{key.removeprefix(PREFIX).split('/')[0]}/"


def _segment(text: str) -> str:
    if text in (".", "..", RESERVED):
        return text.replace(".", "%2E")
    return _special.sub(lambda match: quote(match[0], safe=""), text)
