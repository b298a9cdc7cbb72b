"""Matching: which invoices an entry pays, why, and which matches are beyond doubt."""

from datetime import date
from decimal import Decimal

import pytest

from holdall.domain import Books, Party
from holdall.domain.bank.entry import Entry
from holdall.domain.bank.matching import match
from holdall.domain.bank.names import are_alike
from holdall.domain.bank.open_items import open_items
from holdall.domain.bank.references import find_references, is_damaged
from holdall.domain.bank.words import Names
from tests.domain.made import invoice, line

RF = "RF18539007547034"
QRR = "210000000003139471430009017"
ADA = Party("C1", "Ada Müller GmbH")


def entry(amount="100.00", text="", **changes):
    fields = {
        "account": "DE02",
        "id": "b-1",
        "on": date(2026, 2, 1),
        "amount": Decimal(amount),
        "currency": "EUR",
    }
    return Entry(**(fields | {"text": text} | changes))


def of(number, amount="100.00", **changes):
    return invoice(number, line("1", c4400=amount), **({"customer": ADA} | changes))


def propose(*entries, books):
    kept = Books({})
    for each in books:
        kept.add(each)
    return list(match(entries, open_items(kept)))


def told(found):
    return found.status, [(each.invoice, str(each.amount)) for each in found.shares], found.reason


@pytest.mark.parametrize(
    ("reference", "on_invoice"),
    [
        (RF, "RF18 5390 0754 7034"),
        ("rf18-5390-0754-7034", RF),
        (RF, "539007547034"),
        (QRR, QRR),
        ("00 00471", "471"),
    ],
)
def test_a_structured_reference_is_exact(reference, on_invoice):
    (found,) = propose(entry(references=(reference,)), books=[of("7", payment_reference=on_invoice), of("8")])
    assert told(found) == ("exact", [("7", "100.00")], f"reference {reference!r}")
    assert found.customer == "C1"


def test_a_reference_may_hold_the_number():
    (found,) = propose(entry(references=(RF,)), books=[of("5390-0754 7034")])
    assert found.status == "exact"


def test_a_reference_with_wrong_check_digits_is_not_exact():
    for owed in (of("7", payment_reference=RF), of("7", payment_reference="539007547034")):
        (found,) = propose(entry(references=("RF19539007547034",)), books=[owed])
        reason = "reference RF19539007547034, whose check digits are wrong"
        assert told(found) == ("proposed", [("7", "100.00")], reason)


def test_a_reference_of_two_invoices_is_a_proposal():
    monthly = [of("7", payment_reference="K-77"), of("8", "50.00", payment_reference="K-77")]
    (found,) = propose(entry("50.00", references=("K-77",)), books=monthly)
    assert told(found) == (
        "proposed",
        [("8", "50.00")],
        "reference 'K-77', of 2 invoices; 50.00 is owed on '8'",
    )


def test_a_valid_reference_in_the_text_is_exact():
    (found,) = propose(entry(text=f"Miete {RF.lower()} danke"), books=[of("7", payment_reference=RF)])
    assert told(found) == ("exact", [("7", "100.00")], f"reference '{RF}' in the text")


@pytest.mark.parametrize(
    "text", ["RE-2026/0106", "re 2026 106 vom 1.2.", "Rechnung RE2026/106, danke", "RE2026106"]
)
def test_a_number_in_the_text_is_exact(text):
    (found,) = propose(entry(text=text), books=[of("RE-2026/106"), of("106", customer=Party("D", "Bo"))])
    assert told(found) == ("exact", [("RE-2026/106", "100.00")], "number 'RE-2026/106' in the text")


def test_two_numbers_are_two_invoices_whose_sum_is_paid():
    books = [of("2026-1"), of("2026-2", "50.00"), of("2026-3")]
    (found,) = propose(entry("150.00", "2026-1 und 2026-2"), books=books)
    assert told(found) == (
        "exact",
        [("2026-1", "100.00"), ("2026-2", "50.00")],
        "number '2026-1', '2026-2' in the text",
    )
    (found,) = propose(entry("120.00", "2026-2, 2026-1"), books=books)
    assert told(found) == (
        "proposed",
        [("2026-1", "100.00"), ("2026-2", "20.00")],
        "number '2026-2', '2026-1' in the text: 150.00 EUR is owed, and 30.00 is missing",
    )


def test_a_short_number_needs_the_name_too():
    for name, status in (("Ada Mueller", "exact"), ("Bo", "proposed"), ("", "proposed")):
        (found,) = propose(entry(text="12 Monate", name=name), books=[of("12")])
        assert (found.status, [each.invoice for each in found.shares]) == (status, ["12"])


def test_a_number_of_two_series_is_a_proposal():
    books = [of("2026-1"), of("2026-1", "60.00", issued=date(2025, 5, 1))]
    (found,) = propose(entry("60.00", "2026-1"), books=books)
    assert (found.status, found.shares[0].series) == ("proposed", "2025-invoice")


def test_a_payment_of_less_names_what_is_missing():
    (found,) = propose(entry("98.00", "2026-1", charges=Decimal("2.00")), books=[of("2026-1")])
    assert told(found) == (
        "proposed",
        [("2026-1", "98.00")],
        "number '2026-1' in the text: 100.00 EUR is owed, and 2.00 is missing; the bank kept 2.00",
    )


def test_a_payment_of_more_names_the_rest():
    (found,) = propose(entry("130.00", "2026-1"), books=[of("2026-1")])
    assert told(found) == (
        "proposed",
        [("2026-1", "100.00")],
        "number '2026-1' in the text: 100.00 EUR is owed, and 30.00 is too much",
    )


def test_the_second_payment_of_an_invoice_is_not_exact():
    first, second = propose(entry(text="2026-1"), entry(text="2026-1", id="b-2"), books=[of("2026-1")])
    assert first.status == "exact"
    assert told(second) == ("unmatched", [], "number '2026-1' in the text: nothing is owed any more")
    assert second.customer == "C1"


def test_another_currency_is_never_booked():
    (found,) = propose(entry(text="2026-1", ordered="100.00 USD"), books=[of("2026-1", currency="USD")])
    reason = "number '2026-1' in the text: owed in USD, paid in EUR, of which 100.00 USD were ordered"
    assert told(found) == ("unmatched", [], reason)


def test_the_amount_and_the_name_are_a_proposal():
    books = [of("7", due=date(2026, 3, 1)), of("8"), of("9", customer=Party("D", "Bo")), of("10", "99.99")]
    (found,) = propose(entry(name="MUELLER, ADA"), books=books)
    assert told(found) == (
        "proposed",
        [("8", "100.00")],
        "amount and name: 100.00 is owed on '8', and on 1 others",
    )


def test_a_known_name_without_an_invoice_waits_for_the_customer():
    (found,) = propose(entry("1.00", name="Ada Müller"), books=[of("7")])
    assert (found.status, found.shares, found.customer) == ("unmatched", (), "C1")
    (found,) = propose(entry("1.00", name="Nobody Known"), books=[of("7")])
    assert (found.status, found.customer) == ("unmatched", "")


def test_what_is_not_a_payment_of_a_customer_is_passed_over():
    entries = [entry("-5.00"), entry("-5.00", id="2", reversal=True), entry("5.00", id="3", reversal=True)]
    found = propose(*entries, entry("0", id="4"), books=[of("7")])
    assert [each.status for each in found] == ["passed over"] * 4
    assert found[1].reason.startswith("the bank took back a payment; void it")


def test_an_entry_that_is_recorded_or_repeated_is_told():
    paid = of("7")
    kept = Books({})
    kept.add(paid)
    kept.pay("7", Decimal(100), date(2026, 2, 1), id="DE02/b-1")
    found = list(match([entry(), entry(id="b-2"), entry(id="b-2")], open_items(kept)))
    assert [each.status for each in found] == ["there", "unmatched", "repeated"]


@pytest.mark.parametrize(
    "changes",
    [{"amount": "50.00"}, {"on": date(2026, 3, 1)}, {"currency": "NOK"}],
    ids=["amount", "day", "unit"],
)
def test_an_entry_that_differs_from_the_recorded_one_of_its_id_is_unclear(changes):
    kept = Books({})
    kept.add(of("2026-1"))
    kept.receive(Decimal(100), date(2026, 2, 1), customer="C1", id="DE02/b-1")
    (found,) = match([entry(**changes)], open_items(kept))
    assert found.status == "unclear"
    assert found.reason.startswith(
        "the books gave the id 'b-1' also to the entry of 100.00 EUR on 2026-02-01"
    )


def test_a_payment_that_is_recorded_on_two_invoices_is_their_sum():
    kept = Books({})
    for number, part in (("2026-1", 60), ("2026-2", 40)):
        kept.add(of(number))
        kept.pay(number, Decimal(part), date(2026, 2, 1), id="DE02/b-1")
    assert [each.status for each in match([entry()], open_items(kept))] == ["there"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("2026", "Miete Oktober 2026"),
        ("9/2026", "Miete 9/2026"),
        ("2026-09", "2026-09 Miete"),
        ("20260905", "20260905"),
        ("2026-09-05", "am 2026-09-05"),
    ],
)
def test_a_number_that_may_be_a_day_needs_the_name(number, words):
    statuses = [
        propose(entry(text=words, name=name), books=[of(number)])[0].status
        for name in ("Eva Ost", "Ada Muller")
    ]
    assert statuses == ["proposed", "exact"]


@pytest.mark.parametrize("words", ["U\u0308-1", "\uff35\u0308-\uff11"], ids=["combining", "wide"])
def test_equal_letters_may_be_written_in_other_characters(words):
    names = Names[int]()
    for number in ("1", "\u00dc-1"):
        names.add(number, 1)
    assert names.find(words) == [("\u00dc-1", [1])]


def test_a_number_of_one_customer_in_a_payment_of_another_is_a_proposal():
    owed = [of("4711"), of("8", customer=Party("C2", "Bob Stone"))]
    (found,) = propose(entry(text="Kunde 4711", name="STONE BOB"), books=owed)
    why = "number '4711' in the text, but the payer has the name of customer 'C2'"
    assert told(found) == ("proposed", [("4711", "100.00")], why)
    owed = [of("4711"), of("8", customer=Party("C1", "Bob Stone"))]
    assert propose(entry(text="Kunde 4711", name="STONE BOB"), books=owed)[0].status == "exact"


def test_an_entry_that_is_recorded_as_a_whole_is_not_recorded_again_in_parts():
    kept = Books({})
    kept.add(of("2026-1"))
    whole, part = entry("30.00"), entry("10.00", id="b-1/1", batch="b-1")
    kept.receive(Decimal(30), whole.on, customer="C1", id=whole.payment_id)
    (found,) = match([part], open_items(kept))
    assert (found.status, found.reason[:44]) == ("unclear", "the books have this entry, but as one paymen")
    kept.void_payment(whole.payment_id, whole.on, "in parts")
    assert [each.status for each in match([part], open_items(kept))] == ["unmatched"]


def test_an_entry_that_is_recorded_in_parts_is_not_recorded_again_as_a_whole():
    kept = Books({})
    kept.add(of("2026-1"))
    kept.receive(Decimal(10), date(2026, 2, 1), customer="C1", id="DE02/b-1/1")
    (found,) = match([entry("30.00")], open_items(kept))
    assert found.status == "unclear"


def test_an_id_of_two_different_entries_is_unclear():
    found = propose(
        entry(text="2026-1"), entry("50.00", "2026-2"), books=[of("2026-1"), of("2026-2", "50.00")]
    )
    assert [each.status for each in found] == ["exact", "unclear"]
    assert found[1].reason.startswith(
        "the bank gave the id 'b-1' also to the entry of 100.00 EUR on 2026-02-01"
    )


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("ADA MÜLLER", "Ada Muller", True),
        ("ADA MUELLER", "Müller, Ada", True),
        ("Søren Ærø ApS", "Soeren Aeroe", True),
        ("Nordwind Logistik G.m.b.H. & Co. KG", "NORDWIND LOGISTIK GMBH + CO KG", True),
        (
            "Nordwind Logistik und Spedition Gesells",
            "Nordwind Logistik und Spedition Gesellschaft Hamburg",
            True,
        ),
        ("Frau Dr. Ada Byron", "Ada Byron", True),
        ("Acme", "Acme Ltd.", True),
        ("Acme", "Acme Paint", False),
        ("Stadt Bonn", "Stadt Berlin", False),
        ("GmbH", "AG", False),
        ("", "", False),
        ("Ada", "", False),
    ],
)
def test_names(one, other, alike):
    assert are_alike(one, other) == are_alike(other, one) == alike


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Rechnung 106", ["106"]),
        ("RE106", ["106"]),
        ("Nr. 0106.", ["106"]),
        ("106 107", ["106", "107"]),
        ("106, 107", ["106", "107"]),
        ("107+106", ["107", "106"]),
        ("107 106 107", ["107", "106"]),
        ("106-Miete", ["106"]),
        ("2026/106", []),
        ("106/2026", []),
        ("106,00 EUR", []),
        ("1.106", []),
        ("106a", []),
        ("", []),
        ("inv 9 b", ["INV-9-B"]),
        ("INV9B", ["INV-9-B"]),
        ("inv-9-b2", []),
    ],
)
def test_numbers_in_a_text(text, numbers):
    names = Names()
    for number in ("106", "107", "INV-9-B", "---"):
        names.add(number, number)
    assert [name for name, _ in names.find(text)] == numbers


def test_references():
    assert list(find_references("RF00 1, RF18 539007547034 rf18539007547034X")) == [RF]
    assert [is_damaged(each) for each in (RF, QRR, QRR[:-1] + "8", "RF00 123", "4711")] == [
        False,
        False,
        True,
        True,
        False,
    ]
