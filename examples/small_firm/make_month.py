"""Write the documents of a month in a small firm: python make_month.py [FOLDER]. All people and firms are invented.

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

CUSTOMERS = (
    "Adler Apotheke", "Bergmann Optik", "Café Central", "Dorfladen Rust", "Elbe Reederei", "Fischer Holzbau",
    "Gasthof Sonne", "Hofgut Linde", "Imkerei Wolf", "Juwelier Stern", "Keramik Haas", "Landarzt Dr. Voss",
)  # fmt: skip
RATE, HOSTING = Decimal("95.00"), Decimal("49.00")
TAX = Decimal("1.19")

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


def issued(position: int) -> date:
    """Return the day on which the invoice at that position is issued: two invoices on each weekday or so."""
    return date(2026, 9, 1) + timedelta(position // 2)


def hours(position: int) -> int:
    return 2 + position * 7 % 9


def total(position: int) -> Decimal:
    return ((hours(position) * RATE + HOSTING) * TAX).quantize(Decimal("0.01"))


def number(position: int) -> str:
    return f"2026-{101 + position}"


def reference(position: int) -> str:
    """Return the structured reference (ISO 11649) of an invoice: its number after two check digits."""
    digits = f"{101 + position}"
    return f"RF{98 - int(f'{digits}271500') % 97:02}{digits}"  # 2715 is RF in digits


def customer(position: int) -> dict[str, str]:
    place = position * 5 % len(CUSTOMERS)
    return {"id": f"C{place + 1:02}", "name": CUSTOMERS[place]}


def invoice(position: int) -> dict[str, object]:
    lines = [
        {"description": "Support, September", "quantity": hours(position), "unit_price": str(RATE)},
        {"description": "Hosting", "amount": str(HOSTING)},
    ]
    return {
        "number": number(position),
        "customer": customer(position),
        "issued": str(issued(position)),
        "due": str(issued(position) + timedelta(14)),
        "tax_rate": 19,
        "lines": lines,
        "payment_reference": reference(position),
    }


CREDIT_NOTE = {
    "number": "2026-G1",
    "kind": "credit-note",
    "customer": customer(4),
    "issued": "2026-09-15",
    "tax_rate": 19,
    "lines": [{"description": "Support, an hour too many", "amount": str(-RATE)}],
    "references": [number(4)],
}

UBL = """<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID>{number}</cbc:ID><cbc:IssueDate>{day}</cbc:IssueDate><cbc:DueDate>{day}</cbc:DueDate>
  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:AccountingSupplierParty><cac:Party>
    <cac:PartyTaxScheme><cbc:CompanyID>DE111222333</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyLegalEntity><cbc:RegistrationName>Lichtblick IT GmbH</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party>
    <cac:PartyIdentification><cbc:ID>{id}</cbc:ID></cac:PartyIdentification>
    <cac:PartyLegalEntity><cbc:RegistrationName>{name}</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingCustomerParty>
  <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{tax}</cbc:TaxAmount>
    <cac:TaxSubtotal><cbc:TaxableAmount currencyID="EUR">{net}</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">{tax}</cbc:TaxAmount>
      <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory>
    </cac:TaxSubtotal></cac:TaxTotal>
  <cac:LegalMonetaryTotal>
    <cbc:LineExtensionAmount currencyID="EUR">{net}</cbc:LineExtensionAmount><cbc:TaxExclusiveAmount currencyID="EUR">{net}</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount currencyID="EUR">{gross}</cbc:TaxInclusiveAmount><cbc:PayableAmount currencyID="EUR">{gross}</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="C62">1</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="EUR">{net}</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>{item}</cbc:Name></cac:Item>
    <cac:Price><cbc:PriceAmount currencyID="EUR">{net}</cbc:PriceAmount></cac:Price></cac:InvoiceLine>
</Invoice>
"""
WEBSHOP = (("W-501", 6, "Keyboard", "50.00", "9.50"), ("W-502", 14, "Monitor", "240.00", "45.60"), ("W-503", 22, "Dock", "120.00", "22.80"))


def ubl(name: str, day: int, item: str, net: str, tax: str) -> str:
    buyer, gross = customer(day), Decimal(net) + Decimal(tax)
    return UBL.format(number=name, day=date(2026, 9, day), item=item, net=net, tax=tax, gross=gross, **buyer)


Entry = tuple[int, Decimal, str, str, str]
"""An entry of the bank: the day of the month, the amount, the name, the text, and the structured reference."""


def paid(position: int, day: int, how: str) -> Entry:
    """Return the entry that pays one invoice in full, and names it as ``how`` says."""
    text = f"Rechnung {number(position)}" if how == "text" else ""
    structured = reference(position) if how == "reference" else ""
    return day, total(position), customer(position)["name"], text, structured


def entries() -> list[Entry]:
    """Return the entries of September: 20 that name one invoice and pay it, and 5 that need a person."""
    exact = [paid(position, 8 + position, "reference" if position % 2 else "text") for position in range(18)]
    shop = [(20 + day // 9, Decimal(net) + Decimal(tax), customer(day)["name"], f"Order {name}", "") for name, day, _, net, tax in WEBSHOP[:2]]
    both = (28, total(20) + total(32), customer(20)["name"], f"{number(20)} and {number(32)}", "")
    less = (28, total(21) - 2, customer(21)["name"], f"Rechnung {number(21)}", "")
    unnamed = (29, total(22), customer(22)["name"], "September, thank you", "")
    ahead = (29, Decimal("500.00"), customer(23)["name"], "On account", "")
    fee = (30, Decimal("-12.90"), "Bank", "Account fee", "")
    return [*exact, *shop, both, less, unnamed, ahead, fee]


def statement(name: str, month: int, found: list[Entry]) -> str:
    body = "".join(
        f"""
  <Ntry><Amt Ccy="EUR">{abs(amount)}</Amt><CdtDbtInd>{"DBIT" if amount < 0 else "CRDT"}</CdtDbtInd><Sts>BOOK</Sts>
    <BookgDt><Dt>{date(2026, month, day)}</Dt></BookgDt><AcctSvcrRef>{name}-{position:02}</AcctSvcrRef>
    <NtryDtls><TxDtls><RltdPties><Dbtr><Nm>{payer}</Nm></Dbtr></RltdPties><RmtInf>{
            f"<Ustrd>{text}</Ustrd>" if text else f"<Strd><CdtrRefInf><Ref>{structured}</Ref></CdtrRefInf></Strd>"
        }</RmtInf></TxDtls></NtryDtls></Ntry>"""
        for position, (day, amount, payer, text, structured) in enumerate(found, 1)
    )
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>{name}</MsgId></GrpHdr>
<Stmt><Id>{name}</Id><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>{body}
</Stmt></BkToCstmrStmt></Document>
"""


def write_month(folder: Path) -> None:
    """Write every document of the month into ``folder``."""
    (folder / "webshop").mkdir(parents=True, exist_ok=True)
    (folder / "codes.toml").write_text(CODES)
    (folder / "invoices.json").write_text(json.dumps([invoice(position) for position in range(40)], indent=1))
    (folder / "credit-note.json").write_text(json.dumps(CREDIT_NOTE, indent=1))
    for name, *facts in WEBSHOP:
        (folder / "webshop" / f"{name}.xml").write_text(ubl(name, *facts))
    (folder / "statement.xml").write_text(statement("2026-09", 9, entries()))
    (folder / "late-payment.xml").write_text(statement("2026-10", 10, [paid(25, 6, "text")]))


if __name__ == "__main__":
    write_month(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
