"""What must hold between the amounts of a document: the rules that `schema` checks.

They take fields that are sound by themselves, as dicts of Decimals, and compare exactly.

A payment may settle what is owed on a code, wholly or in part, and a later one may take it back. It may
not leave a code with a balance past zero, nor past what was billed; one that is past already (a payment
said ``overpaid``) may come nearer. Payments count in the order in which they are recorded.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from holdall.domain.document import Errors
from holdall.domain.model import UNAPPLIED
from holdall.domain.money import EXACT, summed, summed_by

Part = Mapping[str, Any]
_NOTHING: Final = Decimal(0)


def parts_sum(name: str) -> Callable[[Decimal, list[Part]], dict[str, Errors]]:
    """The rule that the parts in field ``name``, of a code each, sum to the amount."""

    def check(amount: Decimal, parts: list[Part]) -> dict[str, Errors]:
        codes = Counter(part["code"] for part in parts)
        total = _sum(parts)
        if twice := sorted(code for code, count in codes.items() if count > 1):
            return {name: f"{twice[0]!r} is there twice; add its amounts up"}
        if total != amount:
            return {name: f"they sum to {total}, not to the amount {amount}; correct one of them"}
        return {}

    return check


def lines_sum(total: Decimal, lines: list[Part]) -> dict[str, Errors]:
    """The lines sum to the total."""
    if (amount := _sum(lines)) != total:
        return {"total": f"the lines sum to {amount}, not to {total}; correct one of them"}
    return {}


def payments_fit(lines: list[Part], payments: list[Part]) -> dict[str, Errors]:
    """Each payment has its own id and settles codes that are billed, as far as they are owed."""
    billed = summed_by((split["code"], split["amount"]) for line in lines for split in line["splits"])
    owed = dict(billed)
    errors: list[Errors | None] = [_payment(payment, billed, owed) for payment in payments]
    _repeated([payment["id"] for payment in payments], errors)
    return {"payments": errors} if any(errors) else {}


def _payment(payment: Part, billed: dict[str, Decimal], owed: dict[str, Decimal]) -> dict[str, Errors] | None:
    overpaid = payment["overpaid"]
    errors: list[Errors | None] = [
        _allocation(part, billed, owed, overpaid) for part in payment["allocations"]
    ]
    return {"allocations": errors} if any(errors) else None


def _allocation(
    part: Part, billed: dict[str, Decimal], owed: dict[str, Decimal], overpaid: bool
) -> dict[str, Errors] | None:
    """The error of one allocation, or None; ``owed`` is brought forward by it."""
    code, amount = part["code"], part["amount"]
    if code not in owed and not (overpaid and code == UNAPPLIED):
        return {"code": f"{code!r} is not billed here; the codes are {', '.join(billed)}"}
    before, bound = owed.get(code, _NOTHING), billed.get(code, _NOTHING)
    owed[code] = after = EXACT.subtract(before, amount)
    if overpaid or min(_NOTHING, bound, before) <= after <= max(_NOTHING, bound, before):
        return None
    if EXACT.multiply(amount, bound or EXACT.minus(before)) < 0:
        paid = EXACT.subtract(bound, before)
        return {"amount": f"{amount} takes back more than the {paid} paid on {code!r}"}
    return {"amount": f"{amount} is beyond the {before} owed on {code!r}; or say it is overpaid"}


def _repeated(ids: list[str], errors: list[Errors | None]) -> None:
    seen = set()
    for index, id in enumerate(ids):
        if id in seen:
            errors[index] = {"id": f"{id!r} is there already; give each payment its own"}
        seen.add(id)


def _sum(parts: Iterable[Part]) -> Decimal:
    return summed(part["amount"] for part in parts)
