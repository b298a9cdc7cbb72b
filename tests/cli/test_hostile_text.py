"""Text from others neither runs in a spreadsheet nor fakes output on a terminal; programs get it as it is."""

import csv
import io
import json
import re
from contextlib import redirect_stdout

import pytest

import holdall
from holdall.cli.output.printing import print_rows
from holdall.cli.output.safe_text import visible
from holdall.cli.run import run
from holdall.domain import Books, Invoice
from holdall.domain.model import Party
from tests.cli.console import contents, good
from tests.cli.test_process import shown_on
from tests.domain.made import invoice, line

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+1+cmd",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    "-",
    "-1.5.2",
    "+47 123",
]
NUMBERS = ["-12.50", "-7", "0.00", "12"]
TEXTS = ["Acme", "two\r=1+1", "two\n=1+1", "a=b", "", "'quoted", "1-2"]
HIDDEN = "00.1\u202e\x1b[8m\x9b2J\u2066"
SHOWN = r"00.1\u202e\u001b[8m\u009b2J\u2066"
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile():
    """Books with an invoice of hostile texts."""
    with holdall.open("sqlite:///books.db", type=Invoice) as store:
        made = invoice("=1+1", line("1", c4400="-30.00"), customer=Party("@c", f"+{'x' * 9}"))
        Books(store).add(made)
    return "sqlite:///books.db"


class Terminal(io.TextIOWrapper):
    """A standard output that somebody looks at."""

    def isatty(self):
        return True


def on_a_terminal(*arguments):
    """What a command shows there."""
    out = Terminal(io.BytesIO(), "utf-8")
    with redirect_stdout(out):
        assert run(arguments) == 0
    out.flush()
    return out.buffer.getvalue().decode()


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        *((cell, f"'{cell}") for cell in FORMULAS),
        *((cell, cell) for cell in NUMBERS + TEXTS),
    ],
)
def test_a_text_cell_that_looks_like_a_formula_gets_an_apostrophe(cell, written):
    assert csv_of(cell, "csv") == written
    assert csv_of(cell, "csv-exact") == cell


def csv_of(cell, style):
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
    with redirect_stdout(out):
        print_rows(["name"], [[cell]], style)
    out.flush()
    _, (found,) = csv.reader(io.StringIO(out.buffer.getvalue().decode(), newline=""))
    return found


def test_the_csv_of_invoices_is_safe_and_its_numbers_are_numbers(hostile):
    (row,) = csv.DictReader(io.StringIO(good("invoices", "list", "--csv", "--from", hostile)))
    assert (row["number"], row["customer"], row["name"]) == ("'=1+1", "'@c", "'+xxxxxxxxx")
    assert (row["total"], row["owed"]) == ("-30.00", "-30.00")
    (row,) = csv.DictReader(io.StringIO(good("invoices", "list", "--csv-exact", "--from", hostile)))
    assert (row["number"], row["customer"], row["name"]) == ("=1+1", "@c", "+xxxxxxxxx")
    (row,) = csv.DictReader(io.StringIO(good("receivables", "aging", "--csv", "--from", hostile)))
    assert (row["customer"], row["total"]) == ("'@c", "-30.00")
    (row,) = json.loads(good("invoices", "list", "--json", "--from", hostile))
    assert row["number"] == "=1+1"


@pytest.fixture
def hidden():
    """A store with a value, a key and a document that hold control characters."""
    uri = "sqlite:///notes.db"
    with holdall.open(uri) as store:
        store["note"] = f"{HIDDEN}\nnext\tline\r\n".encode() + b"\xff"
        store["key\u202e"] = b""
    with holdall.open("sqlite:///documents.db?serializer=json") as store:
        store["document"] = {"name": HIDDEN}
    return uri


def test_a_value_is_shown_on_a_terminal_with_escapes(hidden):
    for command in ("get", "show"):
        assert on_a_terminal(command, hidden, "note") == f"{SHOWN}\nnext\tline\\u000d\n\\xff"
    assert good("get", hidden, "note").encode("utf-8", "surrogateescape") == contents(hidden)["note"]


def test_a_document_is_shown_on_a_terminal_as_json_that_reads_the_same(hidden):
    uri = "sqlite:///documents.db?serializer=json"
    shown = on_a_terminal("get", uri, "document")
    assert not UNSAFE.search(shown)
    assert json.loads(shown) == json.loads(good("get", uri, "document")) == {"name": HIDDEN}


def test_keys_are_listed_on_a_terminal_with_escapes(hidden):
    assert on_a_terminal("ls", hidden) == "key\\u202e\nnote\n"
    assert good("ls", hidden) == "key\u202e\nnote\n"


@pytest.mark.parametrize("style", ["--json", "--csv", "--csv-exact"])
def test_rows_are_shown_on_a_terminal_with_escapes(style):
    uri = "sqlite:///trail.db?history=on"
    with holdall.open(uri) as store, holdall.note(author="Ann", message=HIDDEN.replace("\x1b", "")):
        store["key"] = b"1"
    shown = on_a_terminal("history", uri, "key", style)
    assert not UNSAFE.search(shown)
    assert "00.1\\u202e" in shown
    assert "00.1\u202e" in good("history", uri, "key", style)


def test_a_real_terminal_is_one(hidden):
    assert shown_on(80, "get", hidden, "note").startswith(SHOWN)


def test_a_payment_is_confirmed_without_control_characters(hostile):
    with holdall.open(hostile, type=Invoice) as store:
        Books(store).add(invoice("8\u202e"))
    assert "\u202e" not in good("invoices", "pay", "8\u202e", "--amount", "1", "--from", hostile)


@pytest.mark.parametrize(
    "code", [0x00, 0x08, 0x0B, 0x0D, 0x1B, 0x7F, 0x85, 0x9F, 0x61C, 0x200F, 0x2028, 0x202E, 0x2069]
)
def test_what_is_escaped(code):
    assert visible(f"a{chr(code)}b") == f"a\\u{code:04x}b"


def test_what_is_not_escaped():
    assert visible("å \t\n—\u00a0\U0001f600") == "å \t\n—\u00a0\U0001f600"
