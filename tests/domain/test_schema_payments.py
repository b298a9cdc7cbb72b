"""What payments an invoice may carry."""

from typing import Any

from holdall.domain.schema import InvoiceSchema
from tests.domain.documents import document, errors_of


def pay(*amounts: str, code: str = "4400", **fields: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": str(index),
            "on": "2026-02-01",
            "amount": amount,
            "allocations": [{"code": code, "amount": amount}],
        }
        | fields
        for index, amount in enumerate(amounts)
    ]


class TestPayments:
    def errors(self, payments: list[dict[str, Any]]) -> dict[str, str]:
        return errors_of(document() | {"payments": payments})

    def accepts(self, payments: list[dict[str, Any]]) -> bool:
        InvoiceSchema.to_python(document() | {"payments": payments})
        return True

    def test_beyond_what_is_owed_on_the_code_is_refused_at_the_payment_that_goes_there(
        self,
    ) -> None:
        assert self.accepts(pay("30", "30"))
        errors = self.errors(pay("30", "30", "0.01"))
        assert list(errors) == ["payments-2.allocations-0.amount"]
        assert "0.01 is beyond the 0.00 owed on '4400'" in next(iter(errors.values()))

    def test_one_code_may_not_pay_for_another(self) -> None:
        assert list(self.errors(pay("61"))) == ["payments-0.allocations-0.amount"]

    def test_what_is_said_to_be_overpaid_is_accepted(self) -> None:
        assert self.accepts(pay("61", overpaid=True))
        assert self.accepts(pay("61", code="unapplied", overpaid=True))

    def test_overpaying_needs_a_code_that_is_there_too(self) -> None:
        errors = self.errors(pay("61", code="4401", overpaid=True))
        assert list(errors) == ["payments-0.allocations-0.code"]

    def test_what_was_overpaid_may_be_paid_back_and_no_more(self) -> None:
        over = pay("70", overpaid=True)
        back = pay("0", "-10")[1:]
        assert self.accepts(over + back)
        assert self.accepts(over + pay("0", "-70")[1:])
        errors = self.errors(over + pay("0", "-71")[1:])
        assert "-71 takes back more than the 70.00 paid" in errors["payments-1.allocations-0.amount"]

    def test_a_payment_may_be_taken_back_and_no_more(self) -> None:
        assert self.accepts(pay("30", "-30"))
        assert self.errors(pay("30", "-31")) == {
            "payments-1.allocations-0.amount": "-31 takes back more than the 30.00 paid on '4400'; "
            "take back no more than that"
        }

    def test_each_has_an_id_of_its_own(self) -> None:
        errors = self.errors(pay("1") + pay("2"))
        assert errors == {"payments-1.id": "'0' is the id of another payment; give each payment its own id"}


def test_a_credit_note_is_settled_by_paying_back() -> None:
    note = document() | {"kind": "credit-note", "total": "-100.00"}
    for part in note["lines"]:
        part["amount"] = part["splits"][0]["amount"] = "-" + part["amount"]
    assert InvoiceSchema.to_python(note | {"payments": pay("-60")})["total"] == -100
    errors = errors_of(note | {"payments": pay("1")})
    assert "1 takes back more than the 0.00 paid" in errors["payments-0.allocations-0.amount"]
    assert list(errors_of(note | {"payments": pay("-61")})) == ["payments-0.allocations-0.amount"]
