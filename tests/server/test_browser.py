"""The stream of changes in a real browser, whose `EventSource` goes on by itself after a lost connection."""

import pytest

import holdall

pytestmark = pytest.mark.servers

SCRIPT = """path => new Promise((resolve, reject) => {
    const told = [], source = new EventSource(path)
    source.onopen = () => { document.title = "open" }
    source.addEventListener("expired", event => { source.close(); resolve({expired: JSON.parse(event.data)}) })
    source.onmessage = event => {
        told.push(JSON.parse(event.data).key)
        if (told.includes("last")) { source.close(); resolve(told) }
    }
    source.onerror = () => { if (source.readyState == EventSource.CLOSED) reject(new Error("closed")) }
})"""


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    page.route("**/blank", lambda route: route.fulfill(body="<title>blank</title>", content_type="text/html"))
    yield page
    page.close()


def test_a_browser_gets_each_change_and_misses_none(serving, page):
    store = holdall.Text(holdall.Memory())
    store["first"] = "1"
    with serving({"notes": store}, limits={"seconds": 1.0}) as http:  # the stream ends several times
        page.goto(f"{http.url}/blank")
        page.evaluate(f"void (window.told = ({SCRIPT})('/v1/notes/changes'))")
        page.wait_for_function("document.title == 'open'")
        for number in range(40):
            store[f"{number:02}"] = "x"
            page.wait_for_timeout(100)
        store["last"] = "x"
        assert page.evaluate("window.told") == ["first", *(f"{number:02}" for number in range(40)), "last"]
