"""Write the documents of a month in a small firm: python make_month.py FOLDER. All people and firms are invented.

invoices.json        40 invoices of September 2026
credit-note.json     a credit note for one of them
webshop/*.xml        three invoices of the web shop, in UBL
statement.xml        a bank statement of 25 entries, in CAMT.053
late-payment.xml     a bank statement of October, with one payment
codes.toml           the rules that file the lines under accounting codes
"""

import json
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

TEMPLATES = Path(__file__).parent / "templates"
CUSTOMERS = (
    "Adler Apotheke", "Bergmann Optik", "Café Central", "Dorfladen Rust", "Elbe Reederei", "Fischer Holzbau",
    "Gasthof Sonne", "Hofgut Linde", "Imkerei Wolf", "Juwelier Stern", "Keramik Haas", "Landarzt Dr. Voss",
)  # fmt: skip
RATE, HOSTING, TAX = Decimal("95.00"), Decimal("49.00"), Decimal("0.19")
WEBSHOP = {
    "W-501": ("Keyboard", 6, "50.00"),
    "W-502": ("Monitor", 14, "240.00"),
    "W-503": ("Dock", 22, "120.00"),
}
CODES = """
default = "8499"

[[rules]]
kind = "tax"
code = "1776"

[[rules]]
text = "support*"
code = "8400"

[[rules]]
text = "hosting*"
code = "8410"
"""


class Entry(NamedTuple):
    """An entry of the bank. ``about`` is a text, or a structured reference if it begins with RF."""

    day: date
    amount: Decimal
    name: str
    about: str


def customer(position: int) -> dict[str, str]:
    place = position * 5 % len(CUSTOMERS)
    return {"id": f"C{place + 1:02}", "name": CUSTOMERS[place]}


def number(position: int) -> str:
    return f"2026-{101 + position}"


def reference(position: int) -> str:
    """Return the reference that the payer should give (ISO 11649): RF, two check digits, and the digits of a number."""
    digits = f"{101 + position}"
    return f"RF{98 - int(f'{digits}271500') % 97:02}{digits}"  # 27 and 15 are R and F


def hours(position: int) -> int:
    return 2 + position * 7 % 9


def with_tax(net: Decimal) -> Decimal:
    return (net * (1 + TAX)).quantize(Decimal("0.01"))


def total(position: int) -> Decimal:
    return with_tax(hours(position) * RATE + HOSTING)


def invoice(position: int) -> dict[str, object]:
    issued = date(2026, 9, 1) + timedelta(position // 2)
    return {
        "number": number(position),
        "customer": customer(position),
        "issued": str(issued),
        "due": str(issued + timedelta(14)),
        "tax_rate": 19,
        "payment_reference": reference(position),
        "lines": [
            {"description": "Support, September", "quantity": hours(position), "unit_price": str(RATE)},
            {"description": "Hosting", "amount": str(HOSTING)},
        ],
    }


def credit_note() -> dict[str, object]:
    """Return the credit note for an hour of support too many, on the fifth invoice."""
    return {
        "number": "2026-G1",
        "kind": "credit-note",
        "customer": customer(4),
        "issued": "2026-09-15",
        "tax_rate": 19,
        "references": [number(4)],
        "lines": [{"description": "Support, an hour too many", "amount": str(-RATE)}],
    }


def webshop(order: str) -> str:
    item, day, net = WEBSHOP[order]
    facts = {"number": order, "day": date(2026, 9, day), "item": item, "net": net, **customer(day)}
    gross = with_tax(Decimal(net))
    return (TEMPLATES / "invoice.xml").read_text().format(tax=gross - Decimal(net), gross=gross, **facts)


def paid(position: int, day: date, about: str = "") -> Entry:
    """Return the entry that pays an invoice in full. It names the number of the invoice, or ``about``."""
    return Entry(day, total(position), customer(position)["name"], about or f"Rechnung {number(position)}")


def september() -> list[Entry]:
    """Return the 25 entries of September: 21 name invoices and pay all of them, and four need a person."""
    first = date(2026, 9, 8)
    orders = [
        Entry(date(2026, 9, 24), with_tax(Decimal(net)), customer(day)["name"], f"Order {order}")
        for order, (_, day, net) in list(WEBSHOP.items())[:2]
    ]
    return [
        *(paid(each, first + timedelta(each), reference(each) if each % 2 else "") for each in range(18)),
        *orders,
        Entry(
            date(2026, 9, 28), total(20) + total(32), customer(20)["name"], f"{number(20)} and {number(32)}"
        ),
        paid(21, date(2026, 9, 28))._replace(amount=total(21) - 2),
        paid(22, date(2026, 9, 29), "September, thank you"),
        Entry(date(2026, 9, 29), Decimal("500.00"), customer(23)["name"], "On account"),
        Entry(date(2026, 9, 30), Decimal("-12.90"), "The bank", "Account fee"),
    ]


def statement(name: str, entries: list[Entry]) -> str:
    template = (TEMPLATES / "entry.xml").read_text()
    written = [
        template.format(
            id=f"{name}-{position:02}",
            amount=abs(each.amount),
            direction="DBIT" if each.amount < 0 else "CRDT",
            day=each.day,
            name=each.name,
            about=f"<Strd><CdtrRefInf><Ref>{each.about}</Ref></CdtrRefInf></Strd>"
            if each.about.startswith("RF")
            else f"<Ustrd>{each.about}</Ustrd>",
        )
        for position, each in enumerate(entries, 1)
    ]
    return (TEMPLATES / "statement.xml").read_text().format(name=name, entries="".join(written))


def write_month(folder: Path) -> None:
    """Write every document of the month into ``folder``."""
    (folder / "webshop").mkdir(parents=True, exist_ok=True)
    documents = {
        "codes.toml": CODES,
        "invoices.json": json.dumps([invoice(position) for position in range(40)], indent=1),
        "credit-note.json": json.dumps(credit_note(), indent=1),
        "statement.xml": statement("2026-09", september()),
        "late-payment.xml": statement("2026-10", [paid(25, date(2026, 10, 6))]),
        **{f"webshop/{order}.xml": webshop(order) for order in WEBSHOP},
    }
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_month(Path(sys.argv[1]))
