"""Take the pictures of the pages in docs/pictures again: python -m tools.pictures. It needs Chromium."""

import shutil
import threading
from pathlib import Path
from typing import Any, Final

from holdall import Json, Memory, Versions
from holdall.cli.books.bundled import import_bundled
from holdall.domain import Books, Invoice
from holdall.server import app
from holdall.server.serving import Server, listen

FOLDER: Final = Path(__file__).parents[1] / "docs" / "pictures"
INVOICE: Final = "invoices/NO999000222MVA/2026%252F115"
DESKTOP: Final = (1120, 900)
PHONE: Final = (360, 780)


def take(url: str, chromium: Any) -> None:
    """Take each picture of the service at ``url``."""
    board, invoice = "/books/receivables?on=2026-09-30", f"/books/invoice/{INVOICE}"
    history = f"/books/diff/{INVOICE}?from=1&to=2"
    for name, path, size, scheme in (
        ("board", board, (1120, 1150), "light"),
        ("board-phone", board, PHONE, "dark"),
        ("invoice", invoice, DESKTOP, "light"),
        ("invoice-phone", invoice, PHONE, "dark"),
        ("diff", history, (1120, 640), "dark"),
    ):
        page = chromium.new_page(
            viewport=dict(zip(("width", "height"), size, strict=True)), color_scheme=scheme
        )
        page.goto(url + path)
        _save(page, name)
    page = chromium.new_page(viewport={"width": 760, "height": 640}, color_scheme="light")
    page.goto(f"{url}/books/payment/{INVOICE}")
    page.fill("#amount", "1000")
    page.fill("#on", "2026-10-01")
    page.fill("#reference", "Sørvik kommune, 2026/115, part")
    page.click("text=Check the allocation")
    page.wait_for_selector("text=Record the payment")
    _save(page, "payment")


def _save(page: Any, name: str) -> None:
    page.screenshot(path=FOLDER / f"pages-{name}.png")
    page.close()


def main() -> None:
    """Serve the books of the demo, and take the pictures."""
    from playwright.sync_api import sync_playwright

    store = Json(Versions(Memory()), Invoice)
    import_bundled(Books(store))
    server = Server(app({"books": store}), listen("127.0.0.1:0"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with sync_playwright() as started:
            chromium = started.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            take(server.url, chromium)
            chromium.close()
    finally:
        server.stop()
        thread.join()


if __name__ == "__main__":
    main()
