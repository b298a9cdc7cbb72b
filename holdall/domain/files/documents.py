"""Splits a file into its documents, each with a name and a function that makes its invoice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

from holdall.domain.create import documents_in, from_document
from holdall.domain.files.formats import HEAD, NoInvoice, format_of
from holdall.domain.files.pdf import embedded_invoice
from holdall.domain.model import Invoice
from holdall.domain.settings import NONE, Settings
from holdall.domain.stored_settings import StoredSettings, settings_from
from holdall.domain.ubl import MAX_BYTES, read
from holdall.errors import Invalid

JSON_BYTES: Final = 100 * 2**20
"""The largest JSON file."""


_NEEDED: Final = frozenset({"number", "customer", "lines"})


class Source(NamedTuple):
    """A document in a file: its name, and a function that makes its invoice or raises Invalid.

    An export of books also has their settings.
    """

    name: str
    make: Callable[[], Invoice | StoredSettings]


@dataclass(frozen=True)
class Reading:
    """How documents are read: the settings, the tolerance of `holdall.domain.ubl.read`, and the day of today."""

    settings: Settings = NONE
    tolerance: Decimal = Decimal(0)
    today: date | None = None


def documents_in_file(path: Path, how: Reading = Reading()) -> Iterator[Source]:
    """Yield the documents in the file at ``path``. A UBL or CII file is not read before its invoice is made.

    Raises Invalid, which names the file, if its format is not known, or if it is not valid JSON. Raises
    OSError if it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        data = head + file.read(JSON_BYTES + 1 - len(head)) if _format(head, str(path)) == "json" else b""
    match _format(head, str(path)):
        case "json":
            yield from documents_of(data, str(path), how)
        case "pdf":
            yield Source(str(path), partial(_of_pdf, path, how))
        case "xml":
            yield Source(str(path), partial(_filed, path, how))


def documents_of(data: bytes, name: str, how: Reading = Reading()) -> Iterator[Source]:
    """Yield the documents in ``data``, which is JSON. Raises Invalid, which begins with ``name``, if it is not."""
    try:
        if len(data) > JSON_BYTES:
            raise Invalid(f"it has more than {JSON_BYTES:,} bytes; split it")
        documents = list(documents_in(data))
    except Invalid as problem:
        raise Invalid(f"{name}: {problem}") from problem
    for position, document in enumerate(documents, 1):
        place = f"{name}: document {position}" if len(documents) > 1 else name
        yield Source(place, partial(_of_json, document, place, how))


def _of_json(document: object, name: str, how: Reading) -> Invoice | StoredSettings:
    if isinstance(document, dict) and document.keys() == {"settings"}:
        return settings_from(document["settings"])
    if isinstance(document, dict) and document and not _NEEDED & document.keys():
        raise NoInvoice(f"{name}: it is JSON, but not an invoice: it has no number, no customer and no lines")
    return from_document(document, how.settings, how.today)


def _format(head: bytes, name: str) -> str:
    try:
        return format_of(head)
    except Invalid as problem:
        raise Invalid(f"{name}: {problem}") from None


def _of_pdf(path: Path, how: Reading) -> Invoice:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Invalid(f"it has more than {MAX_BYTES:,} bytes; ask for the invoice as XML")
        with path.open("rb") as file:
            data = embedded_invoice(file)
    except Invalid as problem:
        raise type(problem)(f"{path}: {problem}") from problem
    inside = BytesIO(data)
    inside.name = f"{path}: embedded invoice"
    return _filed(inside, how)


def _filed(source: Path | BytesIO, how: Reading) -> Invoice:
    found = read(source, tolerance=how.tolerance)
    return how.settings.codes.file(found) if how.settings.codes else found
