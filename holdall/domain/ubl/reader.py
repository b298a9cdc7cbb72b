"""Reads a UBL document from bytes, a path or an open file, and names the source in every error."""

import os
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from holdall.domain.model import Invoice
from holdall.domain.ubl.document import invoice
from holdall.domain.ubl.tree import parse
from holdall.errors import Invalid

MAX_BYTES = 100 * 2**20
"""The largest file that is read unless the caller says otherwise: 100 MiB, attachments included."""


def read(
    source: bytes | str | os.PathLike[str] | BinaryIO,
    *,
    limit: int = MAX_BYTES,
    tolerance: Decimal = Decimal(0),
) -> Invoice:
    """Return the invoice or credit note in ``source``.

    ``source`` is the document as bytes, its path, or an open binary file. The file is read once, to its end.
    An open file stays open. Amounts have all decimals of the currency, and the lines sum to the total. If the
    document has amounts of more decimals than the currency, they are rounded, and the difference to the total
    is a line of the kind ``rounding``. So is a difference of at most ``tolerance`` between lines and total.

    Raises Invalid if the source is not a UBL document, is not safe to read, has more than ``limit`` bytes,
    lacks a required element, or does not add up. The message is one line with the source, the place and the
    remedy. Raises OSError if the path cannot be read.

    >>> read(b"<Invoice/>")
    Traceback (most recent call last):
    ...
    holdall.errors.Invalid: <bytes>: it is no UBL 2 Invoice or CreditNote but 'Invoice': ...
    """
    if isinstance(source, bytes):
        return _read(BytesIO(source), "<bytes>", limit, tolerance)
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as file:
            return _read(file, os.fspath(source), limit, tolerance)
    return _read(source, str(getattr(source, "name", "<file>")), limit, tolerance)


def _read(file: BinaryIO, name: str, limit: int, tolerance: Decimal) -> Invoice:
    try:
        return invoice(parse(file, limit), tolerance)
    except Invalid as problem:
        raise Invalid(f"{name}: {problem}", errors=problem.errors) from problem.__cause__
