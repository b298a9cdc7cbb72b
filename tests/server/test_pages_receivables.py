"""The board, the invoice, the form that records a payment, and the statement."""

from datetime import date
from decimal import Decimal

import pytest

import holdall
from holdall.domain import Books, Invoice, LineItem, Party, Split
from holdall.domain.keys import invoice_key
from holdall.domain.receivables import ADJUSTED, BILLED, PAID, RECEIVED
from holdall.query import View
from holdall.server import Scope, Tokens
from tests.server.pages import Browser

KEY = invoice_key("S", "1")
PAY = f"/books/payment/{KEY}"


def invoice(number, customer="C", name="Customer", total=100, currency="EUR", codes=("4400", "4410"), day=1):
    """An invoice of two codes: three quarters on the first."""
    amount = Decimal(total)
    parts = (Split(codes[0], amount * 3 / 4), Split(codes[1], amount / 4))
    line = LineItem("1", "Rent", Decimal(1), amount, amount, parts)
    return Invoice(
        number, "invoice", Party("S", "Seller"), Party(customer, name),
        date(2026, 1, day), date(2026, 1, day + 10), currency, amount, (line,),
    )  # fmt: skip


def filled_books():
    store = holdall.Json(holdall.Versions(holdall.Memory()), Invoice)
    books = Books(store)
    for each in (invoice("1"), invoice("2", total=200, day=15), invoice("3", "J", "Jun", 5000, "JPY")):
        books.add(each)
    books.pay("2", Decimal(40), date(2026, 2, 3), seller="S", id="bank-1", reference="first")
    return store


@pytest.fixture
def store():
    return filled_books()


@pytest.fixture(scope="module")
def unchanged():
    """Books in which no test writes."""
    return filled_books()


@pytest.fixture(scope="module")
def looking(unchanged):
    return Browser({"books": unchanged, "notes": holdall.Json(holdall.Memory())})


@pytest.fixture
def browser(store):
    return Browser({"books": store, "notes": holdall.Json(holdall.Memory())})


def filled(browser, **fields):
    """The form of a payment, filled in."""
    return {**browser.get(PAY).fields(), "on": "2026-03-01", **fields}


def test_the_board_has_the_reports_of_each_currency(looking):
    page = looking.get("/books/receivables?on=2026-02-01")
    assert page.status == 200
    for text in ("EUR 260.00", "4400 225.00 30.00 195.00", "2026-02 40.00", "Sum 300.00 40.00 260.00"):
        assert text in page.text
    assert "Customer 0.00 260.00 0.00 0.00 0.00 260.00" in page.text
    assert "/books/statement?customer=C" in page.links()
    yen = looking.get("/books/receivables?currency=JPY&on=2026-12-31")
    assert "Jun 0 0 0 0 5,000 5,000" in yen.text
    assert looking.get("/books/receivables?on=31.12.2026").status == 400
    assert looking.get("/notes/receivables").status == 404
    assert Browser({"notes": holdall.Memory()}).get("/notes/receivables").status == 404


def test_charts_have_a_text_and_no_style(looking):
    page = looking.get("/books/receivables?on=2026-02-01")
    drawings = [tag for name, tag in page.tags if name == "svg"]
    assert drawings
    for tag in drawings:
        assert tag.get("aria-hidden") == "true" or tag["aria-label"].endswith("over 90 0.00")
    assert not [tag for _, tag in page.tags if "style" in tag or "fill" in tag]


def test_a_board_of_an_empty_store_and_of_damaged_documents(store):
    empty = Browser({"books": holdall.Json(holdall.Memory(), Invoice)})
    assert "no invoices" in empty.get("/books/receivables").text
    memory = holdall.Memory()
    typed = holdall.Json(memory, Invoice)
    typed.update(store.items())
    memory["invoices/S/9"] = b'{"number": "9"}'
    page = Browser({"books": typed}).get("/books/receivables?on=2026-02-01")
    assert "1 document cannot be read" in page.text
    assert "EUR 260.00" in page.text
    assert "/books/docs/invoices/S/9" in page.links()


def test_an_invoice_shows_lines_codes_payments_and_balances(looking):
    assert f"/books/invoice/{KEY}" in looking.get("/books/docs/invoices/S/").links()
    page = looking.get(f"/books/invoice/{invoice_key('S', '2')}")
    for text in (
        "Owed 160.00 EUR",
        "4400 150.00 30.00 120.00",
        "2026-02-03 first 40.00 4400 30.00 4410 10.00",
    ):
        assert text in page.text
    assert "past due" in page.text
    assert looking.get("/books/invoice/invoices/S/missing").status == 404


def test_a_payment_is_checked_and_then_recorded_once(browser, store):
    assert PAY in browser.get(f"/books/invoice/{KEY}").links()
    form = filled(browser, amount="10.00", reference="ref <1>", step="check")
    check = browser.post(PAY, form)
    assert check.status == 200
    assert "4400 75.00 7.50 67.50" in check.text
    assert "4410 25.00 2.50 22.50" in check.text
    assert store[KEY].payments == ()
    sent = {**check.fields(), "step": "save"}
    for _ in range(2):  # a double click
        done = browser.post(PAY, sent)
        assert done.status == 303
    page = browser.get(done.headers["location"])
    assert "The payment of 10.00 EUR is recorded." in page.text
    (payment,) = store[KEY].payments
    assert (payment.amount, payment.on, payment.reference) == (Decimal("10.00"), date(2026, 3, 1), "ref <1>")
    assert next(store.history(KEY)).message == f"payment {payment.id}"


@pytest.mark.parametrize(
    ("day", "doubt"),
    [
        ("2025-03-01", "2025-03-01 is before 2026-01-01, when invoice '1' was issued."),
        ("2099-03-01", "days after today."),
    ],
    ids=["before the invoice", "far ahead"],
)
def test_a_day_that_is_probably_wrong_is_questioned_and_can_be_recorded(browser, store, day, doubt):
    check = browser.post(PAY, filled(browser, amount="10.00", on=day, step="check"))
    assert f"Check the day: {day} is" in check.text
    assert doubt in check.text
    done = browser.post(PAY, {**check.fields(), "step": "save"})
    assert done.status == 303
    assert store[KEY].payments[0].on.isoformat() == day


def test_a_usual_day_is_not_questioned(browser):
    check = browser.post(PAY, filled(browser, amount="10.00", step="check"))
    assert "Check the day" not in check.text


def test_a_payment_is_allocated_by_code_or_by_the_other_policy(browser, store):
    form = filled(browser, amount="30", policy="by-code", **{"to-4400": "5", "to-4410": "25"}, step="check")
    check = browser.post(PAY, form)
    assert "4410 25.00 25.00 0.00" in check.text
    again = browser.post(PAY, {**check.fields(), "step": "edit"})
    assert again.status == 200
    assert again.fields()["to-4410"] == "25"
    assert again.fields()["policy"] == "by-code"
    assert browser.post(PAY, {**check.fields(), "step": "save"}).status == 303
    assert [(part.code, part.amount) for part in store[KEY].payments[0].allocations] == [
        ("4400", Decimal(5)),
        ("4410", Decimal(25)),
    ]
    check = browser.post(PAY, filled(browser, amount="70", policy="oldest-first", step="check"))
    assert "4400 70.00 70.00 0.00" in check.text


def test_more_than_is_owed_must_be_said(browser, store):
    form = filled(browser, amount="101", step="check")
    assert "beyond the 100.00 that is owed" in browser.post(PAY, form).text
    check = browser.post(PAY, {**form, "overpaid": "on"})
    assert "unapplied 0.00 1.00 \N{MINUS SIGN}1.00" in check.text
    browser.post(PAY, {**check.fields(), "step": "save"})
    assert store[KEY].payments[0].overpaid


WRONG = {
    "amount": [{"amount": "ten"}, {"amount": "1.234"}, {"amount": ""}, {"amount": "0"}, {"amount": "1" * 20}],
    "on": [{"on": "1.3.2026"}, {"on": ""}],
    "reference": [{"reference": "x" * 201}],
    "policy": [{"policy": "by-code", "to-4400": "1"}, {"policy": "none"}],
    "to-0": [{"policy": "by-code", "to-4400": "x"}],
}


@pytest.mark.parametrize(
    ("field", "fields"), [(field, fields) for field, cases in WRONG.items() for fields in cases]
)
def test_an_error_is_beside_its_field_and_in_the_summary(looking, unchanged, field, fields):
    page = looking.post(PAY, filled(looking, **{"amount": "10", "step": "save", **fields}))
    assert page.status == 422
    assert page.html.startswith("<!doctype html>")
    assert "<title>Error: " in page.html
    tags = {tag["id"]: (name, tag) for name, tag in page.tags if "id" in tag}
    assert f"{field}-error" in tags
    described = [tag for _, tag in page.tags if f"{field}-error" in tag.get("aria-describedby", "").split()]
    assert [tag["aria-invalid"] for tag in described] == ["true"]
    summary = next(tag for _, tag in page.tags if tag.get("role") == "alert")
    assert "autofocus" in summary
    assert summary["tabindex"] == "-1"
    targets = [link[1:] for link in page.links() if link.startswith("#") and link != "#main"]
    assert targets
    assert all(target in tags for target in targets)
    assert unchanged[KEY].payments == ()


def test_a_changed_invoice_is_not_overwritten(browser, store):
    check = browser.post(PAY, filled(browser, amount="10", step="check"))
    Books(store).pay("1", Decimal(60), date(2026, 2, 1), seller="S")
    page = browser.post(PAY, {**check.fields(), "step": "save"})
    assert page.status == 409
    assert "The invoice was changed" in page.text
    assert "4400 30.00 7.50 22.50" in page.text
    assert len(store[KEY].payments) == 1
    assert browser.post(PAY, {**page.fields(), "step": "save"}).status == 303
    assert len(store[KEY].payments) == 2


def test_a_day_in_a_closed_period_is_an_error_beside_its_field(browser, store):
    check = browser.post(PAY, filled(browser, amount="10", step="check"))
    Books(store).close(date(2026, 3, 1), by="Ann")
    for step in ("check", "save"):
        page = browser.post(PAY, {**check.fields(), "step": step})
        assert page.status == 422
        assert (
            f"Payment '{check.fields()['payment']}' on invoice '1' is dated 2026-03-01, but the books are"
            in page.text
        )
    assert store[KEY].payments == ()
    assert browser.post(PAY, {**check.fields(), "on": "2026-03-02", "step": "save"}).status == 303


class Doubled(holdall.PassThrough):
    """The other request of a double click writes just before this one."""

    def transact(self, changes, /):
        changes = list(changes)
        self._inner.transact(changes)
        self._inner.transact(changes)


def test_two_requests_of_one_click_at_the_same_time_record_one_payment(store):
    browser = Browser({"books": Doubled(store)})
    check = browser.post(PAY, filled(browser, amount="10", step="check"))
    assert browser.post(PAY, {**check.fields(), "step": "save"}).status == 303
    assert len(store[KEY].payments) == 1


def test_a_form_that_was_used_records_no_other_payment(browser, store):
    check = browser.post(PAY, filled(browser, amount="10", step="check"))
    browser.post(PAY, {**check.fields(), "step": "save"})
    page = browser.post(PAY, {**check.fields(), "amount": "20", "step": "save"})
    assert page.status == 409
    assert "recorded a payment already" in page.text
    assert len(store[KEY].payments) == 1


def test_only_a_writer_records_a_payment(store):
    tokens = holdall.Memory()
    headers = {"Authorization": f"Bearer {Tokens(tokens).add('ada', [Scope('books')])}"}
    browser = Browser({"books": store}, tokens=tokens)
    page = browser.get(f"/books/invoice/{KEY}", **headers)
    assert page.status == 200
    assert PAY not in page.links()
    assert browser.get(PAY, **headers).status == 403
    assert browser.post(PAY, {**page.fields(), "amount": "10"}, **headers).status == 403
    assert Browser({"books": store}, readonly=True).get(PAY).status == 403


def test_entries_that_are_not_payments_are_named(store, browser):
    books = Books(store)
    books.void("2", "bank-1", date(2026, 2, 4), "returned")
    books.write_off("2", date(2026, 2, 5), "6930", "insolvent", Decimal(50))
    page = browser.get(f"/books/invoice/{invoice_key('S', '2')}").text
    assert "void \N{MINUS SIGN}40.00" in page
    assert "write-off 50.00" in page
    assert "Owed 150.00 EUR" in page
    statement = browser.get("/books/statement?customer=C").text
    assert all(label in statement for label in ("Payment on", "Void on", "Write-off on"))
    board = browser.get("/books/receivables?on=2026-02-10").text
    assert all(amount in board for amount in ("50.00", "250.00"))


def test_a_statement_lists_documents_and_payments_with_the_balance(looking):
    page = looking.get("/books/statement?customer=C")
    assert "Customer C" in page.text
    assert "2026-01-15 Invoice 2 200.00 300.00" in page.text
    assert "2026-02-03 Payment on 2 first first \N{MINUS SIGN}40.00 260.00" in page.text
    assert "Owed in EUR 260.00" in page.text
    assert f"/books/invoice/{KEY}" in page.links()
    assert looking.get("/books/statement?customer=nobody").status == 404


def test_hostile_names_are_text_on_every_page(store):
    name, code = "<script>alert(1)</script>", '"onload=alert(1) {{ 7 }}'
    bad = invoice("<b>", name, name, codes=(code, "javascript:alert(1)"))
    Books(store).add(bad)
    key = invoice_key("S", "<b>").replace("<", "%3C").replace(">", "%3E")
    browser = Browser({"books": store})
    pages = [
        browser.get("/books/receivables"),
        browser.get(f"/books/invoice/{key}"),
        browser.get(f"/books/payment/{key}"),
        browser.get("/books/statement?customer=%3Cscript%3Ealert(1)%3C/script%3E"),
    ]
    form = {**pages[2].fields(), "amount": "1", "policy": "by-code", f"to-{code}": "<i>", "step": "check"}
    pages.append(browser.post(f"/books/payment/{key}", form))
    pages.append(browser.post(f"/books/payment/{key}", {**form, "policy": "in-proportion"}))
    assert [page.status for page in pages] == [200, 200, 200, 200, 422, 200]
    for page in pages:
        assert not [tag for tag, given in page.tags if tag in ("b", "i") and given]
        assert "<script>a" not in page.html
        assert not [given for _, given in page.tags if "onload" in given]
        assert "alert(1)" in page.text


class Counting(holdall.PassThrough):
    """Counts the scans of documents."""

    scans = 0

    def typed(self, type, /):
        self.scans += 1
        return self._inner.typed(type)


def test_the_board_reads_declared_views(store):
    counting = Counting(store)
    kept = [View(store, query, prefix="invoices/") for query in (BILLED, PAID, ADJUSTED, RECEIVED)]
    plain = Browser({"books": store}).get("/books/receivables?on=2026-02-01")
    viewed = Browser({"books": counting}, views={"books": kept}).get("/books/receivables?on=2026-02-01")
    assert viewed.text == plain.text
    assert counting.scans == 1, "only aging reads the documents"


def test_the_board_reads_no_view_of_documents_that_the_visitor_may_not_read(store):
    kept = [View(store, query) for query in (BILLED, PAID, RECEIVED)]
    store["drafts/1"] = next(value for key, value in store.items() if key.startswith("invoices/"))
    kept_tokens = holdall.Memory()
    token = Tokens(kept_tokens).add("ada", [Scope("books", "invoices/")])
    path, sent = "/books/receivables?on=2026-02-01", {"Authorization": f"Bearer {token}"}
    plain = Browser({"books": store}, tokens=kept_tokens).get(path, **sent)
    viewed = Browser({"books": store}, tokens=kept_tokens, views={"books": kept}).get(path, **sent)
    assert (viewed.status, viewed.text) == (200, plain.text)


def test_a_payment_over_two_invoices_has_a_page_and_is_on_those_of_its_invoices(store, browser):
    parts = {"1": Decimal(30), "2": Decimal(20)}
    Books(store).receive(Decimal(60), date(2026, 2, 4), parts, id="spread", reference="both")
    page = browser.get("/books/invoice/invoices/S/payments/spread")
    assert (page.status, "Payment spread" in page.text, "Record a payment" in page.text) == (200, True, False)
    assert "-10.00 EUR" in page.text.replace("\N{MINUS SIGN}", "-")
    assert "transfer" in browser.get(f"/books/invoice/{KEY}").text
    statement = browser.get("/books/statement?customer=C")
    assert statement.text.count("spread") == 1
    assert browser.get("/books/receivables").status == 200
