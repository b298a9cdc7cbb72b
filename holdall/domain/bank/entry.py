"""An entry of a bank statement: money that arrived on an account, or left it, under the id that the bank gave."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Final

from holdall.extras import needs

with needs("domain"):
    from msgspec import Struct

_LONGEST: Final = 140  # characters of the id of a payment, to which booking adds a few
_DIGEST: Final = 16


class Entry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One booked entry, or one payment of an entry that collects several.

    ``account`` is the IBAN of the account, or another name of it. ``id`` is the bank's id of the entry, which is
    unique within the account. ``amount`` is positive if the money arrived, and negative if it left. ``name`` is the
    payer or the payee. ``references`` are the structured references, and ``text`` is all free text. ``charges`` is
    the amount that the bank kept. ``ordered`` is the amount that the payer ordered in another currency, as text.
    ``reversal`` is True if the entry takes back an earlier one. ``batch`` is the id of the whole entry if this is one
    of its payments. ``place`` is the place of the entry in its file.

    >>> Entry("DE02120300000000202051", "2026-77", date(2026, 9, 1), Decimal("119.00"), "EUR").payment_id
    'DE02120300000000202051/2026-77'
    """

    account: str
    id: str
    on: date
    amount: Decimal
    currency: str
    name: str = ""
    references: tuple[str, ...] = ()
    text: str = ""
    value: date | None = None
    charges: Decimal = Decimal(0)
    ordered: str = ""
    reversal: bool = False
    batch: str = ""
    place: str = ""

    @property
    def payment_id(self) -> str:
        """The id under which books record the payment."""
        return _payment_id(self.account, self.id)

    @property
    def batch_id(self) -> str:
        """The id under which books would record the whole entry if this is one of its payments, or an empty text."""
        return _payment_id(self.account, self.batch) if self.batch else ""


def _payment_id(account: str, id: str) -> str:
    found = f"{account}/{id}"
    return found if len(found) <= _LONGEST else f"{found[: _LONGEST - _DIGEST - 1]}-{digest(found)}"


class Statement(Struct, frozen=True):
    """The booked entries of one account in one file.

    ``pending`` counts the entries that the bank has not booked yet. ``refused`` has a place and a reason for each
    entry that cannot be read.
    """

    name: str
    account: str
    entries: tuple[Entry, ...]
    pending: int = 0
    refused: tuple[tuple[str, str], ...] = ()


def digest(*parts: object) -> str:
    """Return sixteen hex digits that depend on all of ``parts``.

    >>> digest("a", 1) == digest("a", 1), digest("a", 1) == digest("a1")
    (True, False)
    """
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]


def ids_of(contents: Iterable[tuple[object, ...]]) -> list[str]:
    """Return an id for each of ``contents``: its digest, and from the second equal one on its number.

    A statement has all entries of a day, and equal entries are interchangeable. So an entry has the same id in each
    statement that contains it.

    >>> first, second, third = ids_of([("a",), ("a",), ("b",)])
    >>> second == f"{first}-2", third == digest("b")
    (True, True)
    """
    seen: dict[tuple[object, ...], int] = {}
    ids = []
    for content in contents:
        seen[content] = count = seen.get(content, 0) + 1
        ids.append(digest(*content) if count == 1 else f"{digest(*content)}-{count}")
    return ids
