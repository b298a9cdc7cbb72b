"""Finds the invoice that is embedded in a PDF, as Factur-X, ZUGFeRD and XRechnung have it."""

import logging
from typing import BinaryIO, Final

from holdall.domain.files.formats import NoInvoice
from holdall.errors import Invalid, MissingExtra
from holdall.extras import needs

MAX_BYTES: Final = 50 * 2**20
"""The largest embedded invoice, after it is decompressed. pypdf itself stops at 75 MB for each stream."""

_NAMES: Final = frozenset({"factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "cii.xml", "ubl.xml"})
_logger = logging.getLogger("pypdf")


def embedded_invoice(file: BinaryIO) -> bytes:
    """Return the XML of the invoice that is embedded in the PDF ``file``.

    Raises NoInvoice if it has none, and Invalid if the PDF is damaged, encrypted or too large. Raises
    MissingExtra if pypdf is not installed.
    """
    try:
        with needs("pdf"):
            from pypdf import PdfReader
    except MissingExtra as error:
        raise Invalid(f"it is a PDF; {error}") from error
    _logger.addHandler(logging.NullHandler())  # a warning about a damaged PDF is no output of a command
    try:
        reader = PdfReader(file)
        if reader.is_encrypted:
            raise Invalid("it is an encrypted PDF; remove its password")
        found = {each.name.lower(): each for each in reader.attachment_list}
        names = [name for name in found if name in _NAMES]
        data = found[names[0]].content if names else None
    except Invalid:
        raise
    except Exception as error:  # a damaged PDF can make pypdf raise anything
        raise Invalid(
            f"it is a PDF that cannot be read ({str(error)[:80]}); get a complete copy of it"
        ) from error
    if data is None:
        raise NoInvoice(
            "it is a PDF without an embedded invoice; ask for it as Factur-X, ZUGFeRD, UBL or CII"
        )
    if len(data) > MAX_BYTES:
        raise Invalid(f"the invoice in the PDF has more than {MAX_BYTES:,} bytes; ask for it as XML")
    return data
