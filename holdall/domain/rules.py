"""The rules between the amounts of a document, which `schema` checks.

The rules take fields that are valid by themselves, as dicts of Decimals, and compare exactly.

A payment may settle all or part of the amount owed on a code, and a later payment may take it back. After a
payment that is not ``overpaid``, the balance of a code must lie between zero and the amount billed. If an
earlier payment, which was ``overpaid``, left the balance outside of these limits, it may come nearer to them
but not move further away. An entry that ``voids`` an earlier one has the opposite amounts, whatever the balance.
Payments count in the order in which they are recorded.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from holdall.domain.document import Errors
from holdall.domain.model import UNAPPLIED
from holdall.domain.money import EXACT, sum_amounts, sum_by_name

Part = Mapping[str, Any]
_NOTHING: Final = Decimal(0)


def parts_sum(name: str) -> Callable[[Decimal, list[Part]], dict[str, Errors]]:
    """Return the rule that the parts in field ``name`` have different codes and sum to the amount."""

    def check(amount: Decimal, parts: list[Part]) -> dict[str, Errors]:
        codes = Counter(part["code"] for part in parts)
        total = _sum(parts)
        if twice := sorted(code for code, count in codes.items() if count > 1):
            return {name: f"{twice[0]!r} appears twice; add its amounts up"}
        if total != amount:
            return {name: f"the {name} add up to {total}, but the amount is {amount}; correct one of them"}
        return {}

    return check


def lines_sum(total: Decimal, lines: list[Part]) -> dict[str, Errors]:
    """Return the errors by field if the lines do not sum to the total."""
    if (amount := _sum(lines)) != total:
        return {"total": f"the lines add up to {amount}, but the total is {total}; correct one of them"}
    return {}


def payments_fit(lines: list[Part], payments: list[Part]) -> dict[str, Errors]:
    """Return the errors by field if two payments have the same id, or if a payment settles too much.

    A payment may settle only codes that are billed, up to the amount owed on each.
    """
    billed = sum_by_name((split["code"], split["amount"]) for line in lines for split in line["splits"])
    owed = dict(billed)
    errors: list[Errors | None] = [_payment(payment, billed, owed) for payment in payments]
    _refuse_repeated([payment["id"] for payment in payments], errors)
    _refuse_wrong_voids(payments, errors)
    return {"payments": errors} if any(errors) else {}


def no_lines(lines: list[Part]) -> dict[str, Errors]:
    """Return the errors by field if a payment document has lines."""
    return {"lines": "a payment document bills nothing; leave its lines empty"} if lines else {}


def money_fits(payments: list[Part]) -> dict[str, Errors]:
    """Return the errors by field if entries of a payment document are on a code, or take more than it has left."""
    left = _NOTHING
    errors: list[Errors | None] = []
    for payment in payments:
        left = EXACT.add(left, payment["amount"])
        errors.append(_money(payment, left))
    _refuse_repeated([payment["id"] for payment in payments], errors)
    _refuse_wrong_voids(payments, errors)
    return {"payments": errors} if any(errors) else {}


def _money(payment: Part, left: Decimal) -> dict[str, Errors] | None:
    """Return the errors of one entry of a payment document, after which ``left`` is the amount left."""
    codes = [part["code"] for part in payment["allocations"]]
    if codes != [UNAPPLIED]:
        return {"allocations": f"the codes are {', '.join(codes)}; money on account has only {UNAPPLIED!r}"}
    if left < 0:
        before = EXACT.subtract(left, payment["amount"])
        return {
            "amount": f"{payment['amount']} takes more than the {before} that is unapplied; take no more than that, "
            "or void first the entries that applied it"
        }
    return None


def _payment(payment: Part, billed: dict[str, Decimal], owed: dict[str, Decimal]) -> dict[str, Errors] | None:
    free = payment["overpaid"] or bool(payment["voids"])
    errors: list[Errors | None] = [_allocation(part, billed, owed, free) for part in payment["allocations"]]
    return {"allocations": errors} if any(errors) else None


def _allocation(
    part: Part, billed: dict[str, Decimal], owed: dict[str, Decimal], free: bool
) -> dict[str, Errors] | None:
    """Return the errors of one allocation, or None, and subtract its amount from ``owed``.

    ``free`` allocations may be beyond the amount owed.
    """
    code, amount = part["code"], part["amount"]
    if code not in owed and not (free and code == UNAPPLIED):
        return {"code": f"{code!r} is not billed on this invoice, whose codes are {', '.join(billed)}"}
    before, bound = owed.get(code, _NOTHING), billed.get(code, _NOTHING)
    owed[code] = after = EXACT.subtract(before, amount)
    if free or min(_NOTHING, bound, before) <= after <= max(_NOTHING, bound, before):
        return None
    if EXACT.multiply(amount, bound or EXACT.minus(before)) < 0:
        paid = EXACT.subtract(bound, before)
        return {
            "amount": f"{amount} takes back more than the {paid} paid on {code!r}; take back no more than that"
        }
    return {
        "amount": (
            f"{amount} is beyond the {before} owed on {code!r}; "
            "pay no more than that, or mark the payment as overpaid"
        )
    }


def _refuse_repeated(ids: list[str], errors: list[Errors | None]) -> None:
    seen = set()
    for index, id in enumerate(ids):
        if id in seen:
            errors[index] = {"id": f"{id!r} is the id of another payment; give each payment its own id"}
        seen.add(id)


def _refuse_wrong_voids(payments: list[Part], errors: list[Errors | None]) -> None:
    """Add an error for each entry that voids another one, but does not take back exactly an earlier entry."""
    open_entries: dict[str, Part] = {}
    for index, entry in enumerate(payments):
        if not entry["voids"]:
            open_entries[entry["id"]] = entry
            continue
        voided = open_entries.pop(entry["voids"], None)
        if voided is None or _opposite(voided) != _opposite(entry, sign=1):
            errors[index] = {
                "voids": f"{entry['voids']!r} is not an earlier entry with the opposite amounts; "
                "name an entry that is not voided yet"
            }


def _opposite(entry: Part, sign: int = -1) -> tuple[str, dict[str, Decimal]]:
    return entry["kind"], {each["code"]: each["amount"] * sign for each in entry["allocations"]}


def _sum(parts: Iterable[Part]) -> Decimal:
    return sum_amounts(part["amount"] for part in parts)
