"""Any invoice written as UBL reads back as itself."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from holdall.domain.allocation import allocate
from holdall.domain.model import ROUNDING, TAX, Invoice, LineItem, Party, Payment, Split
from holdall.domain.money import major, minor
from holdall.domain.ubl import read
from tests.domain.ubl_writer import write

# XML 1.0 holds these; white space of other kinds, and at the ends, is not the text's own.
words = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=12,
)
texts = st.lists(words, min_size=1, max_size=3).map(" ".join)
units = st.integers(-(10**9), 10**9)
numbers = st.decimals(-1000, 1000, places=4)


@st.composite
def items(draw, currency):
    codes = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    splits = tuple(Split(code, major(draw(units), currency)) for code in codes)
    amount = sum((split.amount for split in splits), Decimal(0))
    return LineItem(draw(texts), draw(texts), draw(numbers), draw(numbers), amount, splits)


@st.composite
def adjustments(draw, currency):
    """Charges and allowances, then taxes, then rounding, with the ids that the reader gives."""
    kinds = draw(st.lists(st.sampled_from(["charge", "allowance"]), max_size=2))
    found = [
        *[(f"{kind}-{n}", draw(texts), kind, draw(texts)) for n, kind in enumerate(kinds, 1)],
        *[(f"tax-{n}", TAX, "tax", TAX) for n in range(1, draw(st.integers(1, 3)))],
        *[("rounding", "Rounding", "rounding", ROUNDING)][: draw(st.integers(0, 1))],
    ]
    return tuple(adjustment(*each, major(draw(units.filter(bool)), currency)) for each in found)


def adjustment(id, description, kind, code, amount):
    return LineItem(id, description, Decimal(1), amount, amount, (Split(code, amount),), kind)


@st.composite
def payments(draw, invoice):
    """Nothing prepaid, or some part of the total, which is not shared out where it comes to nothing."""
    paid = major(
        draw(st.integers(0, 1000)) * minor(invoice.total, invoice.currency) // 1000,
        invoice.currency,
    )
    if not paid:
        return ()
    allocations = allocate(paid, invoice.billed(), invoice.currency)
    before = invoice.references and invoice.kind == "invoice"
    kind = "prepayment" if before else "receipt"
    return (Payment("prepaid", invoice.issued, paid, allocations, "prepaid", kind=kind),)


parties = st.builds(Party, texts, texts)


@st.composite
def invoices(draw):
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    lines = (*draw(st.lists(items(currency), min_size=1, max_size=3)), *draw(adjustments(currency)))
    invoice = Invoice(
        number=draw(texts),
        kind=draw(st.sampled_from(["invoice", "credit-note"])),
        seller=draw(parties),
        customer=draw(parties),
        issued=draw(st.dates()),
        due=draw(st.none() | st.dates()),
        currency=currency,
        total=sum((line.amount for line in lines), Decimal(0)),
        lines=lines,
        references=tuple(draw(st.lists(texts, max_size=2, unique=True))),
        payment_reference=draw(st.just("") | texts),
    )
    return replace(invoice, payments=draw(payments(invoice)))


@given(invoices())
def test_an_invoice_written_as_ubl_reads_back_as_itself(invoice):
    found = read(write(invoice))
    assert all(line.filed for line in found.lines)
    lines = tuple(replace(line, item=None, filed=False) for line in found.lines)
    assert replace(found, lines=lines) == invoice
