"""CAMT.053: the entries of several banks, the ids of entries, and statements that are refused."""

import io
from datetime import date
from decimal import Decimal

import pytest

from holdall.domain.bank.camt import read_camt
from holdall.domain.ubl import MAX_BYTES
from holdall.errors import Invalid
from tests.domain.bank.statements import IBAN, NORDIC, SWISS, balance, camt, detail, entry, statement

DAYS = "<BookgDt><Dt>2026-09-01</Dt></BookgDt><ValDt><Dt>2026-09-01</Dt></ValDt>"
AMOUNT = '<Amt Ccy="EUR">{}</Amt>'


def read(document, limit=MAX_BYTES):
    return read_camt(io.BytesIO(document), "bank.xml", limit)


def entries(*written, **options):
    (found,) = read(camt(statement(*written, **options)))
    assert found.refused == ()
    return found.entries


def reason(document, **options):
    with pytest.raises(Invalid) as caught:
        read(document, **options)
    return str(caught.value)


def test_an_entry():
    (found,) = entries(entry(details=detail("Rechnung R-7", reference="RF18539007547034", end="E-1")))
    assert found.payment_id == f"{IBAN}/2026090100001"
    assert (found.on, found.value, found.amount, found.currency) == (
        date(2026, 9, 1),
        date(2026, 9, 1),
        Decimal("119.00"),
        "EUR",
    )
    assert (found.name, found.references, found.text) == (
        "Ada Byron",
        ("RF18539007547034",),
        "Rechnung R-7 E-1",
    )
    assert (found.reversal, found.charges, found.ordered) == (False, 0, "")


@pytest.mark.parametrize("version", ["001.02", "001.04", "001.08", "001.13"])
def test_each_version_is_read(version):
    (found,) = read(camt(statement(entry()), version=version))
    assert [each.amount for each in found.entries] == [Decimal("119.00")]


def test_a_swiss_entry_that_collects_payments_is_several():
    first, second = entries(SWISS)
    assert [each.id for each in (first, second)] == [
        "20260902001234567891234567891234/1",
        "20260902001234567891234567891234/2",
    ]
    assert (first.on, first.name, second.name) == (date(2026, 9, 2), "Jürg Frei", "Sàrl du Lac")
    assert first.amount + second.amount == Decimal("3483.00")
    assert first.references == ("210000000003139471430009017",)


def test_a_nordic_entry_has_its_id_in_another_element():
    (found,) = entries(NORDIC)
    assert (found.id, found.references, found.value) == ("20260903599999999901", ("00000000047112",), None)


def test_payments_of_one_entry_have_the_references_of_the_bank_if_these_differ():
    parts = "".join(
        detail(ref=ref, amounts=AMOUNT.format(amount)) for ref, amount in (("a", "100.00"), ("b", "19.00"))
    )
    assert [each.id for each in entries(entry(details=parts))] == ["2026090100001/a", "2026090100001/b"]


@pytest.mark.parametrize("amounts", [("100.00", "18.99"), ("100.00", "")])
def test_payments_that_do_not_add_up_stay_one_entry(amounts):
    parts = "".join(detail(f"R-{each}", amounts=each and AMOUNT.format(each)) for each in amounts)
    (found,) = entries(entry(details=parts))
    assert (found.amount, found.text) == (Decimal("119.00"), "R-100.00 " + f"R-{amounts[1]}")


@pytest.mark.parametrize(
    ("numbered", "details", "id"),
    [
        ("", detail(ref="tx-1"), "tx-1"),
        ("<NtryRef>20260901-44</NtryRef>", detail(), "20260901-44"),
        ("", detail(extra="").replace("<EndToEndId>", "<TxId>bank-9</TxId><EndToEndId>"), "bank-9"),
    ],
)
def test_the_id_may_be_elsewhere(numbered, details, id):
    (found,) = entries(entry(ref="NONREF", extra=numbered, details=details))
    assert found.id == id


@pytest.mark.parametrize("numbered", ["", "<NtryRef>000003</NtryRef>", f"<NtryRef>{IBAN}</NtryRef>"])
def test_without_an_id_the_content_is_the_id_in_every_statement(numbered):
    same = entry(ref="", extra=numbered, details=detail("Rent"))
    other = entry(ref="", details=detail("Repair"))
    first = [each.id for each in entries(same, other, same)]
    assert first[2] == f"{first[0]}-2"
    assert len(set(first)) == 3
    assert [each.id for each in entries(other, same.replace("119.00", "119.000"), same)] == [
        first[1],
        first[0],
        first[2],
    ]


def test_a_reversal_has_an_id_of_its_own():
    back = entry("-119.00", extra="<RvslInd>true</RvslInd>", details=detail())
    paid, returned = entries(entry(details=detail()), back)
    assert (returned.id, returned.amount, returned.reversal) == (
        f"{paid.id}/reversal",
        Decimal("-119.00"),
        True,
    )
    assert returned.name == "Ada Byron"


def test_what_the_bank_has_not_booked_is_counted():
    (found,) = read(camt(statement(entry(), entry(status="PDNG"), entry(status="<Cd>INFO</Cd>"))))
    assert (len(found.entries), found.pending) == (1, 2)


@pytest.mark.parametrize(
    "charges",
    [
        '<Chrgs><Amt Ccy="EUR">2.00</Amt></Chrgs>',
        '<Chrgs><Rcrd><Amt Ccy="EUR">2.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>',
    ],
)
def test_charges_and_the_amount_that_was_ordered(charges):
    ordered = '<AmtDtls><InstdAmt><Amt Ccy="USD">130.00</Amt></InstdAmt></AmtDtls>'
    (found,) = entries(entry(details=detail(amounts=ordered, extra=charges)))
    assert (found.charges, found.ordered) == (Decimal("2.00"), "130.00 USD")


def test_a_debit_names_the_payee():
    (found,) = entries(entry("-5.00", details=detail()))
    assert (found.amount, found.name) == (Decimal("-5.00"), "Seller GmbH")


def test_several_statements_and_an_envelope():
    inside = camt(statement(entry()), statement(entry("-1", ref="x"), account="<Othr><Id>12 34</Id></Othr>"))
    body = inside.partition(b"?>")[2]
    wrapped = b"<Envelope><AppHdr><To>x</To></AppHdr>" + body + b"</Envelope>"
    for document in (inside, wrapped):
        assert [each.account for each in read(document)] == [IBAN, "1234"]


def test_the_balances_agree_with_the_entries():
    ends = balance("OPBD", "1000.00") + balance("CLBD", "1109.00")
    assert len(entries(entry(), entry("-10", ref="2"), balances=ends)) == 2
    wrong = balance("PRCD", "-10.00") + balance("CLBD", "109.01")
    assert reason(camt(statement(entry(), entry(status="PDNG"), balances=wrong))) == (
        "BkToCstmrStmt/Stmt[1] opens with -10.00 EUR, and its 1 booked entries add up to 119.00, which makes 109.00, "
        "but it closes with 109.01: it is not complete; ask the bank for it again"
    )


@pytest.mark.parametrize(
    "balances",
    ["", balance("OPBD", "1000.00"), balance("OPBD", "1.00") + balance("CLBD", "9.00", "SEK")],
)
def test_balances_that_cannot_be_compared_are_not(balances):
    assert len(entries(entry(), balances=balances)) == 1


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (">119.00<", ">119,00<", "Ntry[2]/Amt is '119,00': write a number as 1234.50"),
        (">119.00<", ">-119.00<", "Ntry[2]/Amt is '-119.00': write an amount in EUR with at most 2 decimals"),
        (">119.00<", ">119.001<", "Ntry[2]/Amt is '119.001': write an amount in EUR with at most 2 decimals"),
        ('"EUR">119', '"EURO">119', "Ntry[2]/Amt has the currency 'EURO': write a currency code"),
        (">CRDT<", ">CREDIT<", "Ntry[2]/CdtDbtInd is 'CREDIT': write CRDT or DBIT"),
        (
            "BookgDt><Dt>2026-09-01",
            "BookgDt><Dt>2026-09-31",
            "BookgDt/Dt is '2026-09-31': write a day as YYYY-MM-DD",
        ),
        (DAYS, "<BookgDt></BookgDt>", "Ntry[2]/BookgDt has no day: write the day of booking as Dt"),
    ],
)
def test_a_damaged_entry_is_refused_and_the_others_are_read(old, new, problem):
    assert old in entry()
    damaged = entry().replace(old, new)
    (found,) = read(camt(statement(entry("1", ref="1"), damaged, entry("3", ref="3"))))
    assert [each.id for each in found.entries] == ["1", "3"]
    ((name, why),) = found.refused
    assert name == "bank.xml"
    assert problem in why


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><Document>&b;</Document>'


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (camt(), "it is CAMT.053 without a statement"),
        (camt(statement(entry(), account="")), "Stmt[1] names no account (Acct/Id)"),
        (
            camt().replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt"),
            "it is CAMT.052, a report during the day; import",
        ),
        (
            camt().replace(b"BkToCstmrStmt", b"BkToCstmrDbtCdtNtfctn"),
            "it is CAMT.054, details of collected entries",
        ),
        (b"<Invoice/>", "it is an invoice; use `holdall invoices import`"),
        (b"<Document/>", "it is XML of another kind, 'Document'; ask your bank for CAMT.053"),
        (BOMB, "it declares a document type; remove the DOCTYPE"),
        (camt()[:-20], "it is not well-formed XML"),
    ],
)
def test_another_document_is_refused_by_its_name(document, problem):
    assert problem in reason(document)


def test_a_large_file_is_refused_before_it_is_read_whole():
    class Endless(io.RawIOBase):
        left = 10**9

        def read(self, size=-1):
            self.left -= size
            return b" " * size

    file = Endless()
    with pytest.raises(Invalid, match="it has more than 100,000 bytes"):
        read_camt(file, "bank.xml", 100_000)
    assert file.left > 10**9 - 300_000
