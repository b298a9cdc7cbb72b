"""A mapping files lines under the seller's codes: the first rule that matches, exact to the cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from holdall.domain.books import Books
from holdall.domain.codes import codes_of, read_codes
from holdall.domain.model import Item, LineItem, Party, Split
from holdall.domain.ubl import read
from holdall.errors import Invalid
from tests.domain.made import invoice
from tests.domain.ubl_documents import PAYABLE, before, edited

FACTS = Item(
    ids=("RENT-1", "4012345"),
    classifications=("72101500",),
    tax_category="S",
    tax_rate=Decimal("19.00"),
    reference="cost centre 7",
)


def line(amount="100.00", kind="item", item=FACTS, code="uncoded", filed=True, text="Rent, May"):
    one = Decimal(amount)
    return LineItem("1", text, Decimal(1), one, one, (Split(code, one),), kind, item, filed)


def filed(rules, *lines, default=None, **changes):
    mapping = codes_of({"rules": rules} | ({"default": default} if default else {}))
    found = mapping.file(invoice("7", *(lines or (line(),)), **changes))
    return [{split.code: str(split.amount) for split in each.splits} for each in found.lines]


@pytest.mark.parametrize(
    "when",
    [
        {"item": "RENT-1"},
        {"item": "4012345"},
        {"item": "rent-*"},
        {"item": ["LEASE-*", "RENT-?"]},
        {"classification": "7210*"},
        {"tax_category": "S"},
        {"tax_rate": 19},
        {"tax_rate": "19.0%"},
        {"tax_rate": ["7", "19"]},
        {"kind": "item"},
        {"customer": "C"},
        {"customer": "*TOMER"},
        {"text": "*rent*"},
        {"reference": "cost centre 7"},
        {"item": "RENT-1", "customer": "C", "text": "*may"},
    ],
)
def test_a_rule_matches_by_each_fact(when):
    assert filed([when | {"code": "4400"}]) == [{"4400": "100.00"}]


@pytest.mark.parametrize(
    "when",
    [
        {"item": "RENT"},
        {"item": "LEASE-1"},
        {"classification": "1*"},
        {"tax_category": "Z"},
        {"tax_rate": 7},
        {"kind": "tax"},
        {"customer": "D"},
        {"text": "rent"},
        {"reference": "cost centre 8"},
        {"item": "RENT-1", "customer": "D"},
    ],
)
def test_a_rule_does_not_match_if_one_fact_differs(when):
    assert filed([when | {"code": "4400"}]) == [{"uncoded": "100.00"}]


def test_a_fact_that_is_missing_matches_no_pattern():
    for fact in ("item", "classification", "tax_category", "reference"):
        assert filed([{fact: "*", "code": "4400"}], line(item=None)) == [{"uncoded": "100.00"}]


def test_the_first_rule_wins_and_others_get_the_default():
    rules = [{"text": "*may", "code": "1"}, {"text": "rent*", "code": "2"}]
    lines = line(), line(text="Rent, June"), line(text="Heating")
    assert filed(rules, *lines, default="3") == [{"1": "100.00"}, {"2": "100.00"}, {"3": "100.00"}]


def test_tax_and_rounding_take_only_rules_that_ask_for_their_kind():
    lines = line(), line("19.00", "tax", code="VAT"), line("0.01", "rounding", code="rounding", item=None)
    assert filed([{"text": "*", "code": "1"}], *lines, default="2")[1:] == [
        {"VAT": "19.00"},
        {"rounding": "0.01"},
    ]
    rules = [{"kind": "tax", "tax_rate": 19, "code": "1776"}, {"kind": "rounding", "code": "9"}]
    assert filed(rules, *lines) == [{"uncoded": "100.00"}, {"1776": "19.00"}, {"9": "0.01"}]


def test_a_withheld_tax_follows_the_code_of_the_tax():
    lines = line(), line("19.00", "tax", code="VAT"), line("-20.00", "withholding", code="VAT", item=None)
    rules = [{"kind": "tax", "code": "1776"}, {"item": "*", "codes": {"a": "50%", "b": "50%"}}]
    assert filed(rules, *lines)[2] == {"1776": "-19.00", "a": "-0.50", "b": "-0.50"}
    assert filed([{"kind": "withholding", "code": "1799"}], *lines)[2] == {"1799": "-20.00"}


def test_codes_that_somebody_gave_stay():
    assert filed([{"text": "*", "code": "1"}], line(filed=False, code="own"), default="2") == [
        {"own": "100.00"}
    ]


@given(st.integers(-(10**6), 10**6), st.lists(st.integers(1, 10**6), min_size=1, max_size=5))
def test_percentages_divide_to_the_cent(cents, weights):
    shares = [Decimal(each * 100).quantize(Decimal("0.000001")) / sum(weights) for each in weights[1:]]
    shares = [each.quantize(Decimal("0.000001")) + Decimal("0.000001") for each in shares]
    first = 100 - sum(shares)
    if first <= 0:
        shares, first = [], Decimal(100)
    codes = {str(code): f"{share}%" for code, share in enumerate([first, *shares])}
    amount = Decimal(cents).scaleb(-2)
    (parts,) = filed([{"text": "*", "codes": codes}], line(str(amount)))
    assert sum(map(Decimal, parts.values())) == amount
    for code, share in zip(codes, [first, *shares], strict=True):
        assert abs(Decimal(parts.get(code, 0)) - amount * share / 100) < Decimal("0.01")


@pytest.mark.parametrize(
    ("mapping", "errors"),
    [
        (
            {"rules": [{"text": "a"}]},
            {"rules-0.code": "a rule needs either code or codes; write one of them"},
        ),
        ({"rules": [{"code": "1"}]}, {"rules-0.code": "a rule needs a condition; add one of item, "}),
        (
            {"rules": [{"text": "a", "code": "1", "codes": {"2": 100}}]},
            {"rules-0.code": "a rule needs either"},
        ),
        (
            {"rules": [{"text": "a", "codes": {"1": "60%", "2": 30}}]},
            {"rules-0.codes": "the percentages add up to 90"},
        ),
        (
            {"rules": [{"text": "a", "codes": {"1": 33.3, "2": 66.7}}]},
            {"rules-0.codes": "33.3: write a decimal"},
        ),
        (
            {"rules": [{"text": "a", "codes": {"1": "0", "2": 100}}]},
            {"rules-0.codes": "'0': write a percentage"},
        ),
        ({"rules": [{"text": 1.5, "code": "1"}]}, {"rules-0.text": "1.5: write a text such as"}),
        (
            {"rules": [{"tax_rate": "high", "code": "1"}]},
            {"rules-0.tax_rate": "'high': write a decimal number"},
        ),
        ({"defualt": "1"}, {"defualt": "unknown field; leave it out, or write one of default, rules"}),
        (
            {"default": 8400, "rules": [{"txt": "a", "code": "1"}]},
            {
                "default": "8400: write text",
                "rules-0.txt": "unknown field",
                "rules-0.code": "a rule needs a cond",
            },
        ),
    ],
)
def test_every_error_of_a_mapping_is_named_at_once(mapping, errors):
    with pytest.raises(Invalid, match=r"^the mapping of accounting codes is not valid: ") as caught:
        codes_of(mapping)
    found = caught.value.flat()
    assert found.keys() == errors.keys()
    assert {name: found[name] for name in errors if errors[name] not in found[name]} == {}


def test_a_mapping_in_a_file(tmp_path):
    file = tmp_path / "codes.toml"
    file.write_text('default = "8400"\n[[rules]]\ntext = "*rent*"\ncodes = {4400 = "60%", 4410 = 40}\n')
    assert read_codes(file).default == (("8400", 100),)
    for text, reason in {
        "default = 1": "write text",
        "default": "not valid TOML",
        "\udcff": "not valid TOML",
    }.items():
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(Invalid, match=f"codes.toml: .*{reason}"):
            read_codes(file)
    with pytest.raises(Invalid, match="No such file or directory"):
        read_codes(tmp_path / "none.toml")


ITEM = (
    "<cac:BuyersItemIdentification><cbc:ID>B-1</cbc:ID></cac:BuyersItemIdentification>"
    "<cac:SellersItemIdentification><cbc:ID>S-1</cbc:ID></cac:SellersItemIdentification>"
    "<cac:StandardItemIdentification><cbc:ID>4012345</cbc:ID></cac:StandardItemIdentification>"
    "<cac:CommodityClassification><cbc:ItemClassificationCode>72</cbc:ItemClassificationCode>"
    "</cac:CommodityClassification><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent>"
    "</cac:ClassifiedTaxCategory></cac:Item>"
)
COST = "<cbc:AccountingCost>4711</cbc:AccountingCost>"


def test_the_reader_finds_the_facts_of_a_line():
    found = read(edited(("</cac:Item>", ITEM), before("<cac:Item>", COST))).lines[0]
    assert found.item == Item(("S-1", "B-1", "4012345"), ("72",), "S", Decimal(19), "4711")
    assert (found.filed, found.splits) == (True, (Split("4711", Decimal("100.00")),))


def test_the_buyer_s_reference_of_the_document_is_that_of_its_lines():
    document = edited(before("<cac:AccountingSupplierParty>", COST))
    assert [line.item and line.item.reference for line in read(document).lines] == ["4711", None]


def test_a_fact_that_the_book_cannot_hold_is_left_out():
    odd = ITEM.replace("S-1", "x" * 201).replace("Percent>19", "Percent>19 or so")
    found = read(edited(("</cac:Item>", odd)))
    assert (found.lines[0].item.ids, found.lines[0].item.tax_rate) == (("B-1", "4012345"), None)
    assert Books({}).add(found)


def test_a_charge_has_the_facts_of_its_tax():
    charge = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>"
        '<cbc:Amount currencyID="EUR">1.00</cbc:Amount><cac:TaxCategory><cbc:ID>S</cbc:ID>'
        "<cbc:Percent>19</cbc:Percent></cac:TaxCategory></cac:AllowanceCharge>"
    )
    found = read(edited(before("<cac:TaxTotal>", charge), (PAYABLE, PAYABLE.replace("119", "120"))))
    assert found.lines[1].item == Item(tax_category="S", tax_rate=Decimal(19))


def test_the_same_document_filed_otherwise_is_in_the_books_already():
    books, document = Books({}), read(edited())
    assert books.add(document)
    other = codes_of({"default": "8400"}).file(document)
    assert other.lines[0].splits[0].code == "8400"
    assert not books.add(other)
    old = replace(document, lines=tuple(replace(each, item=None, filed=False) for each in document.lines))
    assert Books({"invoices/DE111/R-7": old}).add(document) is False


def test_a_prepayment_is_allocated_to_the_codes_of_the_mapping():
    prepaid = '<cbc:PrepaidAmount currencyID="EUR">59.50</cbc:PrepaidAmount>'
    document = read(edited((PAYABLE, prepaid + PAYABLE.replace("119.00", "59.50"))))
    mapping = codes_of({"default": "8400", "rules": [{"kind": "tax", "code": "1776"}]})
    books, filed = Books({}), mapping.file(document)
    assert books.add(filed)
    assert filed.paid() == {"8400": Decimal("50.00"), "1776": Decimal("9.50")}
    assert not books.add(document)
    assert codes_of({}).file(document) == document


def test_explain_names_the_rule_of_each_line():
    lines = (
        line(),
        line("19.00", "tax", code="VAT"),
        line(filed=False),
        line(item=None, text="x"),
        line(text="y"),
    )
    mapping = codes_of({"rules": [{"text": "rent*", "customer": ["A", "C"], "code": "4400"}]})
    reasons = [reason for _, reason in mapping.explain(invoice("7", *lines, customer=Party("C", "Ada")))]
    assert reasons == [
        "rule 1 (customer = A or C, text = rent*)",
        "no rule; tax",
        "given with the invoice",
        "no rule",
        "no rule; the buyer's reference",
    ]
    assert [reason for _, reason in codes_of({"default": "1"}).explain(invoice("7", line()))] == ["default"]
