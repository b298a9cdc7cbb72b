"""Reads the invoices in a file: UBL or CII in XML, a PDF with an embedded invoice, or small documents in JSON.

    <?xml …, <Invoice …        UBL 2 or CII, see `holdall.domain.ubl`
    { or [                     one document, a list, or one a line, see `holdall.domain.create`
    %PDF-                      Factur-X or ZUGFeRD: the embedded CII; needs the extra ``pdf``

Every other format is refused by its name, with the remedy.
"""

from holdall.domain.files.documents import JSON_BYTES, Reading, Source, documents_in_file, documents_of
from holdall.domain.files.formats import NoInvoice

__all__ = ["JSON_BYTES", "NoInvoice", "Reading", "Source", "documents_in_file", "documents_of"]
