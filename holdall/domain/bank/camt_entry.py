"""Reads one entry (Ntry) of a CAMT.053 statement, and the payments (TxDtls) that it collects."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from holdall.domain.bank.entry import Entry
from holdall.domain.bank.node import Money, Part
from holdall.domain.money import sum_amounts, text

_NO_REFERENCE: Final = frozenset({"", "NOTPROVIDED", "NONREF", "NOREF", "NONE", "UNKNOWN"})
_counter: Final = re.compile(r"\d{1,6}|[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII).fullmatch
"""Matches the position of an entry and an IBAN, which some banks write as NtryRef."""


@dataclass(frozen=True)
class Read:
    """An entry as it was read: the bank's reference, which may be empty, and the payments without their ids."""

    reference: str
    money: Money
    payments: tuple[tuple[str, Entry], ...]

    @property
    def content(self) -> tuple[object, ...]:
        """The content by which an entry without a reference is recognised."""
        parts = (
            (each.on, text(each.amount, each.currency), each.currency, each.name, each.references, each.text)
            for _, each in self.payments
        )
        return (*parts, self.payments[0][1].reversal)

    def entries(self, account: str, id: str) -> Iterator[Entry]:
        """Yield the payments, with ``id``, or for each of several payments with an id below ``id``."""
        from msgspec.structs import replace

        for suffix, each in self.payments:
            own = "/".join(filter(None, (id, suffix, "reversal" if each.reversal else "")))
            yield replace(each, account=account, id=own, batch=id if suffix else "")


def read_entry(node: Part) -> Read:
    """Return the entry ``node``. Raises Invalid, with the place, if an amount or a day in it is not valid."""
    money, details = node.signed(), list(node.every("NtryDtls/TxDtls"))
    on = node.day("BookgDt") or node.day("ValDt")
    if on is None:
        raise node.one("BookgDt").wrong("has no day", "write the day of booking as Dt")
    if amounts := _amounts(details, money):
        found = [_payment(node, [each], amount, on) for each, amount in zip(details, amounts, strict=True)]
        payments = tuple(zip(_suffixes(details), found, strict=True))
    else:
        payments = (("", _payment(node, details, money, on)),)
    return Read(_reference(node, details), money, payments)


def _amounts(details: list[Part], money: Money) -> list[Money]:
    """Return the amount of each payment, or an empty list if they are not several, or do not add up to ``money``."""
    if len(details) < 2:
        return []
    found = [_amount(each, money) for each in details]
    amounts = [each for each in found if each is not None]
    return (
        amounts
        if len(amounts) == len(found) and sum_amounts(each.amount for each in amounts) == money.amount
        else []
    )


def _amount(detail: Part, money: Money) -> Money | None:
    """Return the amount of one payment in the currency of its entry, or None if it states none."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        for each in detail.every(path):
            if each.text and each.element.get("Ccy") == money.currency and (amount := each.number()):
                own = detail.text_at("CdtDbtInd")
                negative = own == "DBIT" if own else money.amount < 0
                return Money(-amount if negative else amount, money.currency)
    return None


def _suffixes(details: list[Part]) -> list[str]:
    """Return the reference of each payment, or the positions if the references do not tell all payments apart."""
    own = [_first(each.text_at("Refs/AcctSvcrRef"), each.text_at("Refs/TxId")) for each in details]
    if all(own) and len(set(own)) == len(own):
        return own
    return [str(position) for position in range(1, len(details) + 1)]


def _reference(node: Part, details: list[Part]) -> str:
    """Return the reference that the bank gave to the entry, or an empty text."""
    single = (
        [details[0].text_at(f"Refs/{name}") for name in ("AcctSvcrRef", "TxId", "UETR")]
        if len(details) == 1
        else []
    )
    numbered = node.text_at("NtryRef")
    return _first(node.text_at("AcctSvcrRef"), *single, "" if _counter(numbered) else numbered)


def _first(*references: str) -> str:
    return next((each for each in references if each.upper() not in _NO_REFERENCE), "")


def _payment(node: Part, details: list[Part], money: Money, on: date) -> Entry:
    reversal = node.text_at("RvslInd") in ("true", "1")
    received = money.amount > 0 or reversal
    sources = details or [node]
    return Entry(
        account="",
        id="",
        on=on,
        amount=money.amount,
        currency=money.currency,
        name=_join(map(_name_of_payer if received else _name_of_payee, details)),
        references=tuple(
            dict.fromkeys(
                each.text for one in details for each in one.every("RmtInf/Strd/CdtrRefInf/Ref") if each.text
            )
        ),
        text=_join(_texts(node, details)),
        value=node.day("ValDt"),
        charges=sum_amounts(_charges(sources, money.currency)) or Decimal(0),
        ordered=next(
            (
                f"{text(*each)} {each.currency}"
                for each in _ordered(sources)
                if each.currency != money.currency
            ),
            "",
        ),
        reversal=reversal,
        place=node.path,
    )


def _name_of_payer(detail: Part) -> str:
    return detail.text_at(
        *(f"RltdPties/{role}/{name}" for role in ("Dbtr", "UltmtDbtr") for name in ("Pty/Nm", "Nm"))
    )


def _name_of_payee(detail: Part) -> str:
    return detail.text_at(
        *(f"RltdPties/{role}/{name}" for role in ("Cdtr", "UltmtCdtr") for name in ("Pty/Nm", "Nm"))
    )


def _texts(node: Part, details: list[Part]) -> Iterator[str]:
    for detail in details:
        for path in ("RmtInf/Ustrd", "RmtInf/Strd/RfrdDocInf/Nb", "RmtInf/Strd/AddtlRmtInf", "AddtlTxInf"):
            yield from (each.text for each in detail.every(path))
        yield _first(detail.text_at("Refs/EndToEndId"))
    yield node.text_at("AddtlNtryInf")


def _charges(sources: list[Part], currency: str) -> Iterator[Decimal]:
    """Yield the charges that were subtracted: Chrgs/Rcrd, or in old versions Chrgs itself."""
    for source in sources:
        for path in ("Chrgs/Rcrd", "Chrgs"):
            for each in source.every(path):
                amount = each.first("Amt")
                if amount and amount.element.get("Ccy") == currency and each.text_at("CdtDbtInd") != "CRDT":
                    yield amount.number()


def _ordered(sources: list[Part]) -> Iterator[Money]:
    for source in sources:
        for each in source.every("AmtDtls/InstdAmt/Amt"):
            if each.element.get("Ccy"):
                yield each.currency_and_amount()


def _join(texts: Iterable[str]) -> str:
    """Return the different ``texts`` that are not empty, joined by spaces."""
    return " ".join(dict.fromkeys(filter(None, texts)))
