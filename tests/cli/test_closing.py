"""The commands books close, reopen and status, and the commands that a closed period refuses."""

import json

import pytest

import holdall
from tests.cli.console import call, contents, good, refusal

DAY = "2026-09-30"
OPEN = "2026/115"  # issued on 2026-05-26; 14,050.00 NOK are owed
BY = ["--by", "Ann"]


@pytest.fixture
def closed(books):
    assert good("books", "close", DAY, *BY, "--from", books) == f"the books are closed until {DAY}\n"
    return books


@pytest.mark.parametrize(
    "arguments",
    [
        ["invoices", "pay", OPEN, "--amount", "1", "--on", DAY],
        ["invoices", "write-off", OPEN, "--code", "6930", "--reason", "r", "--on", "2026-01-01"],
        ["invoices", "refund", "2026/101", "--amount", "1", "--on", DAY],
    ],
    ids=lambda each: each[1],
)
def test_commands_on_a_closed_day_are_refused_and_change_nothing(closed, arguments):
    before = contents(closed)
    told = refusal(*arguments, "--from", closed)
    assert (
        f"but the books are closed until {DAY}; give a later day, or reopen them with `holdall books reopen`"
        in told
    )
    assert contents(closed) == before


def test_an_invoice_of_a_closed_period_is_not_deleted(closed):
    with holdall.open(closed) as store:
        key = next(store.scan("invoices/"))
    for more in ([], ["--force", "--reason", "r"]):
        assert f"the books are closed until {DAY}" in refusal("del", closed, key, *more)
    with holdall.open(closed) as store:
        assert key in store


def test_an_import_refuses_the_documents_of_a_closed_period(closed, folder):
    rent = {
        "number": "R-1",
        "customer": "Ada",
        "seller": "Bo",
        "currency": "EUR",
        "lines": [{"amount": "5.00"}],
    }
    documents = [rent | {"issued": DAY}, rent | {"number": "R-2", "issued": "2026-10-01"}]
    (folder / "rents.json").write_text(json.dumps(documents))
    done = call("invoices", "add", "rents.json", "--into", closed)
    assert "invoice 'R-1' is dated 2026-09-30, but the books are closed" in done.err
    assert done.out == "imported 1, already there 0, refused 1\n"


def test_recode_tells_which_invoices_stay(closed, folder):
    (folder / "codes.toml").write_text('default = "8400"')
    done = call("invoices", "recode", "--codes", "codes.toml", "--reason", "r", "--from", closed)
    assert done.err.splitlines() == [
        f"holdall: the books are closed until {DAY}, so invoices until then stay",
        "recoded 0",
    ]


def test_reopening_leaves_a_trace(closed, monkeypatch):
    monkeypatch.setenv("HOLDALL_AUTHOR", "Bo")
    reopen = ["books", "reopen", "--until", "2026-08-31", "--reason", "a late invoice", "--from", closed]
    assert good(*reopen) == "the books are closed until 2026-08-31\n"
    good("invoices", "pay", OPEN, "--amount", "1", "--on", DAY, "--from", closed)
    told = json.loads(good("books", "status", "--from", closed, "--json"))
    assert [(each["closed until"], each["by"], each["reason"]) for each in told] == [
        (DAY, "Ann", ""),
        ("2026-08-31", "Bo", "a late invoice"),
    ]
    assert good("books", "reopen", "--reason", "all", "--from", closed) == "the books are not closed\n"
    assert good("books", "status", "--from", closed).splitlines()[0] == "the books are not closed"


def test_the_status_of_books_that_were_never_closed(books):
    assert good("books", "status", "--from", books) == "the books are not closed\n"
    assert "there is nothing to reopen" in refusal("books", "reopen", "--reason", "r", "--from", books)


def test_the_history_keeps_who_closed_the_books(folder):
    books = "sqlite:///kept.db?serializer=json&history=on"
    (folder / "rent.json").write_text(
        '{"number": "7", "customer": "Ada", "seller": "Bo", "currency": "EUR", "lines": [{"amount": "5.00"}]}'
    )
    good("invoices", "add", "rent.json", "--into", books)
    good("books", "close", DAY, *BY, "--from", books)
    good("books", "reopen", "--reason", "a late invoice", *BY, "--from", books)
    told = good("history", books, "books/closed")
    assert "reopen: a late invoice" in told
    assert f"Ann      close until {DAY}" in told
