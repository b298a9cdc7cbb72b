"""receivables --view: the output is that without the option, and reads only the invoices that changed."""

import shutil

import pytest

import holdall
from tests.cli.console import call, contents, good, refusal

CUSTOMER = "NO999000666MVA"
OPEN = "2026/115"
REPORTS = ["billed", "paid", "outstanding", "by-code", "received", "aging", "statement"]


def asked(name, books, *options):
    own = [CUSTOMER] if name == "statement" else []
    return ["receivables", name, *own, "--from", books, *options]


def pay(books, number, amount, *options):
    assert call("invoices", "pay", number, "--from", books, "--amount", amount, *options).code == 0


def test_the_output_is_that_without_the_view(books):
    for style in (["--json"], ["--seller", "NO999000222MVA"]):
        pay(books, OPEN, "1.00", "--on", "2026-09-01")
        for name in REPORTS:
            assert good(*asked(name, books, "--view", *style)) == good(*asked(name, books, *style))


def test_the_view_is_kept_next_to_the_books_and_hidden(books):
    keys = sorted(contents(books))
    good(*asked("outstanding", books, "--view"))
    assert sorted(contents(books)) == keys
    with holdall.open(books) as store:
        assert any(key.startswith("receivables/") for key in store.raw(".holdall/views/"))


def test_a_stale_view_says_how_old_it_is_and_shows_no_later_payment(books):
    before = good(*asked("outstanding", books, "--view"))
    pay(books, OPEN, "1.00")
    stale = call(*asked("outstanding", books, "--view", "--stale", "--tz", "Europe/Berlin"))
    assert (stale.code, stale.out) == (0, before)
    assert stale.err.startswith("holdall: as of 20")
    assert "(Europe/Berlin), " in stale.err
    assert stale.err.endswith(" seconds ago\n")
    assert good(*asked("outstanding", books, "--view")) != before


def test_an_index_elsewhere_keeps_the_view(books):
    good(*asked("outstanding", books, "--view", "--index", "sqlite:///views.db"))
    with holdall.open(books) as store, holdall.open("sqlite:///views.db") as index:
        assert not store.raw(".holdall/views/")
        assert index.raw(".holdall/views/")


def test_books_without_a_feed_have_their_views_in_the_cache_folder(books, folder):
    assert call("cp", books, "file:books").code == 0
    before = good(*asked("outstanding", "file:books", "--view"))
    assert before == good(*asked("outstanding", books))
    (index,) = (folder / ".CACHE" / "holdall" / "views").iterdir()
    assert index.parent.stat().st_mode & 0o777 == 0o700
    pay("file:books", OPEN, "1.00")
    after = good(*asked("outstanding", "file:books", "--view"))
    assert before != after == good(*asked("outstanding", "file:books"))
    shutil.rmtree(index.parent)
    assert good(*asked("outstanding", "file:books", "--view")) == after


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            ["--view", "--as-of", "2026-09-30"],
            "--as-of needs a report that reads all books; leave out --view",
        ),
        (["--view", "--skip-damaged"], "--skip-damaged needs a report that reads all books"),
        (["--stale"], "--stale needs --view"),
        (["--index", "sqlite:///views.db"], "--index needs --view"),
    ],
)
def test_options_that_a_view_cannot_follow_are_refused(books, options, reason):
    assert reason in refusal(*asked("outstanding", books, *options), code=2)


def test_no_books_are_told(folder):
    done = call(*asked("outstanding", "sqlite:///empty.db", "--view", "--json"))
    assert (done.code, done.out) == (0, "[]\n")
    assert done.err == "holdall: there are no invoices at sqlite:///empty.db\n"
