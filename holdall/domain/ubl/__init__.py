"""Reads UBL 2.1 invoices and credit notes (ISO/IEC 19845), as EN 16931 and Peppol BIS 3 use them.

    the document                                        the book
    BT-1 number, BT-2 issued, BT-5 currency, BT-9 due   the same
    BT-25 preceding invoices                            references
    BG-4 seller, BG-7 customer                          Party: see `parties.party` for its id
    BG-25 lines, BT-133 accounting code                 lines; without a code, that of the document
    sub-lines that add up to their line                 its splits
    BT-19 accounting code of the document               the code of lines that name none, else ``uncoded``
    BG-20 allowances, BG-21 charges                     lines of their kind, allowances negative
    BT-110 tax, BT-114 rounding                         lines of their kind, codes ``VAT``, ``rounding``
    withheld tax, VAT of category B                     lines of the kind withholding, negative
    BT-113 prepaid                                      a receipt on the day of issue, in proportion
    BT-113 of an invoice with BT-25                     a prepayment, because it was paid on that invoice
    BT-115 payable + BT-113 prepaid                     total, to which the lines must sum (see `readings`)
    no BG-7 customer (simplified invoice)               the customer ``walk-in``

The amounts and quantities of a credit note change their sign, because an amount in the book is positive if
the customer owes it (see `kinds`). All other parts of a document are ignored, and attachments are not held in
memory.
Elements are found by their namespaces, whatever their prefixes.
"""

from holdall.domain.ubl.reader import MAX_BYTES, read

__all__ = ["MAX_BYTES", "read"]
