"""Files the invoices of books again, by a mapping that has changed."""

from collections.abc import Iterator

from msgspec.structs import replace

from holdall.domain.books import Books
from holdall.domain.closing import read_closing
from holdall.domain.codes import Codes
from holdall.domain.model import ROUNDING, TAX, UNCODED, Invoice, LineItem
from holdall.history import note

_FOUND = frozenset({UNCODED, TAX, ROUNDING})


def recode(
    books: Books, codes: Codes, reason: str, *, dry_run: bool = False
) -> Iterator[tuple[Invoice, Invoice]]:
    """File every invoice without payments by ``codes``, and yield each changed one, before and after.

    Lines whose codes somebody gave stay as they are. A payment that another writer records in the meantime keeps
    an invoice as it is, and so does a closed period. A store with history keeps ``reason`` as the message of each
    revision. With ``dry_run``, nothing is written.

    >>> list(recode(Books({}), Codes(()), "no change"))
    []
    """
    closed = read_closing(books.store).until
    for invoice in list(books):
        if closed and invoice.issued <= closed:
            continue
        filed = _filed(invoice, codes)
        if filed == invoice:
            continue
        if not dry_run:
            with note(message=reason):
                filed = books.change(invoice, lambda kept: _filed(kept, codes))
        if filed != invoice:
            yield invoice, filed


def _filed(invoice: Invoice, codes: Codes) -> Invoice:
    if invoice.payments:
        return invoice
    lines = tuple(map(_as_found, invoice.lines))
    filed = codes.file(replace(invoice, lines=lines))
    same = [one.splits == other.splits for one, other in zip(filed.lines, invoice.lines, strict=True)]
    return invoice if all(same) else filed


def _as_found(line: LineItem) -> LineItem:
    """Return ``line`` as one that a mapping may file if it has only the codes that the reader gives.

    Books of earlier releases do not say which codes were found.
    """
    return replace(line, filed=True) if all(each.code in _FOUND for each in line.splits) else line
