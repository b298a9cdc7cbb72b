"""The fields of the form that records a payment, and the errors in them.

amount, on, reference    the payment
policy                   how to divide it among the codes: a name of `POLICIES`, or "by-code"
to-CODE                  the part of one accounting code, for "by-code"
overpaid                 whether the payment may be more than the amount owed
id, tag                  hidden: the id of the payment, and the tag of the invoice that the visitor saw
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from secrets import token_hex
from typing import Final, NamedTuple

from holdall.domain.allocation import Policy, in_proportion, oldest_first
from holdall.domain.doubts import doubts
from holdall.domain.fields import Text
from holdall.domain.model import Invoice, Payment
from holdall.domain.money import DIGITS, fits, places, sum_amounts, text
from holdall.domain.recording import To, record
from holdall.errors import Conflict, Invalid
from holdall.server.pages.dates import parse_day, today

POLICIES: Final[Mapping[str, Policy]] = {"in-proportion": in_proportion, "oldest-first": oldest_first}
BY_CODE: Final = "by-code"

_decimal = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,9})?", re.ASCII).fullmatch
_dashes = str.maketrans({"\N{MINUS SIGN}": "-", " ": None, "\N{NO-BREAK SPACE}": None})
_LONGEST: Final = Text.limit  # characters of a reference


class Share(NamedTuple):
    """The part of a payment for one accounting code, with the amounts ``owed`` before it and ``left`` after it."""

    code: str
    owed: Decimal
    paid: Decimal
    left: Decimal


class Draft(NamedTuple):
    """A payment as a form gives it. ``errors`` has a reason for each field that is not valid."""

    fields: dict[str, str]
    errors: dict[str, str]
    payment: Payment | None = None
    to: To = in_proportion
    recorded: Invoice | None = None
    """The invoice as it would be with the payment, or None if its id is that of another payment."""
    doubts: tuple[str, ...] = ()
    """The reasons to check the day. The payment can be recorded nevertheless."""

    @property
    def shares(self) -> list[Share]:
        """The share of each accounting code, in the invoice as it would be."""
        if self.recorded is None:
            return []
        made = {part.code: part.amount for part in self.recorded.payments[-1].allocations}
        parts = ((code, left, made.get(code, Decimal(0))) for code, left in self.recorded.owed().items())
        return [Share(code, sum_amounts((left, part)), part, left) for code, left, part in parts]


def first_draft(invoice: Invoice) -> Draft:
    """Return the draft of a payment of all that is owed, today."""
    owed = sum_amounts(invoice.owed().values())
    fields = {
        "payment": f"web-{token_hex(8)}",
        "amount": text(owed, invoice.currency) if owed else "",
        "on": today().isoformat(),
        "policy": "in-proportion",
    }
    return Draft(fields, {})


def read_draft(invoice: Invoice, fields: dict[str, str]) -> Draft:
    """Return the draft in ``fields``, with the invoice as it would be, or with the errors."""
    errors: dict[str, str] = {}
    amount = _read_amount("amount", fields.get("amount", ""), invoice.currency, errors)
    on = parse_day(fields.get("on", ""))
    if on is None:
        errors["on"] = "Write the day as 2026-03-01."
    if len(fields.get("reference", "")) > _LONGEST:
        errors["reference"] = f"Write at most {_LONGEST} characters."
    to = _read_to(invoice, fields, amount, errors)
    if errors or on is None or amount is None:
        return Draft(fields, errors)
    payment = Payment(
        fields.get("payment", ""), on, amount, (), fields.get("reference", ""), "", "overpaid" in fields
    )
    found = tuple(map(sentence, doubts(invoice, on, today())))
    return _try(invoice, Draft(fields, {}, payment, to, doubts=found))


def _read_amount(name: str, written: str, currency: str, errors: dict[str, str]) -> Decimal | None:
    digits = written.translate(_dashes)
    if not _decimal(digits):
        errors[name] = "Write the amount with a point before the decimals, as in 1234.50."
        return None
    amount, decimals = Decimal(digits), places(currency)
    if not fits(amount, decimals):
        errors[name] = f"Write at most {decimals} decimals in {currency}, and {DIGITS} digits before them."
        return None
    return amount


def _read_to(invoice: Invoice, fields: dict[str, str], amount: Decimal | None, errors: dict[str, str]) -> To:
    policy = fields.get("policy", "in-proportion")
    if policy in POLICIES:
        return POLICIES[policy]
    if policy != BY_CODE:
        errors["policy"] = "Choose how to divide the amount."
        return {}
    parts = {}
    for code in invoice.owed():
        name = f"to-{code}"
        if fields.get(name, "").strip():
            part = _read_amount(name, fields[name], invoice.currency, errors)
            parts[code] = Decimal(0) if part is None else part
    given = sum_amounts(parts.values())
    if not errors and given != amount:
        sums = f"{text(given, invoice.currency)} {invoice.currency}"
        errors["policy"] = f"The parts of the codes add up to {sums}. Make them add up to the amount."
    return {code: part for code, part in parts.items() if part}


def _try(invoice: Invoice, draft: Draft) -> Draft:
    payment = draft.payment
    try:
        return draft._replace(recorded=record(invoice, payment, draft.to)) if payment else draft
    except Conflict:
        return draft
    except Invalid as problem:
        reasons = {_field(path): reason for path, reason in problem.flat().items()}
        beginning = f"payment of {payment.amount if payment else ''} on invoice {invoice.number!r}: "
        reasons = reasons or {"amount": str(problem).removeprefix(beginning)}
        return draft._replace(errors={name: sentence(reason) for name, reason in reasons.items()})


def _field(path: str) -> str:
    """Return the field of the form that an error of the schema belongs to.

    >>> _field("payments-1.reference"), _field("payments-1.allocations"), _field("total")
    ('reference', 'policy', 'amount')
    """
    last = path.partition(".")[2].partition("-")[0].partition(".")[0]
    return {"on": "on", "reference": "reference", "allocations": "policy"}.get(last, "amount")


def sentence(reason: str) -> str:
    """Return ``reason`` with a capital letter and a full stop."""
    return f"{reason[:1].upper()}{reason[1:].removesuffix('.')}."
