"""invoices import: the good in, the bad listed with reasons, and nothing twice."""

import errno
import os
import re
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from tests.cli.console import BUNDLED, PROGRAM, call, contents, good, refusal

SOUND = (BUNDLED / "nl-2026-014.xml").read_text("utf-8")
NUMBER = "<cbc:ID>NL-2026-014</cbc:ID>"

BAD = {
    "truncated.xml": (SOUND[:3000], "no element found"),
    "empty.xml": ("", "get a complete copy of it"),
    "note.xml": ("<note>Pay me</note>", "not a UBL 2 Invoice or CreditNote"),
    "text.xml": ("Pay me", "not well-formed XML"),
    "bomb.xml": ('<!DOCTYPE x [<!ENTITY a "a">]><x>&a;</x>', "remove the DOCTYPE"),
    "sum.xml": (SOUND.replace(">58.80</cbc:Line", ">58.90</cbc:Line"), "come to 219.87"),
    "code.xml": (SOUND.replace(">EUR<", ">EUX<"), "'EUX'"),
    "mixed.xml": (SOUND.replace('currencyID="EUR">140', 'currencyID="USD">140'), "USD"),
    "long.xml": (SOUND.replace(NUMBER, f"<cbc:ID>{'Ø' * 200}</cbc:ID>"), "the limit is 400"),
}


@pytest.fixture
def inbox(folder):
    """A folder with a sound invoice, in a folder below it."""
    (folder / "in box" / "2026").mkdir(parents=True)
    (folder / "in box" / "2026" / "sound.XML").write_text(SOUND, "utf-8")
    return folder / "in box"


def test_files_and_folders_are_imported_once(uri, inbox):
    (inbox / "readme.txt").write_text("not an invoice")
    first = good("invoices", "import", inbox, "--into", uri)
    assert first == "imported 1, already there 0, refused 0, passed over 1 (1 .txt)\n"
    assert list(contents(uri)) == ["invoices/DE999000111/NL-2026-014"]
    before = contents(uri)
    file = inbox / "2026" / "sound.XML"
    again = good("invoices", "import", inbox, file, "--into", uri)
    assert again == "imported 0, already there 1, refused 0, passed over 1 (1 .txt)\n"
    assert contents(uri) == before


def test_a_number_of_megabytes_is_refused_in_a_line_that_can_be_read(folder):
    (folder / "long.xml").write_text(SOUND.replace(NUMBER, f"<cbc:ID>{'7' * 3_000_000}</cbc:ID>"), "utf-8")
    done = call("invoices", "import", "long.xml", "--into", "sqlite:///a.db")
    assert (done.code, done.out) == (1, "imported 0, already there 0, refused 1\n")
    assert len(done.err) < 2_200


def test_the_good_are_imported_and_the_bad_listed_with_reasons(uri, inbox):
    for name, (text, _) in BAD.items():
        (inbox / name).write_text(text, "utf-8")
    for added, known in ((1, 0), (0, 1)):
        done = call("invoices", "import", inbox, "--into", uri)
        assert done.code == 1
        assert done.out == f"imported {added}, already there {known}, refused {len(BAD)}\n"
        reasons = dict(
            line.removeprefix(f"refused: {inbox}/").split(": ", 1) for line in done.err.splitlines()
        )
        assert sorted(reasons) == sorted(BAD)
        assert {name: why for name, (_, why) in BAD.items() if why not in reasons[name]} == {}
        assert list(contents(uri)) == ["invoices/DE999000111/NL-2026-014"]


def test_a_difference_within_the_tolerance_is_a_rounding_line(uri, inbox):
    (inbox / "sum.xml").write_text(BAD["sum.xml"][0].replace("NL-2026-014", "8"), "utf-8")
    asked = ("invoices", "import", inbox, "--into", uri, "--tolerance")
    assert "'-1' is negative" in refusal(*asked, "-1", code=2)
    assert "refused 1" in call(*asked, "0.09").out
    assert good(*asked, "0.10") == "imported 1, already there 1, refused 0\n"
    assert re.search(r"rounding +-0\.10", good("invoices", "show", "8", "--from", uri))


def test_a_number_used_again_for_something_else_is_refused(uri, inbox):
    good("invoices", "import", inbox, "--into", uri)
    before = contents(uri)
    (inbox / "other.xml").write_text(SOUND.replace("2026-03-05", "2026-04-05"), "utf-8")
    done = call("invoices", "import", inbox, "--into", uri)
    assert (done.code, done.out) == (1, "imported 0, already there 1, refused 1\n")
    assert "other.xml: invoice 'NL-2026-014' of 219.77 EUR" in done.err
    assert "differs in due" in done.err
    assert contents(uri) == before


def test_one_number_of_two_sellers_is_two_invoices(uri, inbox):
    (inbox / "other.xml").write_text(SOUND.replace("DE999000111", "DE5"), "utf-8")
    assert "imported 2" in good("invoices", "import", inbox, "--into", uri)
    line = refusal("invoices", "show", "NL-2026-014", "--from", uri)
    assert "is used by the sellers 'DE5', 'DE999000111'; name the seller" in line
    shown = good("invoices", "show", "NL-2026-014", "--seller", "DE5", "--from", uri)
    assert "(DE5)" in shown


def test_one_number_of_two_years_is_two_invoices(uri, inbox):
    (inbox / "other.xml").write_text(SOUND.replace("2026-", "2025-").replace("NL-2025", "NL-2026"), "utf-8")
    assert "imported 2" in good("invoices", "import", inbox, "--into", uri)
    line = refusal("invoices", "pay", "NL-2026-014", "--amount", "5", "--from", uri)
    assert "is used in the series 2025-invoice, 2026-invoice; name the series" in line
    asked = ("NL-2026-014", "--series", "2025-invoice", "--from", uri)
    assert "214.77 EUR is owed now" in good("invoices", "pay", *asked, "--amount", "5")
    assert re.search(r"issued +2025", good("invoices", "show", *asked))


def test_a_file_that_cannot_be_read_is_listed(uri, inbox):
    (inbox / "a.xml").symlink_to(inbox / "a.xml")
    (inbox / "b.xml").symlink_to(inbox / "gone.xml")
    os.mkfifo(inbox / "c.xml")
    done = call("invoices", "import", inbox, "/proc/self/mem", "--into", uri)
    assert done.code == 1
    refused = [line.split(": ")[1] for line in done.err.splitlines()]
    assert refused == [f"{inbox}/a.xml", f"{inbox}/b.xml", "/proc/self/mem"]
    assert done.out == "imported 1, already there 0, refused 3\n"


def test_a_folder_below_that_cannot_be_read_is_an_error(uri, inbox, monkeypatch):
    monkeypatch.setattr(os, "scandir", _without_rights(inbox / "2026"))
    line = refusal("invoices", "import", inbox, "--into", uri)
    assert (
        line == f"holdall: {inbox}/2026: Permission denied; check its permissions, or name the other folders"
    )


def _without_rights(folder):
    """`os.scandir` for one who may not read ``folder``, since root may."""
    listed = os.scandir

    def scandir(path):
        if Path(path) == folder:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return listed(path)

    return scandir


def test_a_name_cannot_fake_a_line(uri, folder):
    (folder / "a\nimported 9\x1b[2K.xml").write_text("no invoice")
    done = call("invoices", "import", folder, "--into", uri)
    assert done.code == 1
    (line,) = done.err.splitlines()
    assert line.isprintable()


def test_what_is_not_there_is_wrong_usage(uri, folder):
    assert "'inbox' does not exist" in refusal("invoices", "import", "inbox", "--into", uri, code=2)
    assert list(folder.iterdir()) == []


def test_a_folder_without_invoices_is_an_error(uri, folder):
    (folder / "inbox").mkdir()
    assert "inbox: there is no .xml file" in refusal("invoices", "import", "inbox", "--into", uri)


def test_an_error_of_the_store_ends_the_import_and_says_how_far_it_came(inbox, folder):
    (folder / "books").mkdir(mode=0o700)
    (folder / "books" / ".lock").mkdir()
    done = call("invoices", "import", inbox, "--into", "file:books")
    assert (done.code, done.out) == (1, "imported 0, already there 0, refused 0\n")
    (line,) = done.err.splitlines()
    assert line.startswith("holdall: ")
    assert "books" in line


def test_the_published_examples_are_imported(shared_invoices, uri):
    done = call("invoices", "import", shared_invoices, "--into", uri)
    assert done.code == 1
    refused = done.err.splitlines()
    assert all("is in the books already" in line for line in refused)
    added, known, count = map(int, re.findall(r"\d+", done.out))
    assert good("count", uri) == f"{added}\n"
    assert count == len(refused)
    assert added + known + count == len(list(shared_invoices.rglob("*.xml")))


def test_two_processes_import_the_same_at_once_and_nothing_is_doubled(folder):
    command = [*PROGRAM, "invoices", "import", BUNDLED, "--into", "sqlite:///books.db"]
    running = [Popen(command, stdout=PIPE, stderr=PIPE, text=True) for _ in range(2)]
    outputs = [each.communicate() for each in running]
    assert [each.returncode for each in running] == [0, 0], outputs
    added = [int(re.match(r"imported (\d+), already there \d+, refused 0", out)[1]) for out, _ in outputs]
    assert sum(added) == 30
    assert good("count", "sqlite:///books.db") == "30\n"
