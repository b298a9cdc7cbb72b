"""Finds the documents that an amount settles, the part of each, and the parties."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from holdall.domain.allocation import oldest_due_first
from holdall.domain.keys import payment_key, payments_prefix
from holdall.domain.model import Invoice, Party
from holdall.domain.money import is_possible, places, sum_amounts, text
from holdall.domain.settlement import settlement_of
from holdall.domain.settlements import Settlements
from holdall.errors import Invalid
from holdall.redact import brief

Number: TypeAlias = str | tuple[str, str]
"""The number of an invoice or a credit note, or its number and its series."""

Targets: TypeAlias = Mapping[Number, Decimal] | Sequence[Number]
"""The documents that an amount settles, with the amount of each, or without amounts."""


class Share(NamedTuple):
    """The amount of a settlement that one document takes."""

    key: str
    document: Invoice
    amount: Decimal


class Allotment(Settlements):
    """Finds in the books what the methods of `Payments` name.

    >>> list(Allotment({}).payment_documents())
    []
    """

    def payment(self, id: str, seller: str | None = None) -> Invoice:
        """Return the payment document with that id. Raises KeyError if it is missing, and Invalid as `find` does.

        A settlement that another writer left unfinished is finished before, if the store allows writes.
        """
        self.finish()
        return self._read(self._payment_key(id, seller))

    def payment_documents(self, seller: str | None = None) -> Iterator[Invoice]:
        """Yield every payment document, also those without cash, by seller and id, in the order of the keys."""
        for each in [*self.sellers()] if seller is None else (seller,):
            yield from (document for _, document in self._scan(payments_prefix(each)))

    def _payment_key(self, id: str, seller: str | None) -> str:
        keys = {each: payment_key(each, id) for each in (self.sellers() if seller is None else (seller,))}
        found = {each: key for each, key in keys.items() if key in self.store}
        if not found:
            raise KeyError(f"no payment {brief(id)}" + (f" of seller {brief(seller)}" if seller else ""))
        if len(found) > 1:
            names = ", ".join(map(repr, sorted(found)))
            raise Invalid(f"payment {id!r} is used by the sellers {names}; name the seller")
        return next(iter(found.values()))

    def _documents(self, to: Targets, seller: str | None) -> Iterator[tuple[str, Invoice]]:
        """Yield the keys and documents of ``to``, in its order. Raises Invalid if one is named twice."""
        seen = set()
        for each in to:
            number, series = (each, None) if isinstance(each, str) else each
            key = self._key(number, seller, series)
            if key in seen:
                raise Invalid(f"number {number!r} is named twice; name it once")
            seen.add(key)
            yield key, self._read(key)

    def _shares(self, to: Targets, seller: str, currency: str, limit: Decimal) -> list[Share]:
        """Return the documents of ``to`` that take a part of an amount of at most ``limit``, and the part of each.

        The parts that take money from a document come first.
        """
        found = list(self._documents(to, seller))
        if isinstance(to, Mapping):
            shares = [Share(*each, amount) for each, amount in zip(found, to.values(), strict=True)]
            _require_owed(shares, currency)
            _require_within(sum_amounts(to.values()), limit, currency)
        else:
            owed = sum_amounts(_owed(document) for _, document in found)
            within = max(min(limit, owed), Decimal(0))
            parts = oldest_due_first(within, currency, [document for _, document in found])
            keys = {id(document): key for key, document in found}
            shares = [Share(keys[id(document)], document, amount) for document, amount in parts]
        return sorted(shares, key=lambda share: share.amount > 0)

    def _amounts(self, to: Targets, seller: str, known: Invoice) -> dict[str, Decimal]:
        """Return the amounts that ``to`` names, by key. Without amounts, these are the recorded ones of ``known``."""
        keys = [key for key, _ in self._documents(to, seller)]
        if isinstance(to, Mapping):
            return dict(zip(keys, to.values(), strict=True))
        parts = settlement_of(known).parts
        return {part.document: part.entry.amount for part in parts if part.document in keys}

    def _parties(
        self, to: Targets, seller: str | None, customer: Party | str | None, currency: str | None
    ) -> tuple[Party, Party, str]:
        """Return the seller, the customer and the currency of a payment that pays the documents ``to``.

        Raises Invalid if one of them is not clear.
        """
        named = documents = [document for _, document in self._documents(to, seller)]
        if isinstance(customer, str):
            payer = self._find_customer(customer, named, seller)
            documents = named or payer
            customer = payer[0].customer
        owner = self._seller(documents, seller)
        priced = named if currency else documents
        return owner, customer or _only_customer(documents), _only_currency(priced, currency)

    def _find_customer(self, id: str, documents: list[Invoice], seller: str | None) -> list[Invoice]:
        """Return the documents of the customer with that id, among ``documents`` or else in the books."""
        among = [each for each in documents if each.customer.id == id]
        owner = documents[0].seller.id if documents else seller or ""
        found = among or [each for each in self.of(owner) if each.customer.id == id]
        if not found:
            raise Invalid(
                f"customer {id!r} has no document{f' of seller {owner!r}' if owner else ''}; "
                "name another, or give its Party"
            )
        return found

    def _seller(self, documents: Sequence[Invoice], seller: str | None) -> Party:
        ids = {each.seller.id for each in documents} or {*(self.sellers() if seller is None else (seller,))}
        if len(ids) != 1:
            names = ", ".join(map(repr, sorted(ids))) or "none"
            raise Invalid(f"the payment may be of several sellers, which are {names}; name the seller")
        (id,) = ids
        found = documents[0] if documents else next(self.of(id), None)
        return found.seller if found else Party(id, id)


def _only_customer(documents: Sequence[Invoice]) -> Party:
    found = {each.customer.id: each.customer for each in documents}
    if len(found) != 1:
        names = ", ".join(map(repr, sorted(found))) or "none"
        raise Invalid(f"the customers of the documents are {names}; name the customer who paid")
    return next(iter(found.values()))


def _only_currency(documents: Sequence[Invoice], currency: str | None) -> str:
    found = {each.currency for each in documents} | (set() if currency is None else {currency})
    if len(found) != 1:
        names = ", ".join(sorted(found)) or "none"
        raise Invalid(f"the currencies of the payment are {names}; pay each currency by itself, and name it")
    (name,) = found
    places(name)
    return name


def _owed(document: Invoice) -> Decimal:
    return sum_amounts(document.owed().values())


def _require_owed(shares: Sequence[Share], currency: str) -> None:
    """Raise Invalid if a share is 0 or is beyond the amount owed on its document."""
    for _, document, amount in shares:
        if not is_possible(amount):
            raise Invalid(
                f"{amount} for {document.kind} {document.number!r} is not an amount; write it as 1234.50"
            )
        owed = _owed(document)
        name = f"the part {text(amount, currency)} of {document.kind} {document.number!r}"
        if not amount:
            raise Invalid(f"{name} is zero; leave the document out")
        if not min(owed, Decimal(0)) <= amount <= max(owed, Decimal(0)):
            raise Invalid(
                f"{name} is beyond the {text(owed, currency)} {document.currency} that is owed on it; "
                "name no more than that"
            )


def _require_within(sum: Decimal, limit: Decimal, currency: str) -> None:
    if sum > limit:
        raise Invalid(
            f"the parts add up to {text(sum, currency)}, but the amount is {text(limit, currency)} {currency}; "
            "correct one of them"
        )
