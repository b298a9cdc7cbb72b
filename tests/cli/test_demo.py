"""demo: the same tables on every store and on every run, on the bundled set and on the user's own files."""

import shlex
import shutil
import sys
import zipapp
from importlib.resources import files
from pathlib import Path
from subprocess import run

import pytest

from tests.cli.console import BUNDLED, call, contents, good, refusal


@pytest.fixture
def inbox(folder):
    """A folder of a few files of somebody's own, one of which is none."""
    inbox = folder / "in box"
    inbox.mkdir()
    for name in ("nl-2026-014.xml", "nl-2026-016.xml"):
        text = (BUNDLED / name).read_text("utf-8").replace("DE999000111", "DE5")
        (inbox / name).write_text(text, "utf-8")
    (inbox / "note.xml").write_text("<note/>")
    return inbox


def test_the_demo_prints_the_same_on_every_store_and_on_every_run(uri, books):
    first = call("demo", "--into", uri)
    assert first.code == 0
    assert first.err.startswith("imported 30, already there 0, refused 0\nCommands to try next:\n")
    before = contents(uri)
    again = call("demo", "--into", uri)
    assert (again.code, again.out) == (0, first.out)
    assert again.err.startswith("imported 0, already there 30, refused 0\n")
    assert contents(uri) == before == contents(books)
    assert first.out == call("demo", "--into", books).out


def test_the_demo_prints_every_report_of_its_own_day(books):
    printed = demo(books)
    assert [line for line in printed.splitlines() if " per " in line] == [
        "Billed per accounting code",
        "Paid per accounting code",
        "Outstanding per accounting code",
        "Aging per customer, in days past due on 2026-09-30",
        "Cash received per month",
    ]
    for name in ("billed", "paid", "outstanding", "received"):
        assert good("receivables", name, "--from", books) in printed
    aging = good("receivables", "aging", "--on", "2026-09-30", "--from", books)
    assert aging in printed
    assert "in days past due on 2026-12-31" in demo(books, "--as-of", "2026-12-31")


def demo(uri, *arguments):
    done = call("demo", "--into", uri, *arguments)
    assert done.code == 0
    return done.out


def test_the_demo_keeps_its_invoices_beside_you_unless_told_where(folder, monkeypatch):
    assert call("demo").code == 0
    assert [path.name for path in folder.iterdir()] == ["holdall-demo.db"]
    monkeypatch.setenv("HOLDALL_URI", "file:elsewhere")
    assert call("demo").code == 0
    assert (folder / "elsewhere").is_dir()


def test_the_demo_runs_from_a_zipapp(folder):
    source = folder / "source"
    shutil.copytree(files("holdall"), source / "holdall", ignore=shutil.ignore_patterns("__pycache__"))
    zipapp.create_archive(source, folder / "holdall.pyz", main="holdall.cli:main")
    done = run([sys.executable, "holdall.pyz", "demo"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("imported 30, already there 0, refused 0\n")


def test_what_to_type_next_can_be_typed(monkeypatch):
    """By the shell as it stands, also where holdall is not on its path and the address has spaces."""
    monkeypatch.setenv("PATH", "/nowhere")
    _, heading, *lines, browser, serve = call("demo", "--into", "file:my books").err.splitlines()
    assert heading == "Commands to try next:"
    assert len(lines) == 3
    assert browser == "To look at the books in a browser:"
    assert shlex.split(serve)[1:] == ["serve", "books=file:my%20books?type=holdall.domain.model:Invoice"]
    for line in lines:
        ran = run(["/bin/sh", "-c", line], capture_output=True, text=True)
        assert (ran.returncode, ran.stderr) == (0, ""), line
        assert ran.stdout


def test_what_to_type_next_says_whose_invoice_where_two_have_the_number(inbox):
    for seller, number in (("DE6", "NL-2026-014"), ("0", "-7")):
        text = (inbox / "nl-2026-014.xml").read_text("utf-8").replace("DE5", seller)
        (inbox / f"{seller}.xml").write_text(text.replace("NL-2026-014", number), "utf-8")
        done = call("demo", "--invoices", inbox, "--into", "file:own")
        (line,) = (line for line in done.err.splitlines() if " invoices show " in line)
        assert "(" + seller.replace("6", "5") + ")" in good(*shlex.split(line)[1:])


def test_what_to_type_next_is_short_where_the_shell_finds_it(monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    lines = call("demo", "--into", "memory://short").err.splitlines()
    assert "  holdall invoices list --from memory://short" in lines


def test_made_up_invoices_are_not_mixed_with_others(uri, inbox):
    assert call("demo", "--invoices", inbox, "--into", uri).code == 0
    before = contents(uri)
    line = refusal("demo", "--into", uri)
    assert "the store holds invoices of seller 'DE5'" in line
    assert "name another store with --into" in line
    assert contents(uri) == before


def test_your_own_files_are_shown_with_what_is_wrong_with_some(uri, inbox):
    done = call("demo", "--invoices", inbox, "--into", uri, "--as-of", "2026-12-31")
    assert done.code == 0
    refused, summary, *_ = done.err.splitlines()
    assert refused.startswith(f"refused: {inbox}/note.xml: ")
    assert summary == "imported 2, already there 0, refused 1"
    assert "in days past due on 2026-12-31" in done.out
    again = call("demo", "--invoices", inbox, "--into", uri, "--as-of", "2026-12-31")
    assert (again.code, again.out) == (0, done.out)


def test_where_none_of_your_files_is_an_invoice_there_are_no_empty_reports(uri, inbox):
    for good_one in inbox.glob("nl-*.xml"):
        good_one.unlink()
    done = call("demo", "--invoices", inbox, "--into", uri)
    assert (done.code, done.out) == (1, "")
    refused, summary, reason = done.err.splitlines()
    assert (refused[:9], summary) == ("refused: ", "imported 0, already there 0, refused 1")
    assert reason.startswith("holdall: none of the files is an invoice")


def test_your_own_files_are_kept_apart_from_the_demo(folder, inbox):
    assert call("demo", "--invoices", inbox).code == 0
    assert (folder / "holdall-invoices.db").is_file()
    assert not (folder / "holdall-demo.db").exists()


def test_the_published_examples_are_shown(shared_invoices):
    done = call("demo", "--invoices", shared_invoices / "ubl", "--into", "memory://published")
    assert done.code == 0
    assert "refused 3\n" in done.err


def test_a_folder_that_is_not_there_is_wrong_usage(folder):
    assert "'nope' does not exist" in refusal("demo", "--invoices", "nope", code=2)
    (folder / "empty").mkdir()
    assert "no .xml file" in refusal("demo", "--invoices", "empty")
