"""Decides whether a change of a document is allowed, because nothing that it changes is dated in the closed period."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from msgspec.structs import replace

from holdall.domain.closing.record import KEY, OPEN, checked
from holdall.domain.model import Invoice, Payment
from holdall.errors import Invalid
from holdall.store import ABSENT, Expect, Feature, Store, Tag


class Period(NamedTuple):
    """The books are closed until the day ``until``, included, or not at all. ``tag`` is the tag of the record.

    >>> Period(date(2026, 9, 30)).require_day(date(2026, 10, 1), "payment 'b-1'")
    >>> Period(date(2026, 9, 30)).require_day(date(2026, 9, 30), "payment 'b-1'")
    Traceback (most recent call last):
      ...
    holdall.errors.Invalid: payment 'b-1' is dated 2026-09-30, but the books are closed until 2026-09-30; ...
    """

    until: date | None
    tag: Tag = ABSENT

    @classmethod
    def of(cls, store: Mapping[str, Any]) -> "Period":
        """Return the closed period of the books in ``store``."""
        if not isinstance(store, Store) or Feature.TAGS not in store.features:
            return cls(checked(store.get(KEY, OPEN)).until)
        try:
            found, tag = store.get_tagged(KEY)
        except KeyError:
            return cls(None)
        return cls(checked(found).until, tag)

    @property
    def expect(self) -> Expect:
        """The condition of a transaction that nobody closed or reopened the books in the meantime."""
        return Expect(KEY, self.tag)

    def require_day(self, day: date, name: str) -> None:
        """Raise Invalid if ``day`` is in the closed period. ``name`` is the name of the thing of that day."""
        if self.until is not None and day <= self.until:
            raise Invalid(
                f"{name} is dated {day}, but the books are closed until {self.until}; give a later day, or reopen "
                "them with `holdall books reopen`"
            )

    def require_open(self, before: Invoice | None, after: Invoice | None) -> None:
        """Raise Invalid if the change from ``before`` to ``after`` is one of a thing that is dated in the period.

        A document that is added has no ``before``, and one that is removed has no ``after``.
        """
        if self.until is not None:
            for name, day in changed_days(before, after):
                self.require_day(day, name)


def changed_days(before: Invoice | None, after: Invoice | None) -> Iterator[tuple[str, date]]:
    """Yield the name and the day of each thing that differs: the document itself, and each entry of an amount."""
    documents = [each for each in (before, after) if each is not None]
    heads = [replace(each, payments=()) for each in documents]
    if len(heads) == 1 or heads[:1] != heads[1:]:
        yield from ((f"{each.kind} {each.number!r}", each.issued) for each in documents)
    old, new = (each.payments if each is not None else () for each in (before, after))
    for each in {*old} ^ {*new}:
        if each.amount:
            yield _name(each, documents[0]), each.on


def _name(entry: Payment, invoice: Invoice) -> str:
    return f"{entry.name} {entry.id!r} on {invoice.kind} {invoice.number!r}"
