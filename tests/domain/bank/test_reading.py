"""Files of a bank: which format a file has, and the formats that are refused by their names."""

import pytest

from holdall.domain.bank.csv_format import CsvFormat
from holdall.domain.bank.importing import read_files
from holdall.domain.bank.reading import read_statements
from holdall.errors import Invalid
from tests.domain.bank.statements import camt, entry, statement

CSV = b"date,amount\n2026-09-01,1.00\n"
EUR = CsvFormat(currency="EUR")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%PDF-1.7\n", "a PDF"),
        (b"PK\x03\x04", "a ZIP archive, as .xlsx is too"),
        (b"\x1f\x8b\x08", "compressed by gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
        (b"\x89PNG\r\n", "a picture"),
        (b"{1:F01BANKDEFFXXXX0000000000}{2:I940", "MT940"),
        (b"\r\n:20:STARTUMS\r\n", "MT940"),
        (b"BANKDEFF\n:20:951110\n:25:45050050/76198810\n:28C:27/01\n", "MT940"),
        (b"OFXHEADER:100\nDATA:OFXSGML\n", "OFX"),
        (b"!Type:Bank\nD1/1/26\n", "QIF"),
        (b"<!DOCTYPE html><html>", "a page in HTML"),
        (b'[{"amount": 1}]', "JSON"),
        (b"\xef\xbb\xbf  \n", "empty"),
        (b"", "empty"),
    ],
)
def test_other_formats_are_refused_by_their_names_and_with_the_remedy(tmp_path, content, name):
    file = tmp_path / "bank.txt"
    file.write_bytes(content)
    with pytest.raises(Invalid) as caught:
        read_statements(file, EUR)
    told = str(caught.value)
    assert told.startswith(f"{file}: it is {name}")
    assert any(
        remedy in told
        for remedy in ("CAMT.053", "unpack", "import the statements", "as CSV", "complete copy")
    )


@pytest.mark.parametrize("content", [CSV, camt(statement(entry()))])
def test_a_file_that_is_too_large_is_refused(tmp_path, content):
    file = tmp_path / "bank"
    file.write_bytes(content)
    assert len(read_statements(file, EUR)[0].entries) == 1
    with pytest.raises(Invalid, match="it has more than 20 bytes"):
        read_statements(file, EUR, limit=20)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_format_is_found_by_the_content(tmp_path, mark):
    (tmp_path / "a.txt").write_bytes(mark + CSV)
    (tmp_path / "b.txt").write_bytes(mark + camt(statement(entry())))
    found = read_files([tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "missing"], EUR)
    assert [each.account for each in found.read] == ["bank", "DE02120300000000202051"]
    assert found.refused == [(str(tmp_path / "missing"), "No such file or directory")]
