"""The pages in a real browser: the tasks of a person there, with and without JavaScript, and the findings of axe."""

import re
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest

import holdall
from holdall.domain import Books
from holdall.server import Scope, Tokens
from tests.server.books import DAY, KEY, LINK, demo_books
from tests.server.test_pages import HOSTILE

pytestmark = pytest.mark.servers

PAGES = {
    "stores": "/",
    "folder": "/books/docs/invoices/NO999000222MVA/",
    "search": "/books/docs?find=2026",
    "document": f"/books/docs/{LINK}",
    "history": f"/books/history/{LINK}",
    "revision": f"/books/revision/{LINK}?number=1",
    "diff": f"/books/diff/{LINK}?from=1&to=2",
    "revert": f"/books/revert/{LINK}?number=1",
    "board": f"/books/receivables?on={DAY}",
    "invoice": f"/books/invoice/{LINK}",
    "payment": f"/books/payment/{LINK}",
    "statement": "/books/statement?customer=T9999000555000",
    "missing": "/books/docs/missing",
    "text": "/notes/docs/a",
}


@contextmanager
def window(chromium, status=(), **options):
    """A page of a new browser. It fails if the console has an error, other than of an answer with ``status``."""
    context = chromium.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(60_000)
    said = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(f"dialog {dialog.message}"), dialog.dismiss()))
    yield page
    context.close()
    refused = "Failed to load resource: the server responded with a status of "
    expected = re.compile(rf"{refused}({'|'.join(status) or 'x'})")
    assert [text for text in said if not expected.match(text)] == []


@pytest.fixture
def store():
    return demo_books()


@pytest.fixture
def http(serving, store):
    notes = holdall.Text(holdall.Memory())
    notes["a"] = "hello " * 200
    with serving({"books": store, "notes": notes}) as client:
        yield client


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_no_page_is_too_wide(chromium, http, scheme):
    from axe_playwright_python.sync_playwright import Axe

    found = {}
    with window(chromium, ["404", "422"], color_scheme=scheme, reduced_motion="reduce") as page:
        for name, path in PAGES.items():
            page.goto(http.url + path)
            found[name] = _serious(Axe().run(page))
            for width in (360, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") == width, (name, width)
        page.goto(http.url + PAGES["payment"])
        page.fill("#amount", "ten")
        page.click("text=Check the allocation")
        found["payment with an error"] = _serious(Axe().run(page))
        page.fill("#amount", "10")
        page.click("text=Check the allocation")
        page.wait_for_selector("text=Record the payment")
        found["check of a payment"] = _serious(Axe().run(page))
    assert {name: each for name, each in found.items() if each} == {}


def _serious(results):
    return [
        (each["id"], [node["html"] for node in each["nodes"]][:3])
        for each in results.response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_records_a_payment(chromium, http, store, scripts):
    with window(chromium, ["422"], java_script_enabled=scripts) as page:
        page.goto(f"{http.url}/books/docs/invoices/NO999000222MVA/")
        page.click("text=2026%2F115")
        page.click("text=Record a payment")
        page.fill("#amount", "1,000")
        page.fill("#on", "2026-10-01")
        page.fill("#reference", "from the bank")
        page.click("text=Check the allocation")
        assert page.locator("#amount").get_attribute("aria-invalid") == "true"
        assert (
            page.locator("[role=alert]").evaluate("each => each === document.activeElement")
            if scripts
            else True
        )
        page.click("[role=alert] a")
        if scripts:
            assert page.locator("#amount").evaluate("each => each === document.activeElement")
        page.fill("#amount", "1000")
        page.click("text=Code after code")
        page.click("text=Check the allocation")
        assert page.locator("tbody tr").first.locator("td").nth(1).inner_text() == "1,000.00"
        page.dblclick("text=Record the payment")
        page.wait_for_selector("text=The payment of 1,000.00 NOK is recorded.")
        page.reload()
    (payment,) = (each for each in store[KEY].payments if each.reference == "from the bank")
    assert (payment.amount, payment.on) == (Decimal(1000), date(2026, 10, 1))


def test_the_keyboard_reaches_everything(chromium, http):
    with window(chromium) as page:
        page.goto(http.url + PAGES["payment"])
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        reached = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            reached.add(page.evaluate("document.activeElement.name || document.activeElement.textContent"))
            shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert shown != "none", page.evaluate("document.activeElement.outerHTML")
        assert {"amount", "on", "reference", "policy", "to-VAT", "overpaid", "step", "Cancel"} <= reached


@pytest.mark.parametrize("scripts", [True, False])
def test_an_earlier_value_is_brought_back(chromium, http, store, scripts):
    first = store.at(KEY, 1)
    with window(chromium, java_script_enabled=scripts) as page:
        page.goto(f"{http.url}/books/docs/{LINK}")
        page.click("main >> text=History")
        page.click("tbody tr:last-child >> text=Revert")
        page.click("button:has-text('Revert to revision 1')")
        page.wait_for_selector("text=revert to 1")
    assert store[KEY] == first


def test_a_page_follows_the_changes_of_its_store(chromium, http, store):
    with window(chromium) as page:
        page.goto(f"{http.url}/books/invoice/{LINK}")
        with page.expect_response(lambda answer: "/changes" in answer.url):
            page.reload()
        Books(store).pay(
            "2026/115", Decimal(77), date(2026, 10, 2), seller="NO999000222MVA", reference="live one"
        )
        page.wait_for_selector("text=live one")


def test_without_scripts_a_reload_shows_the_change(chromium, http, store):
    with window(chromium, java_script_enabled=False) as page:
        page.goto(f"{http.url}/books/invoice/{LINK}")
        Books(store).pay(
            "2026/115", Decimal(77), date(2026, 10, 2), seller="NO999000222MVA", reference="late one"
        )
        page.reload()
        assert page.locator("text=late one").count() == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_visitor_logs_in_and_no_script_reads_the_cookie(chromium, serving, store, scripts):
    tokens = holdall.Memory()
    token = Tokens(tokens).add("ada", [Scope("books", write=True)])
    with (
        serving({"books": store}, tokens=tokens) as http,
        window(chromium, ["422"], java_script_enabled=scripts) as page,
    ):
        page.goto(f"{http.url}/books/invoice/{LINK}")
        page.fill("#token", "holdall_ada.wrong")
        page.click("main >> button")
        page.wait_for_selector("text=wrong, revoked or expired")
        page.fill("#token", token)
        page.click("main >> button")
        page.wait_for_selector("h1:has-text('Invoice 2026/115')")
        if scripts:
            assert page.evaluate("document.cookie") == ""
        (cookie,) = page.context.cookies()
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        page.click("text=Log out")
        page.goto(f"{http.url}/books/invoice/{LINK}")
        assert page.url.startswith(f"{http.url}/-/login?next=")


def test_a_hostile_store_runs_nothing(chromium, serving):
    store = holdall.Json(holdall.Memory())
    store.update((key, {key: f"</pre><script>alert(2)</script>{key}"}) for key in HOSTILE)
    with serving({"hostile": store}) as http, window(chromium) as page:
        folders, seen = [f"{http.url}/hostile/docs"], 0
        while folders:
            page.goto(folders.pop())
            links = [link.get_attribute("href") for link in page.locator(".names a").all()]
            folders += [http.url + link for link in links if link.endswith("/")]
            for link in links:
                if not link.endswith("/"):
                    page.goto(http.url + link)
                    seen += 1
                    assert page.locator("pre").count() == 1
                    assert page.locator("main script, main img").count() == 0
        assert seen == len(HOSTILE)


def test_a_form_of_another_site_is_refused_by_a_real_browser(chromium, serving, http, store):
    """A page of the same machine, on another port, has the cookies of the service, and knows a token of a form."""
    with window(chromium, ["403"]) as page:
        page.goto(f"{http.url}/books/revert/{LINK}?number=1")
        token = page.locator("main input[name=form_token]").get_attribute("value")
        fields = {"form_token": token, "number": "1", "tag": store.tag(KEY)}
        inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
        body = (
            f'<form method="post" action="{http.url}/books/revert/{LINK}">{inputs}<button>go</button></form>'
        )
        page.route("**/evil", lambda route: route.fulfill(body=body, content_type="text/html"))
        before = store[KEY]
        for origin in ("http://evil.example", "http://127.0.0.1:9"):
            page.goto(f"{origin}/evil")
            with page.expect_navigation():
                page.click("text=go")
            assert page.locator("h1").inner_text() == "Forbidden"
        assert store[KEY] == before


def test_a_statement_prints_without_its_links(chromium, http):
    with window(chromium) as page:
        page.goto(http.url + PAGES["statement"])
        page.emulate_media(media="print")
        assert not page.locator(".top").is_visible()
        assert page.locator("h1").is_visible()
        assert page.pdf(format="A4").startswith(b"%PDF-")
