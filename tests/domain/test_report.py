"""Reports: typed rows, and text by column for tables, CSV and JSON."""

from datetime import date
from decimal import Decimal

from holdall.domain.report import AgingRow, CodeRow, Report, StatementRow


def test_rows_are_typed_and_cells_are_text() -> None:
    row = StatementRow(date(2026, 2, 1), "payment", "7", "RF1", "EUR", Decimal(-4), Decimal(10))
    report = Report(("on", "kind", "number", "reference", "currency", "amount", "balance"), [row])
    assert report[0] is row
    assert list(report.cells()) == [("2026-02-01", "payment", "7", "RF1", "EUR", "-4.00", "10.00")]
    assert report.records()[0]["on"] == "2026-02-01"


def test_each_bucket_is_a_cell() -> None:
    row = AgingRow("C", "Customer", "JPY", (Decimal(0), Decimal("5.0")), Decimal(5))
    report = Report(("customer", "name", "currency", "current", "over 0", "total"), [row])
    assert list(report.cells()) == [("C", "Customer", "JPY", "0", "5", "5")]


def test_it_is_a_sequence() -> None:
    rows = [CodeRow("EUR", str(code), Decimal(code)) for code in range(3)]
    report = Report(("currency", "code", "amount"), iter(rows))
    assert (len(report), list(report), report[1:]) == (3, rows, rows[1:])
    assert rows[1] in report
