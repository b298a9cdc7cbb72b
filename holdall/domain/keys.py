"""The store keys of invoices, which are made of the seller's id and the invoice number.

    key     = "invoices/" seller "/" ( number [ "/" series ] | "payments/" id )
    open    = "payments-open/" seller "/" id    of a payment document whose settlement may be unfinished
    seller  = 1*char          the seller's id
    number  = 1*char          the invoice number, unique within the seller and the series
    series  = year "-" kind   the year of issue, and invoice or credit-note
    id      = 1*char          the id of a payment document
    char    = any character that a key may hold, or "%" and two hex digits for each byte of another

A seller may number documents in several series (Directive 2006/112/EC, article 226), such as one for credit
notes, or one that begins again each year. The first document with a number has the key without a series. A
document of another series with the same number has the key with its series.

These characters are percent-encoded: "%", "/", the backslash, control characters, the dots of an id or a number
that is ".", ".." or ".holdall", and the first letter of a number that is "payments". So different documents have
different keys, and plain ids and numbers appear in the key as they are.
"""

import re
from urllib.parse import quote, unquote

from holdall.domain.model import Invoice
from holdall.keys import RESERVED

PREFIX = "invoices/"
OPEN = "payments-open/"
_PAYMENTS = "payments"

_special = re.compile(r"[%/\\\x00-\x1f\x7f-\x9f]")


def invoice_key(seller: str, number: str, series: str = "") -> str:
    """Return the key of the invoice ``number`` of the seller with that id. The store checks its length.

    >>> invoice_key("0088:123", "2026/7"), invoice_key("S", "7", "2026-credit-note")
    ('invoices/0088:123/2026%2F7', 'invoices/S/7/2026-credit-note')
    """
    segment = f"%70{number[1:]}" if number == _PAYMENTS else _segment(number)
    return f"{seller_prefix(seller)}{segment}{f'/{series}' if series else ''}"


def payment_key(seller: str, id: str) -> str:
    """Return the key of the payment document ``id`` of the seller with that id.

    >>> payment_key("S", "bank-17"), payment_key("S", "a/b")
    ('invoices/S/payments/bank-17', 'invoices/S/payments/a%2Fb')
    """
    return f"{payments_prefix(seller)}{_segment(id)}"


def payments_prefix(seller: str) -> str:
    """Return the prefix of the keys of one seller's payment documents. No other keys begin with it.

    >>> payments_prefix("S"), invoice_key("S", "payments")
    ('invoices/S/payments/', 'invoices/S/%70ayments')
    """
    return f"{seller_prefix(seller)}{_PAYMENTS}/"


def open_key(key: str) -> str:
    """Return the key that marks the payment document at ``key`` as unfinished.

    >>> open_key("invoices/S/payments/bank-17"), settled_key("payments-open/S/bank-17")
    ('payments-open/S/bank-17', 'invoices/S/payments/bank-17')
    """
    seller, _, id = key.removeprefix(PREFIX).split("/")
    return f"{OPEN}{seller}/{id}"


def settled_key(key: str) -> str:
    """Return the key of the payment document that ``key`` marks as unfinished."""
    seller, id = key.removeprefix(OPEN).split("/")
    return f"{PREFIX}{seller}/{_PAYMENTS}/{id}"


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


def number_of(key: str) -> str:
    """Return the number of the document that has that key, or the id of a payment document.

    >>> number_of("invoices/S/a%2Fb/2026-invoice"), number_of("invoices/S/payments/bank-17")
    ('a/b', 'bank-17')
    """
    first, *rest = key.removeprefix(PREFIX).split("/")[1:]
    return unquote(rest[0] if first == _PAYMENTS and rest else first)


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
